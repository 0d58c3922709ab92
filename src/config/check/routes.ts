// Routes, one at a time: the path, the action and what belongs to it, header rules and placeholders.

import { canonicalText, paramNames, parsePathPattern } from "../path-pattern.ts";
import type { NormalRoute, NormalSite } from "../normalize.ts";
import type { PathSnapshot } from "../snapshot.ts";
import type { Path } from "../source.ts";
import { checkCache } from "./cache.ts";
import { report, reportInside, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkTimeouts } from "./durations.ts";
import { checkFailure } from "./failure.ts";
import { checkHeaderRules } from "./headers.ts";
import { checkHostPreserve } from "./host-preserve.ts";
import { checkReference } from "./references.ts";
import { checkRespond } from "./respond.ts";
import { checkSizes } from "./sizes.ts";
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
  checkPool(context, route, path);
  if (pattern.ok) checkStrip(context, route, pattern.value, path);
  if (route.host === "preserve") checkHostPreserve(context, site, route, path);
  checkCache(context, route, path);
  checkSizes(context, route, path);
  checkRespond(context, route.respond, [...path, "respond"]);
  checkFailure(context, route, path);
  checkTimeouts(context, route, path);
  if (!pattern.ok) return;
  const params = paramNames(pattern.value);
  checkHeaderRules(context, route.headers, params, [...path, "headers"]);
  checkTemplate(context, [...path, "redirect", "to"], { text: route.redirect?.to, params });
  checkTemplate(context, [...path, "failure", "redirect", "to"], { text: route.failure?.redirect?.to, params });
  checkTemplate(context, [...path, "rewrite"], { text: route.rewrite, params });
  for (const [name, text] of Object.entries(route.query?.set ?? {}))
    checkTemplate(context, [...path, "query", "set", name], { text, params });
  checkUnkeyed(context, route, params, path);
}

const ACTIONS = ["pool", "redirect", "respond"] as const;

/** Keys that mean something only for requests that go to a pool. */
const PROXY_KEYS = ["host", "strip", "prefix", "rewrite", "query", "cache", "timeout", "retry", "failure"] as const;

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

function checkPool(context: CheckContext, { pool }: NormalRoute, path: Path): void {
  if (pool === undefined) return;
  const shares = Object.entries(pool.split);
  const known = Object.keys(context.config.pools);
  for (const [name] of shares) checkReference(context, [...path, "pool"], { what: "pool", name, known });
  const sum = shares.reduce((total, [, percent]) => total + percent, 0);
  // Percentages such as 33.3 add up to what they can.
  if (Math.abs(sum - 100) <= SPLIT_ROUNDING) return;
  report(context, [...path, "pool", "split"], {
    code: "split-sum",
    message: `The shares add up to ${Number(sum.toFixed(3))} percent.`,
    expected: "100",
    found: shares.map(([name, percent]) => `${name}: ${percent}`).join(", "),
    fix: "Make the percentages add up to 100.",
  });
}

const SPLIT_ROUNDING = 0.1;

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
