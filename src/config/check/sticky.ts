// Sticky cookies: times that make no sense, pools of one site that would take the cookie from each other, and places that look at
// a cookie which they never see, because it is Breakwater's own and is taken out of every request.

import { STICKY_TTL_SECONDS_MAX, STICKY_TTL_SECONDS_MIN } from "../../limits.ts";
import type { NormalPool, NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseDurationSeconds } from "../units.ts";
import { report, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkSecretName } from "./secrets.ts";

export function checkSticky(context: CheckContext): void {
  const { pools, sites } = context.config;
  for (const [name, pool] of Object.entries(pools)) {
    checkTtl(context, pool, ["pools", name, "sticky", "ttl"]);
    if (pool.sticky !== false) checkSecretName(context, pool.sticky.secret, ["pools", name, "sticky", "secret"]);
  }
  for (const { name, routes } of sites) checkSameCookie(context, name, poolsOf(context, routes));
  checkOwnCookies(context, new Set(Object.values(pools).flatMap(({ sticky }) => (sticky === false ? [] : [sticky.cookie]))));
}

function checkTtl(context: CheckContext, { sticky }: NormalPool, path: Path): void {
  const ttl = sticky === false ? undefined : sticky.ttl;
  const seconds = ttl === undefined ? null : parseDurationSeconds(ttl);
  if (ttl === undefined || seconds === null || (seconds >= STICKY_TTL_SECONDS_MIN && seconds <= STICKY_TTL_SECONDS_MAX)) return;
  const expected = `${STICKY_TTL_SECONDS_MIN}s to ${STICKY_TTL_SECONDS_MAX / 86_400}d`;
  const message =
    seconds < STICKY_TTL_SECONDS_MIN ? "Nobody stays for so short a time." : "A drained origin would not be free for so long.";
  report(context, path, { code: "out-of-range", message, expected, found: ttl, fix: `Write a duration from ${expected}.` });
}

/** Pools that a visitor of these routes may come to, by name. */
function poolsOf(context: CheckContext, routes: readonly NormalRoute[]): ReadonlySet<string> {
  const found = new Set(routes.flatMap(({ pool }) => Object.keys(pool?.split ?? {})));
  for (const name of found) for (const fallback of context.config.pools[name]?.fallback ?? []) found.add(fallback);
  return found;
}

/** One cookie holds one origin: pools in turn would overwrite it, and nobody would stay anywhere. */
function checkSameCookie(context: CheckContext, site: string, names: ReadonlySet<string>): void {
  const owners = new Map<string, string>();
  for (const name of Object.keys(context.config.pools).filter((each) => names.has(each))) {
    const { sticky } = context.config.pools[name] ?? { sticky: false };
    if (sticky === false) continue;
    const owner = owners.get(sticky.cookie);
    owners.set(sticky.cookie, owner ?? name);
    if (owner === undefined) continue;
    const path = ["pools", name, "sticky"];
    if (context.diagnostics.some((other) => other.code === "sticky-cookie-taken" && other.path.join("\n") === path.join("\n"))) continue;
    report(context, path, {
      code: "sticky-cookie-taken",
      message: `The pools "${owner}" and "${name}" of the site "${site}" keep visitors by one cookie, "${sticky.cookie}": each would overwrite the other's.`,
      fix: `Give this one a name of its own: { cookie: ${sticky.cookie}-${name} }.`,
    });
  }
}

function checkOwnCookies(context: CheckContext, own: ReadonlySet<string>): void {
  if (own.size === 0) return;
  for (const { name, path, isKey } of lookedAt(context)) {
    if (!own.has(name)) continue;
    const finding = {
      code: "own-cookie",
      message: `The cookie "${name}" keeps visitors with an origin; it is taken out of every request, so this never sees it.`,
      fix: "Look at a cookie of the application, or give `sticky` another `cookie`.",
    };
    if (isKey) reportKey(context, path, finding);
    else report(context, path, finding);
  }
}

interface Look {
  readonly name: string;
  readonly path: Path;
  /** The name is a key of a mapping, not a value. */
  readonly isKey: boolean;
}

function lookedAt({ config }: CheckContext): readonly Look[] {
  const routes = config.sites.flatMap((site, index) =>
    site.routes.flatMap((route, at) => lookedAtByRoute(route, ["sites", index, "routes", at])),
  );
  const pools = Object.entries(config.pools).flatMap(([pool, { balance }]): readonly Look[] => {
    if (typeof balance === "string" || balance.hash.by !== "cookie") return [];
    return [{ name: balance.hash.name ?? "", path: ["pools", pool, "balance", "hash", "name"], isKey: false }];
  });
  return [...routes, ...pools];
}

function lookedAtByRoute({ when, cache, pool }: NormalRoute, path: Path): readonly Look[] {
  const listed = (names: readonly string[], ...where: Path): readonly Look[] =>
    names.map((name, index) => ({ name, path: [...path, ...where, index], isKey: false }));
  const by = pool?.by;
  return [
    ...Object.keys(when.cookie).map((name) => ({ name, path: [...path, "when", "cookie", name], isKey: true })),
    ...listed(cache?.key.cookie ?? [], "cache", "key", "cookie"),
    ...listed(cache?.bypass.cookie ?? [], "cache", "bypass", "cookie"),
    ...(typeof by === "object" && "cookie" in by ? [{ name: by.cookie, path: [...path, "pool", "by", "cookie"], isKey: false }] : []),
  ];
}
