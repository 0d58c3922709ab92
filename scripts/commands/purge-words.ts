// How the command line names purges. Pure; used by purge and its dry run.

import type { PurgeRequest } from "../../src/ports.ts";

/** More are counted and not named: a deployment may purge thousands of URLs. */
const NAMED_MAX = 5;

export function describe(request: PurgeRequest): string {
  switch (request.kind) {
    case "everything":
      return "everything";
    case "host":
      return `everything of ${request.value}`;
    case "prefix":
      return `everything below ${request.value}`;
    case "tag":
      return `everything with the tag ${request.value}`;
    case "url":
      return request.value;
    default:
      return request.kind satisfies never;
  }
}

/** `a, b and c`; of many, the first ones and how many more. */
export function describeAll(requests: readonly PurgeRequest[]): string {
  const names = requests.slice(0, NAMED_MAX).map(describe);
  const more = requests.length - names.length;
  const last = more > 0 ? `${more} more` : names.pop();
  return names.length === 0 ? `${last}` : `${names.join(", ")} and ${last}`;
}

export function verb(soft: boolean): string {
  return soft ? "make stale" : "purge";
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
