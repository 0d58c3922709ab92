// One route of the snapshot: what it matches, and its action with all units converted.

import type { NormalRoute, NormalSite } from "../normalize.ts";
import { canonicalText, paramNames, parsePathPattern } from "../path-pattern.ts";
import type { Resources } from "../resources.ts";
import type { ConditionSnapshot, ProxyActionSnapshot, RedirectActionSnapshot, RespondActionSnapshot, RouteSnapshot } from "../snapshot.ts";
import type { FailureSnapshot, HedgeSnapshot, SplitSnapshot } from "../snapshot.ts";
import { parseDurationMs, parseSizeBytes } from "../units.ts";
import { compileCache } from "./cache.ts";
import { contentTypeOf, PLAIN_TEXT } from "./content-type.ts";
import { compileHeaders } from "./headers.ts";
import { compareText, promised, sortedUnique } from "./order.ts";
import { compileTemplate } from "./template.ts";

export function compileRoute(site: NormalSite, route: NormalRoute, resources: Resources): RouteSnapshot {
  const pattern = parsePathPattern(route.path);
  const path = promised(pattern.ok ? pattern.value : null, route.path);
  const params = paramNames(path);
  const conditions = compileConditions(route.when);
  const methods = route.methods === undefined ? null : sortedUnique(route.methods);
  return {
    id: routeId(site.name, route.path, methods, conditions),
    path,
    methods,
    conditions,
    requestHeaders: compileHeaders([site.headers.request, route.headers.request], params),
    responseHeaders: compileHeaders([site.headers.response, route.headers.response], params),
    bodyBytesMax: promised(parseSizeBytes(route.maxBody), "maxBody"),
    action: compileAction(route, params, resources),
  };
}

/** `shop GET,POST /api/*`; conditions in brackets where there are any, so that it is unique. */
function routeId(site: string, path: string, methods: readonly string[] | null, conditions: readonly ConditionSnapshot[]): string {
  const texts = conditions.map(
    ({ source, name, equals, negate }) => `${negate ? "not " : ""}${source} ${name}${equals === null ? "" : `=${equals}`}`,
  );
  return [site, methods === null ? "*" : methods.join(","), path, ...(texts.length === 0 ? [] : [`[${texts.join(", ")}]`])].join(" ");
}

/** Sorted: their order in the file means nothing. */
export function compileConditions(when: NormalRoute["when"]): readonly ConditionSnapshot[] {
  const sources = [
    ["header", when.header],
    ["query", when.query],
    ["cookie", when.cookie],
  ] as const;
  return sources.flatMap(([source, record]) =>
    Object.entries(record)
      .map(([name, wanted]) => ({ source, name: source === "header" ? name.toLowerCase() : name, ...compileWanted(wanted) }))
      .toSorted((a, b) => compareText(a.name, b.name)),
  );
}

function compileWanted(wanted: boolean | string | { readonly not: string }): Pick<ConditionSnapshot, "equals" | "negate"> {
  if (typeof wanted === "boolean") return { equals: null, negate: !wanted };
  return typeof wanted === "string" ? { equals: wanted, negate: false } : { equals: wanted.not, negate: true };
}

function compileAction(route: NormalRoute, params: readonly string[], resources: Resources): RouteSnapshot["action"] {
  return compileAnswer(route, params, resources) ?? compileProxy(route, params, resources);
}

function compileAnswer(
  { redirect, respond }: Pick<NormalRoute, "redirect" | "respond">,
  params: readonly string[],
  resources: Resources,
): RedirectActionSnapshot | RespondActionSnapshot | null {
  if (redirect !== undefined) return compileRedirect(redirect, params);
  return respond === undefined ? null : compileRespond(respond, resources);
}

export function compileRedirect(redirect: NonNullable<NormalRoute["redirect"]>, params: readonly string[]): RedirectActionSnapshot {
  return { kind: "redirect", status: redirect.status, to: compileTemplate(redirect.to, params), preserveQuery: redirect.query === "keep" };
}

