// CDN-Loop (RFC 8586): names the CDNs that a request has passed, so that two that point at each other stop. A request that comes
// through more often than the limit is answered with 508. Nothing in the field can make this throw or hide our name.

import { isToken } from "./header-syntax.ts";
import { splitList } from "./list.ts";

const CDN_ID = "breakwater";

/**
 * How often this CDN stands in the field.
 *
 * @param deployment - Counts only the passes of the deployment with this id, for chains of two that are meant; null counts all.
 */
export function passesThrough(value: string | null, deployment: string | null = null): number {
  return splitList(value ?? "").filter((member) => {
    const [name = "", ...parameters] = splitList(member, ";");
    if (name.toLowerCase() !== CDN_ID) return false;
    return (
      deployment === null ||
      parameters.some((parameter) => parameter.replaceAll('"', "").toLowerCase() === `id=${deployment.toLowerCase()}`)
    );
  }).length;
}

/** Adds our member. @param deployment - A token; anything else is left out. */
export function appendCdnLoop(headers: Headers, deployment: string | null = null): void {
  headers.append("cdn-loop", deployment !== null && isToken(deployment) ? `${CDN_ID}; id=${deployment}` : CDN_ID);
}
