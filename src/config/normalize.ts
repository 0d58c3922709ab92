// A validated config in its long form: every short form written out, every default filled. The result is a config itself (it
// could be saved as the user's file), so normalizing it again changes nothing. Converts no units; that is the compiler's work.

import type { z } from "zod";
import type { Config } from "./schema.ts";
import { cacheLong } from "./schema/cache.ts";
import { testLong, type list, type rule } from "./schema/firewall.ts";
import { actionLong, ruleRedirectLong, skipLong } from "./schema/rule-action.ts";
import { authLong, healthLong, originLong, stickyLong, type hashLong, type pool } from "./schema/pool.ts";
import { failureRespondLong, redirectLong, respondLong, retryLong, splitLong, timeoutLong, type route } from "./schema/route.ts";
import { hstsLong, maintenanceLong, type pageLong } from "./schema/site.ts";
import { parseDurationMs } from "./units.ts";
import { CHECK_TIMEOUT_MS_DEFAULT_MAX } from "../limits.ts";

type RawSite = Config["sites"][number];
type RawRoute = z.output<typeof route>;
type RawPool = z.output<typeof pool>;
type RawRule = z.output<typeof rule>;

export interface NormalConfig {
  readonly sites: readonly NormalSite[];
  readonly pools: Readonly<Record<string, NormalPool>>;
  readonly lists: Readonly<Record<string, NormalList>>;
  readonly firewall: readonly NormalRule[];
  readonly inspection: Config["inspection"];
  readonly client: Config["client"];
  readonly alerts?: NonNullable<Config["alerts"]>;
}

export interface NormalSite extends Omit<RawSite, "hsts" | "maintenance" | "errors" | "routes"> {
  readonly hsts: false | z.output<typeof hstsLong>;
  readonly maintenance: z.output<typeof maintenanceLong>;
  readonly errors: Readonly<Record<string, z.output<typeof pageLong>>>;
  readonly routes: readonly NormalRoute[];
}

export interface NormalRoute extends Omit<RawRoute, "pool" | "cache" | "timeout" | "retry" | "redirect" | "respond" | "failure"> {
  /** One pool has all of its visitors. */
  readonly pool?: z.output<typeof splitLong>;
  /** These three are present on routes with a pool, and where the user wrote them. */
  readonly cache?: z.output<typeof cacheLong>;
  readonly timeout?: z.output<typeof timeoutLong>;
  readonly retry?: z.output<typeof retryLong>;
  readonly redirect?: z.output<typeof redirectLong>;
  readonly respond?: z.output<typeof respondLong>;
  readonly failure?: {
    readonly on: readonly number[];
    readonly redirect?: z.output<typeof redirectLong>;
    readonly respond?: z.output<typeof respondLong>;
  };
}

export interface NormalPool extends Omit<RawPool, "origins" | "balance" | "sticky" | "auth" | "health" | "fallback"> {
  readonly origins: readonly z.output<typeof originLong>[];
  readonly balance: Exclude<Extract<RawPool["balance"], string>, "hash"> | { readonly hash: z.output<typeof hashLong> };
  readonly sticky: false | z.output<typeof stickyLong>;
  readonly auth?: z.output<typeof authLong>;
  readonly fallback: readonly string[];
  readonly health?: Omit<z.output<typeof healthLong>, "expect" | "timeout"> & {
    readonly expect: readonly (string | number)[];
    readonly timeout: string;
  };
}

export type NormalList = z.output<typeof list>;

export interface NormalRule extends Omit<RawRule, "action" | "tests"> {
  readonly action: NormalAction;
  readonly tests: { readonly match: readonly NormalTest[]; readonly pass: readonly NormalTest[] };
}

type RawAction = z.output<typeof actionLong>;

/** One key of these, by the check. */
export interface NormalAction extends Omit<RawAction, "skip" | "redirect" | "set"> {
  readonly skip?: z.output<typeof skipLong>;
  readonly redirect?: z.output<typeof ruleRedirectLong>;
  readonly set?: NormalSet;
}

export interface NormalSet extends Omit<NonNullable<RawAction["set"]>, "cache" | "timeout" | "retry"> {
  readonly cache?: z.output<typeof cacheLong>;
  readonly timeout?: z.output<typeof timeoutLong>;
  readonly retry?: z.output<typeof retryLong>;
}

export type NormalTest = z.output<typeof testLong>;

export function normalizeConfig(config: Config): NormalConfig {
  return {
    sites: config.sites.map(normalizeSite),
    pools: mapValues(config.pools, normalizePool),
    lists: config.lists,
    firewall: config.firewall.map(normalizeRule),
    inspection: config.inspection,
    client: { ...config.client, addressHeader: config.client.addressHeader.toLowerCase() },
    ...(config.alerts !== undefined && { alerts: config.alerts }),
  };
}

function normalizeSite(site: RawSite): NormalSite {
  return {
    ...site,
    hsts: normalizeHsts(site.hsts),
    maintenance: typeof site.maintenance === "boolean" ? maintenanceLong.parse({ enabled: site.maintenance }) : site.maintenance,
    errors: mapValues(site.errors, (page) => (typeof page === "string" ? { file: page } : page)),
    routes: site.routes.map(normalizeRoute),
  };
}

function normalizeHsts(hsts: RawSite["hsts"]): NormalSite["hsts"] {
  if (typeof hsts === "boolean") return hsts && hstsLong.parse({});
  return typeof hsts === "string" ? hstsLong.parse({ maxAge: hsts }) : hsts;
}