function compileRespond(respond: NonNullable<NormalRoute["respond"]>, resources: Resources): RespondActionSnapshot {
  const { status, file } = respond;
  const body = file === undefined ? (respond.body ?? "") : promised(resources.pages.get(file), file);
  return { kind: "respond", status, contentType: respond.contentType ?? (file === undefined ? PLAIN_TEXT : contentTypeOf(file)), body };
}

function compileProxy(route: NormalRoute, params: readonly string[], resources: Resources): ProxyActionSnapshot {
  const { set, remove } = route.query ?? { set: {}, remove: [] };
  const { shares, ...split } = compileSplit(promised(route.pool, "pool"));
  return {
    kind: "proxy",
    pool: promised(shares[0], "pool").pool,
    split: shares.length === 1 ? null : { ...split, shares },
    host: route.host === "preserve" ? "visitor" : "origin",
    rewrite: {
      strip: canonicalPrefix(route.strip),
      prefix: canonicalPrefix(route.prefix),
      path: route.rewrite === undefined ? null : compileTemplate(route.rewrite, params),
      query: {
        remove: sortedUnique(remove),
        set: Object.entries(set)
          .toSorted(([a], [b]) => compareText(a, b))
          .map(([name, value]) => [name, compileTemplate(value, params)] as const),
      },
    },
    cache: compileCache(promised(route.cache, "cache")),
    timeouts: compileTimeouts(promised(route.timeout, "timeout")),
    retry: compileRetry(promised(route.retry, "retry")),
    failure: compileFailure(route, params, resources),
  };
}

/** A pool without a share is not part of it. */
function compileSplit({ split, by }: NonNullable<NormalRoute["pool"]>): SplitSnapshot {
  const shares = Object.entries(split)
    .filter(([, percent]) => percent > 0)
    .map(([pool, percent]) => ({ pool, percent }));
  if (by === "client") return { by, name: "", shares };
  return "header" in by ? { by: "header", name: by.header.toLowerCase(), shares } : { by: "cookie", name: by.cookie, shares };
}

function compileFailure({ failure }: NormalRoute, params: readonly string[], resources: Resources): FailureSnapshot | null {
  if (failure === undefined) return null;
  const answer = promised(compileAnswer(failure, params, resources), "failure");
  return { onStatus: [...new Set(failure.on)].toSorted((a, b) => a - b), answer };
}

/** In the encoding that paths are matched in. */
function canonicalPrefix(text: string | undefined): string {
  return (text ?? "").split("/").map(canonicalText).join("/");
}

export function compileTimeouts(timeout: NonNullable<NormalRoute["timeout"]>): ProxyActionSnapshot["timeouts"] {
  return {
    headersMs: promised(parseDurationMs(timeout.attempt), "timeout.attempt"),
    headersWithBodyMs: promised(parseDurationMs(timeout.attemptWithBody), "timeout.attemptWithBody"),
    idleMs: promised(parseDurationMs(timeout.idle), "timeout.idle"),
    totalMs: timeout.total === undefined ? null : promised(parseDurationMs(timeout.total), "timeout.total"),
  };
}

export function compileRetry(retry: NonNullable<NormalRoute["retry"]>): ProxyActionSnapshot["retry"] {
  return {
    attempts: retry.attempts,
    onConnectError: retry.on.includes("connect-error"),
    onTimeout: retry.on.includes("timeout"),
    onStatus: [...new Set(retry.on.filter((on) => typeof on === "number"))].toSorted((a, b) => a - b),
    unsafeMethods: retry.methods === "all",
    replayBytesMax: promised(parseSizeBytes(retry.replay), "retry.replay"),
    hedge: compileHedge(retry.hedge),
    holdBytesMax: promised(parseSizeBytes(retry.hold), "retry.hold"),
    resume: retry.resume,
  };
}

function compileHedge(hedge: NonNullable<NormalRoute["retry"]>["hedge"]): HedgeSnapshot | null {
  if (hedge === "off") return null;
  return { afterMs: hedge === "auto" ? null : promised(parseDurationMs(hedge), "retry.hedge") };
}
