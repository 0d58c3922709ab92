// The cache key of a cache rule in the keys of a cache policy. Called by `convert-cache.ts`.

import { isObject, objectOf, textsOf, type JsonObject } from "./json.ts";

/** @param changes - What is different or left out is added. */
export function keyOf(source: JsonObject, changes: string[]): Readonly<Record<string, unknown>> {
  const key: Record<string, unknown> = {};
  const custom = objectOf(source["custom_key"]);
  const query = queryOf(objectOf(custom["query_string"]));
  if (query !== null) key["query"] = query;
  if (source["ignore_query_strings_order"] === true) key["sort"] = true;
  takeHeaders(key, changes, objectOf(custom["header"]));
  takeCookies(key, changes, objectOf(custom["cookie"]));
  const user = objectOf(custom["user"]);
  if (source["cache_by_device_type"] === true || user["device_type"] === true) key["device"] = true;
  if (user["geo"] === true) key["country"] = true;
  if (user["lang"] === true) changes.push("the visitor's language is left out of the key: name the site's languages in `key.language`");
  if (objectOf(custom["host"])["resolved"] === true)
    changes.push("host.resolved is left out: the visitor's host is always part of the key");
  if (source["cache_deception_armor"] === true) changes.push("cache_deception_armor is left out: it is always on here");
  return key;
}

/** `all`, `none`, or the parameters that count or do not; null where the rule says nothing. */
function queryOf(query: JsonObject): unknown {
  const { include, exclude } = query;
  if (isAll(include)) return "all";
  if (isAll(exclude)) return "none";
  const included = namesOf(include);
  const excluded = namesOf(exclude);
  if (included.length > 0) return { only: included };
  return excluded.length > 0 ? { ignore: excluded } : null;
}

/** `"*"`, `["*"]`, or `{ all: true }`: the API has had all three. */
function isAll(part: unknown): boolean {
  return part === "*" || (Array.isArray(part) && part.includes("*")) || (isObject(part) && part["all"] === true);
}

function namesOf(part: unknown): readonly string[] {
  return textsOf(isObject(part) ? part["list"] : part);
}

function takeHeaders(key: Record<string, unknown>, changes: string[], header: JsonObject): void {
  const names = textsOf(header["include"]);
  if (names.length > 0) key["header"] = names;
  for (const part of ["check_presence", "contains"]) {
    if (header[part] !== undefined)
      changes.push(`header.${part} is left out: a key holds whole values here; name the header under \`key.header\``);
  }
}

function takeCookies(key: Record<string, unknown>, changes: string[], cookie: JsonObject): void {
  const names = textsOf(cookie["include"]);
  if (names.length > 0) key["cookie"] = names;
  if (cookie["check_presence"] !== undefined)
    changes.push("cookie.check_presence is left out: a key holds whole values here; name the cookie under `key.cookie`");
}
