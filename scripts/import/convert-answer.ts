// Rules about the answer: custom errors, and the fields that Cloudflare adds to its logs.

import { RULE_LOG_FIELDS_MAX } from "../../src/limits.ts";
import { quoted } from "./answers.ts";
import type { CloudflareRule } from "./cloudflare.ts";
import { carried, left, type Converted } from "./converted.ts";
import { listOf, numberOf, objectOf, textOf } from "./json.ts";

export function convertServeError({ parameters }: CloudflareRule): Converted {
  const body = textOf(parameters["content"]);
  const status = numberOf(parameters["status_code"]);
  if (body === null)
    return left(
      "its page is an asset that Cloudflare keeps",
      "put the page into a file beside the config and name it under `errors` of the site",
    );
  if (status === null)
    return left("it keeps the status of the answer, and a block sets one", "name the page under `errors` of the site, by status");
  const type = textOf(parameters["content_type"]);
  const block = { status, body, ...(type === null || type === "text/plain" ? {} : { contentType: type }) };
  return carried("response", { block }, ["the page replaces the answer whoever made it, but for answers of the firewall itself"]);
}

/** The lists of a rule and how a member of each is read. */
const FIELDS: readonly (readonly [list: string, prefix: string, field: string])[] = [
  ["request_fields", "request", "http.request.headers"],
  ["transformed_request_fields", "request", "http.request.headers"],
  ["response_fields", "response", "http.response.headers"],
  ["raw_response_fields", "response", "http.response.headers"],
  ["cookie_fields", "cookie", "http.request.cookies"],
];

export function convertLogFields({ parameters }: CloudflareRule): Converted {
  const all = FIELDS.flatMap(([list, prefix, field]) =>
    listOf(parameters[list]).flatMap((item) => {
      const name = textOf(objectOf(item)["name"]);
      if (name === null) return [];
      const key = field === "http.request.cookies" ? name : name.toLowerCase();
      return [[`${prefix}_${name.replaceAll(/[^A-Za-z0-9]/g, "_")}`.slice(0, 40), `${field}[${quoted(key)}][0]`] as const];
    }),
  );
  if (all.length === 0) return left("it names no fields", "leave it out");
  const fields = Object.fromEntries(all.slice(0, RULE_LOG_FIELDS_MAX));
  return carried("log", { log: { fields } }, [
    "the values are in Breakwater's own log line, under `logged`",
    ...(all.length > RULE_LOG_FIELDS_MAX ? [`a rule logs ${RULE_LOG_FIELDS_MAX} fields at most: make a second one for the rest`] : []),
    ...(parameters["transformed_request_fields"] === undefined
      ? []
      : ["headers are logged as the visitor sent them, not as they were rewritten"]),
    ...(parameters["raw_response_fields"] === undefined ? [] : ["headers of the answer are logged as they are in the phase log"]),
  ]);
}
