// The cache policy of a route: lifetimes and waits that are too long, options that exclude each other, and headers that must
// reach an origin whatever the route would like to ignore.

import { CACHE_COLLAPSE_MS_MAX, CACHE_LIFETIME_SECONDS_MAX } from "../../limits.ts";
import { DEVICE_CLASS_FIELD } from "../../cache/device.ts";
import { FRAMING_HEADERS } from "../../transform/header-rules.ts";
import type { NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseDurationMs, parseDurationSeconds } from "../units.ts";
import { report, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { FORWARDING } from "./headers.ts";

type Cache = NonNullable<NormalRoute["cache"]>;

/** What has a cache policy: a route, or a rule that replaces a route's. */
type Cached = Pick<NormalRoute, "cache"> & Partial<Pick<NormalRoute, "headers" | "pool">>;

/** @param path - Of the route or rule. */
export function checkCache(context: CheckContext, route: Cached, path: Path): void {
  const { cache } = route;
  if (cache === undefined) return;
  const at = [...path, "cache"];
  checkLifetimes(context, cache, at);
  checkCollapse(context, cache, at);
  checkOptions(context, cache, at);
  for (const [index, name] of cache.vary.ignore.entries())
    checkIgnored(context, cache, name.toLowerCase(), [...at, "vary", "ignore", index]);
  checkLists(context, cache, at);
  checkOverruled(context, route, cache, path);
}

function checkOptions(context: CheckContext, cache: Cache, at: Path): void {
  if (typeof cache.key.query === "object" && (cache.key.query.ignore === undefined) === (cache.key.query.only === undefined)) {
    const message = "`query` takes either `ignore` or `only`.";
    report(context, [...at, "key", "query"], { code: "conflicting-options", message, fix: "Keep one of them." });
  }
  if (cache.edge !== "respect" && cache.default !== undefined) {
    const message = `\`default\` is for \`edge: respect\`; with \`edge: ${cache.edge}\` it has no effect.`;
    reportKey(context, [...at, "default"], { code: "conflicting-options", message, fix: "Remove one of them." });
  }
  if (cache.key.language.length > 0 && cache.vary.language.length > 0) {
    const message = "The language is part of the key already, so `vary.language` has no effect.";
    reportKey(context, [...at, "vary", "language"], {
      code: "conflicting-options",
      message,
      fix: "Keep `key.language` or `vary.language`.",
    });
  }
}

function checkLifetimes(context: CheckContext, cache: Cache, at: Path): void {
  const lifetimes: readonly (readonly [Path, string | undefined])[] = [
    [["edge"], cache.edge],
    [["default"], cache.default],
    [["stale", "revalidate"], cache.stale.revalidate],
    [["stale", "error"], cache.stale.error],
    ...Object.entries(cache.statuses).map(([status, ttl]) => [["statuses", status], ttl] as const),
  ];
  for (const [where, ttl] of lifetimes) {
    if ((parseDurationSeconds(ttl ?? "") ?? 0) <= CACHE_LIFETIME_SECONDS_MAX) continue;
    const message = "Nothing stays in the cache for longer than 30 days.";
    report(context, [...at, ...where], {
      code: "out-of-range",
      message,
      expected: "at most 30d",
      found: ttl ?? "",
      fix: "Write 30d or less.",
    });
  }
}

function checkCollapse(context: CheckContext, { collapse }: Cache, at: Path): void {
  if ((parseDurationMs(collapse) ?? 0) <= CACHE_COLLAPSE_MS_MAX) return;
  const most = `${CACHE_COLLAPSE_MS_MAX / 1000}s`;
  report(context, [...at, "collapse"], {
    code: "out-of-range",
    message: "No visitor waits so long for another one's answer.",
    expected: `at most ${most}`,
    found: collapse,
    fix: `Write ${most} or less; \`0s\` does not wait at all.`,
  });
}

/** What to write in place of a header that must reach the origin. */
const NOT_IGNORED: Readonly<Record<string, string>> = {
  cookie: "Use `requestCookies: ignore`, which keeps the cookies of the key.",
  authorization: "Remove it: answers to it are stored only where the origin says that they are for all (RFC 9111 3.5).",
  "accept-encoding": "Remove it: few values of it remain as it is, and without it nothing is compressed.",
  host: "Remove it: the host is part of the key.",
};

/** Ranges and conditions of the visitor, which are answered from the store. */
const ABOUT_STORED = /^(?:range|if-.+)$/;

function checkIgnored(context: CheckContext, cache: Cache, name: string, at: Path): void {
  if (cache.key.header.some((keyed) => keyed.toLowerCase() === name)) {
    const message = `The header ${name} is part of the key, and a key must hold what the origin sees.`;
    report(context, at, { code: "conflicting-options", message, found: name, fix: "Remove it here, or from `key.header`." });
    return;
  }
  const rival = rivalOf(cache, name);
  if (rival !== null) {
    const message = `\`${rival}\` makes the header ${name} anew, so it cannot be ignored.`;
    report(context, at, { code: "conflicting-options", message, found: name, fix: `Remove it here, or remove \`${rival}\`.` });
    return;
  }
  const isOurs = FRAMING_HEADERS.has(name) || FORWARDING.has(name) || ABOUT_STORED.test(name);
  const fix = Object.hasOwn(NOT_IGNORED, name)
    ? NOT_IGNORED[name]
    : isOurs
      ? "Remove it: Breakwater makes or answers it itself."
      : undefined;
  if (fix === undefined) return;
  report(context, at, { code: "protected-header", message: `The header ${name} must reach the origin.`, found: name, fix });
}

/** The option that decides about this header of requests that may be cached. */
function rivalOf({ key, vary }: Cache, name: string): string | null {
  if (name === "accept" && vary.accept.length > 0) return "vary.accept";
  if (name === "accept-language" && key.language.length > 0) return "key.language";
  if (name === "accept-language" && vary.language.length > 0) return "vary.language";
  return name === DEVICE_CLASS_FIELD && key.device ? "key.device" : null;
}

/** A second one of the same name would never be chosen. */
function checkLists(context: CheckContext, { key, vary }: Cache, at: Path): void {
  const lists = [
    [["key", "language"], key.language],
    [["vary", "language"], vary.language],
    [["vary", "accept"], vary.accept],
  ] as const;
  for (const [where, texts] of lists) {
    const lower = texts.map((text) => text.toLowerCase());
    for (const [index, text] of lower.entries()) {
      if (lower.indexOf(text) === index) continue;
      const message = `${texts[index] ?? ""} is there twice.`;
      report(context, [...at, ...where, index], { code: "duplicate-entry", message, found: texts[index] ?? "", fix: "Keep one of them." });
    }
  }
}

/** Header rules of the route that the cache policy undoes, for requests that may be cached. */
function checkOverruled(context: CheckContext, { headers, pool }: Cached, cache: Cache, path: Path): void {
  if (pool === undefined || headers === undefined || cache.edge === "bypass") return;
  const ignored = new Set(cache.vary.ignore.map((name) => name.toLowerCase()));
  for (const verb of ["set", "add"] as const) {
    for (const name of Object.keys(headers.request[verb])) {
      const option = ignored.has(name.toLowerCase()) ? "vary.ignore" : rivalOf(cache, name.toLowerCase());
      if (option === null) continue;
      const message = `\`cache.${option}\` decides about the header ${name}, so this rule has no effect on requests that may be cached.`;
      const fix = `Remove the rule, or remove ${name} from \`cache.${option}\`.`;
      reportKey(context, [...path, "headers", "request", verb, name], {
        code: "conflicting-options",
        message,
        fix: option === "vary.ignore" ? fix : `Remove the rule, or \`cache.${option}\`.`,
      });
    }
  }
}
