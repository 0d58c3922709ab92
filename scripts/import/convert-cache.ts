// Cache rules, as far as a cache policy of the config can say the same: eligibility, lifetimes and the key. What has no counterpart
// is told. The keys of a policy are those of `set.cache`.

import type { CloudflareRule } from "./cloudflare.ts";
import { keyOf } from "./cache-key.ts";
import { carried, left, type Converted } from "./converted.ts";
import { isObject, listOf, numberOf, objectOf, textOf, type JsonObject } from "./json.ts";

type Policy = Record<string, unknown>;

/** Nothing stays longer in the cache, so longer lifetimes mean the same. */
const LIFETIME_SECONDS_MAX = 30 * 86_400;

/** Ranges of more statuses than this are not written out one by one. */
const STATUSES_MAX = 20;

export function convertCache({ parameters }: CloudflareRule): Converted {
  const changes = Object.keys(parameters).flatMap((name) => ELSEWHERE[name] ?? []);
  if (parameters["cache"] === false) return carried("request", { set: { cache: "bypass" } }, changes);
  const policy: Policy = {};
  takeEdge(policy, changes, objectOf(parameters["edge_ttl"]));
  takeBrowser(policy, changes, objectOf(parameters["browser_ttl"]));
  const key = keyOf(objectOf(parameters["cache_key"]), changes);
  if (Object.keys(key).length > 0) policy["key"] = key;
  if (parameters["cache"] !== true && Object.keys(policy).length === 0)
    return left(`none of its settings is part of a cache policy here${changes.map((each) => `; ${each}`).join("")}`, "leave it out");
  changes.push("it replaces the whole cache policy of the route, not single settings of it");
  const [only] = Object.entries(policy);
  const isShort = only === undefined || (only[0] === "edge" && Object.keys(policy).length === 1);
  return carried("request", { set: { cache: isShort ? (only?.[1] ?? "respect") : policy } }, changes);
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  respect_strong_etags: "respect_strong_etags is left out: ETags pass unchanged here",
  origin_cache_control: "origin_cache_control is left out: an origin's Cache-Control is always read here",
  origin_error_page_passthru: "origin_error_page_passthru is left out: `errors` of a site says which pages visitors get",
  additional_cacheable_ports: "additional_cacheable_ports is left out: the port makes no difference here",
  read_timeout: "read_timeout is left out: write `set: { timeout: ... }` in a rule of its own",
  cache_reserve: "cache_reserve is left out: it is Cloudflare's",
  serve_stale: "serve_stale is left out: write `stale` in the cache policy",
  strip_etags: "strip_etags is left out: write a rule of the phase response that removes the header",
  strip_last_modified: "strip_last_modified is left out: write a rule of the phase response that removes the header",
  strip_set_cookie: "strip_set_cookie is left out: write `setCookie: strip` in the cache policy",
};

function takeEdge(policy: Policy, changes: string[], edge: JsonObject): void {
  const mode = textOf(edge["mode"]);
  if (mode === "override_origin") {
    policy["edge"] = lifetimeOf(numberOf(edge["default"]) ?? 0, changes);
    changes.push("`edge` does not override an origin's private and no-store, as Cloudflare's override_origin does");
  } else if (mode === "bypass_by_default") {
    policy["edge"] = "respect";
    policy["default"] = "0s";
  }
  const statuses: Record<string, string> = {};
  for (const entry of listOf(edge["status_code_ttl"]).filter(isObject)) takeStatus(statuses, changes, entry);
  if (Object.keys(statuses).length === 0) return;
  policy["statuses"] = statuses;
  changes.push("`statuses` holds where the origin gives no lifetime; Cloudflare's status_code_ttl overrides the origin's");
}

function takeStatus(statuses: Record<string, string>, changes: string[], entry: JsonObject): void {
  const value = numberOf(entry["value"]) ?? 0;
  const range = objectOf(entry["status_code_range"]);
  const exact = numberOf(entry["status_code"]);
  const from = exact ?? numberOf(range["from"]) ?? 100;
  const to = exact ?? numberOf(range["to"]) ?? 599;
  const lifetime = lifetimeOf(value, changes);
  for (const status of statusKeys(from, to, changes)) statuses[status] = lifetime;
}

/** `404`, `5xx`, or the numbers of a short range. */
function statusKeys(from: number, to: number, changes: string[]): readonly string[] {
  if (from % 100 === 0 && (to + 1) % 100 === 0)
    return Array.from({ length: (to + 1 - from) / 100 }, (_, at) => `${Math.floor(from / 100) + at}xx`);
  if (to - from < STATUSES_MAX) return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => String(from + at));
  changes.push(`the lifetime of the statuses ${from} to ${to} is left out: write classes such as 5xx, or single statuses`);
  return [];
}

function takeBrowser(policy: Policy, changes: string[], browser: JsonObject): void {
  const mode = textOf(browser["mode"]);
  if (mode === "override_origin") policy["browser"] = lifetimeOf(numberOf(browser["default"]) ?? 0, changes);
  else if (mode === "bypass") {
    policy["browser"] = "0s";
    changes.push("`browser: 0s` makes browsers ask again; Cloudflare's bypass forbids them to store");
  }
}

/** Seconds as the largest whole unit; below zero is Cloudflare's no-store. */
function lifetimeOf(seconds: number, changes: string[]): string {
  if (seconds > LIFETIME_SECONDS_MAX) changes.push(`the lifetime of ${seconds} s is 30d here: nothing stays longer in the cache`);
  const whole = Math.max(0, Math.min(Math.floor(seconds), LIFETIME_SECONDS_MAX));
  return durationText(whole);
}

/** `90s`, `5m`, `2h`, `30d`. */
export function durationText(seconds: number): string {
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
  ] as const) {
    if (seconds > 0 && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}