function normalizeRoute(raw: RawRoute): NormalRoute {
  const { pool, cache, timeout, retry, redirect, respond, failure, ...rest } = raw;
  const isProxy = pool !== undefined;
  return {
    ...rest,
    ...(isProxy && {
      pool: typeof pool === "string" ? splitLong.parse({ split: { [pool]: 100 } }) : pool,
      host: raw.host ?? "origin",
      query: raw.query ?? { set: {}, remove: [] },
    }),
    ...((isProxy || cache !== undefined) && { cache: normalizeCache(cache) }),
    ...((isProxy || timeout !== undefined) && { timeout: normalizeTimeout(timeout) }),
    ...((isProxy || retry !== undefined) && { retry: normalizeRetry(retry) }),
    ...(redirect !== undefined && { redirect: normalizeRedirect(redirect) }),
    ...(respond !== undefined && { respond: normalizeRespond(respond) }),
    ...(failure !== undefined && { failure: normalizeFailure(failure) }),
  };
}

function normalizeFailure({ on, redirect, respond }: NonNullable<RawRoute["failure"]>): NonNullable<NormalRoute["failure"]> {
  return {
    on,
    ...(redirect !== undefined && { redirect: normalizeRedirect(redirect) }),
    ...(respond !== undefined && { respond: normalizeRespond(respond, failureRespondLong) }),
  };
}

function normalizeCache(cache: RawRoute["cache"]): z.output<typeof cacheLong> {
  return typeof cache === "object" ? cache : cacheLong.parse({ edge: cache });
}

function normalizeTimeout(timeout: RawRoute["timeout"]): z.output<typeof timeoutLong> {
  return typeof timeout === "object" ? timeout : timeoutLong.parse({ attempt: timeout, attemptWithBody: timeout });
}

function normalizeRetry(retry: RawRoute["retry"]): z.output<typeof retryLong> {
  if (typeof retry === "object") return retry;
  return retryLong.parse({ attempts: retry === "off" ? 1 : retry });
}

function normalizeRedirect(redirect: string | z.output<typeof redirectLong>): z.output<typeof redirectLong> {
  return typeof redirect === "string" ? redirectLong.parse({ to: redirect }) : redirect;
}

function normalizeRespond(respond: NonNullable<RawRoute["respond"]>, long = respondLong): z.output<typeof respondLong> {
  if (typeof respond === "number") return long.parse({ status: respond });
  return typeof respond === "string" ? long.parse({ body: respond }) : respond;
}

function normalizePool(raw: RawPool): NormalPool {
  const { health, auth, fallback, ...rest } = raw;
  return {
    ...rest,
    origins: raw.origins.map((origin) => (typeof origin === "string" ? originLong.parse({ url: origin }) : origin)),
    balance: normalizeBalance(raw.balance),
    sticky: typeof raw.sticky === "boolean" ? raw.sticky && stickyLong.parse({}) : raw.sticky,
    fallback: fallback === undefined ? [] : typeof fallback === "string" ? [fallback] : fallback,
    ...(auth !== undefined && { auth: typeof auth === "string" ? authLong.parse({ secret: auth }) : auth }),
    ...(health !== undefined && { health: normalizeHealth(health) }),
  };
}

function normalizeBalance(balance: RawPool["balance"]): NormalPool["balance"] {
  if (balance === "hash") return { hash: { by: "client" } };
  if (typeof balance === "string") return balance;
  return { hash: typeof balance.hash === "string" ? { by: balance.hash } : balance.hash };
}

function normalizeHealth(health: NonNullable<RawPool["health"]>): NonNullable<NormalPool["health"]> {
  const long = typeof health === "string" ? healthLong.parse({ path: health }) : health;
  const expect = Array.isArray(long.expect) ? long.expect : [long.expect];
  return { ...long, expect, timeout: long.timeout ?? defaultCheckTimeout(long.interval) };
}

/** A check must end before the next one begins. */
function defaultCheckTimeout(interval: string): string {
  const intervalMs = parseDurationMs(interval);
  return intervalMs !== null && intervalMs < CHECK_TIMEOUT_MS_DEFAULT_MAX ? interval : `${CHECK_TIMEOUT_MS_DEFAULT_MAX / 1000}s`;
}

function normalizeRule(raw: RawRule): NormalRule {
  return {
    ...raw,
    action: normalizeAction(raw.action),
    tests: { match: raw.tests.match.map(normalizeTest), pass: raw.tests.pass.map(normalizeTest) },
  };
}

function normalizeAction(action: RawRule["action"]): NormalAction {
  const { skip, redirect, set, ...rest } =
    typeof action === "object" ? action : actionLong.parse({ [action]: action === "skip" ? "all" : {} });
  return {
    ...rest,
    ...(skip !== undefined && { skip: normalizeSkip(skip) }),
    ...(redirect !== undefined && { redirect: typeof redirect === "string" ? ruleRedirectLong.parse({ to: redirect }) : redirect }),
    ...(set !== undefined && { set: normalizeSet(set) }),
  };
}

function normalizeSkip(skip: NonNullable<RawAction["skip"]>): z.output<typeof skipLong> {
  return typeof skip === "string" || Array.isArray(skip) ? skipLong.parse({ rules: skip }) : skip;
}

function normalizeSet({ cache, timeout, retry, ...rest }: NonNullable<RawAction["set"]>): NormalSet {
  return {
    ...rest,
    ...(cache !== undefined && { cache: normalizeCache(cache) }),
    ...(timeout !== undefined && { timeout: normalizeTimeout(timeout) }),
    ...(retry !== undefined && { retry: normalizeRetry(retry) }),
  };
}

/** `POST /path`, `/path`, `GET https://host/path`. */
function normalizeTest(test: string | NormalTest): NormalTest {
  if (typeof test !== "string") return test;
  const space = test.indexOf(" ");
  return testLong.parse(space === -1 ? { url: test } : { method: test.slice(0, space), url: test.slice(space + 1) });
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Readonly<Record<string, U>> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
