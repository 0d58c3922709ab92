// Routes, one at a time: the path, the action and what belongs to it, header rules and placeholders.

import { canonicalText, paramNames, parsePathPattern } from "../path-pattern.ts";
import type { NormalRoute, NormalSite } from "../normalize.ts";
import type { PathSnapshot } from "../snapshot.ts";
import type { Path } from "../source.ts";
import { BODY_BYTES_MAX, CACHE_OBJECT_BYTES_MAX, REPLAY_BYTES_MAX } from "../../limits.ts";
import { parseSizeBytes } from "../units.ts";
import { checkCache } from "./cache.ts";
import { report, reportInside, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkTimeouts } from "./durations.ts";
import { checkHeaderRules } from "./headers.ts";
import { checkHostPreserve } from "./host-preserve.ts";
import { checkReference } from "./references.ts";
import { checkTemplate } from "./templates.ts";
import { checkUnkeyed } from "./unkeyed.ts";

export function checkRoutes(context: CheckContext): void {
  for (const [index, site] of context.config.sites.entries()) {
    checkHeaderRules(context, site.headers, [], ["sites", index, "headers"]);
    for (const [at, route] of site.routes.entries()) checkRoute(context, site, route, ["sites", index, "routes", at]);
  }
}

function checkRoute(context: CheckContext, site: NormalSite, route: NormalRoute, path: Path): void {
  const pattern = parsePathPattern(route.path);
  if (!pattern.ok) {
    const { index, message, fix } = pattern.error;
    reportInside(context, [...path, "path"], index, { code: "invalid-path", message, found: route.path, fix });
  }
  checkAction(context, route, path);
  checkConditions(context, route, path);
  checkReference(context, [...path, "pool"], { what: "pool", name: route.pool, known: Object.keys(context.config.pools) });
  if (pattern.ok) checkStrip(context, route, pattern.value, path);
  if (route.host === "preserve") checkHostPreserve(context, site, route, path);
  checkCache(context, route, path);
  checkSizes(context, route, path);
  checkRespond(context, route, path);
  checkTimeouts(context, route, path);
  if (!pattern.ok) return;
  const params = paramNames(pattern.value);
  checkHeaderRules(context, route.headers, params, [...path, "headers"]);
  checkTemplate(context, [...path, "redirect", "to"], { text: route.redirect?.to, params });
  checkTemplate(context, [...path, "rewrite"], { text: route.rewrite, params });
  for (const [name, text] of Object.entries(route.query?.set ?? {}))
    checkTemplate(context, [...path, "query", "set", name], { text, params });
  checkUnkeyed(context, route, params, path);
}

const ACTIONS = ["pool", "redirect", "respond"] as const;

/** Keys that mean something only for requests that go to a pool. */
const PROXY_KEYS = ["host", "strip", "prefix", "rewrite", "query", "cache", "timeout", "retry"] as const;

function checkAction(context: CheckContext, route: NormalRoute, path: Path): void {
  const given = ACTIONS.filter((action) => route[action] !== undefined);
  if (given.length === 0) {
    const message = `The route ${route.path} does nothing.`;
    report(context, path, {
      code: "no-action",
      message,
      expected: "one of `pool`, `redirect`, `respond`",
      fix: "Add `pool: NAME` to send requests to a pool.",
    });
  }
  for (const extra of given.slice(1)) {
    const message = `The route ${route.path} has both \`${given[0]}\` and \`${extra}\`.`;
    reportKey(context, [...path, extra], {
      code: "conflicting-actions",
      message,
      expected: "one action",
      fix: `Keep one of the two, or make a route for each.`,
    });
  }
  for (const key of route.pool === undefined && given.length > 0 ? PROXY_KEYS.filter((name) => route[name] !== undefined) : []) {
    const message = `\`${key}\` has no effect on a route that answers with \`${given[0]}\`.`;
    reportKey(context, [...path, key], { code: "conflicting-actions", message, fix: `Remove \`${key}\`, or \`${given[0]}\`.` });
  }
}

function checkConditions(context: CheckContext, route: NormalRoute, path: Path): void {
  const names = new Map<string, string>();
  for (const name of Object.keys(route.when.header)) {
    const first = names.get(name.toLowerCase());
    if (first !== undefined) {
      const message = `Header names do not differ by case: "${first}" and "${name}" are one header.`;
      reportKey(context, [...path, "when", "header", name], { code: "duplicate-key", message, fix: "Keep one of them." });
    }
    names.set(name.toLowerCase(), name);
  }
}

/** A prefix that the route's paths never begin with would silently do nothing. */
function checkStrip(context: CheckContext, route: NormalRoute, pattern: PathSnapshot, path: Path): void {
  if (route.strip !== undefined) {
    const segments = route.strip.slice(1).split("/");
    const fits = segments.every((text, index) => {
      const segment = pattern.segments[index];
      return segment?.kind === "literal"
        ? segment.text === canonicalText(text)
        : segment?.kind === "param" || segment?.kind === "glob" || (segment === undefined && pattern.rest);
    });
    const message = `No path of ${route.path} begins with ${route.strip}.`;
    if (!fits)
      report(context, [...path, "strip"], {
        code: "strip-mismatch",
        message,
        found: route.strip,
        fix: "Strip what the route's path begins with.",
      });
  }
  for (const key of ["strip", "prefix"] as const) {
    if (route.rewrite === undefined || route[key] === undefined) continue;
    const message = `\`rewrite\` replaces the whole path, so \`${key}\` has no effect.`;
    reportKey(context, [...path, key], { code: "conflicting-actions", message, fix: `Keep \`rewrite\` or \`${key}\`.` });
  }
}

function checkSizes(context: CheckContext, route: NormalRoute, path: Path): void {
  const sizes = [
    [["maxBody"], route.maxBody, BODY_BYTES_MAX],
    [["cache", "maxObject"], route.cache?.maxObject, CACHE_OBJECT_BYTES_MAX],
    [["retry", "replay"], route.retry?.replay, REPLAY_BYTES_MAX],
  ] as const;
  for (const [where, text, bytesMax] of sizes) {
    if ((parseSizeBytes(text ?? "") ?? 0) <= bytesMax) continue;
    const expected = `at most ${bytesMax / 1024 ** 2}MiB`;
    report(context, [...path, ...where], {
      code: "out-of-range",
      message: `\`${where.at(-1)}\` is larger than possible.`,
      expected,
      found: text ?? "",
      fix: `Write ${bytesMax / 1024 ** 2}MiB or less.`,
    });
  }
}

/** RFC 9110 15.3.5, 15.3.6 and 15.4.5: these statuses have no content. */
const NO_CONTENT: readonly number[] = [204, 205, 304];

function checkRespond(context: CheckContext, route: NormalRoute, path: Path): void {
  const { respond } = route;
  if (respond === undefined) return;
  const hasBody = respond.file !== undefined || (respond.body ?? "") !== "";
  if (hasBody && NO_CONTENT.includes(respond.status)) {
    const message = `An answer with status ${respond.status} has no body.`;
    report(context, [...path, "respond"], { code: "conflicting-options", message, fix: "Remove the body, or use status 200." });
  }
  if (respond.body !== undefined && respond.file !== undefined) {
    const message = "`respond` has both `body` and `file`.";
    reportKey(context, [...path, "respond", "file"], { code: "conflicting-options", message, fix: "Keep one of them." });
  }
}
