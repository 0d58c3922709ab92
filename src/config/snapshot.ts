// The compiled form of a config: plain JSON that is stored once under its content hash and read by every isolate. All
// defaults are filled, everything is sorted and checked; `load.ts` turns it into closures and maps. Nothing here refers to
// the user's file format, and nothing at run time refers to anything but this.

import type { Value } from "../expression/ast.ts";
import type { PoolSnapshot } from "./pool-snapshot.ts";
import type { InspectionSnapshot, RuleSnapshot } from "./rule-snapshot.ts";

/** Raised on any change that an older Worker would misread. A Worker keeps its last good state when it meets an unknown one. */
export const SNAPSHOT_FORMAT = 4;

export interface Snapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly sites: readonly SiteSnapshot[];
  readonly pools: readonly PoolSnapshot[];
  readonly lists: Readonly<Record<string, ListSnapshot>>;
  /** In the order of the file. */
  readonly rules: readonly RuleSnapshot[];
  /** What the expressions of the rules look at, each once. */
  readonly subjects: readonly Value[];
  readonly inspection: InspectionSnapshot;
  readonly client: ClientSnapshot;
  /** Where changes of the origins' health are told; null is nowhere. */
  readonly alerts: AlertsSnapshot | null;
}

/** A webhook: one POST per run of the checks that saw a change. */
export interface AlertsSnapshot {
  readonly url: string;
  /** Name of the Worker's secret that signs the body; null sends it unsigned. */
  readonly secret: string | null;
}

export interface ClientSnapshot {
  /** Proxies in front of Breakwater whose X-Forwarded-For and Forwarded are believed. */
  readonly trustedProxies: IpRanges;
  /** Lower case. The platform's own address header; the only one believed without a trusted proxy. */
  readonly addressHeader: string;
}

/** Sorted, merged, inclusive ranges: `[from, to, from, to, ...]`. */
export interface IpRanges {
  /** Unsigned 32-bit integers. */
  readonly v4: readonly number[];
  /** 32 lower-case hexadecimal digits each. */
  readonly v6: readonly string[];
}

export type ListKind = "ip" | "asn" | "country" | "string" | "host";

/** A short list is here whole, a long one is a document of its own that an isolate reads when a rule first needs it. */
export type ListSnapshot = ListContent | ListReference;

/**
 * The entries of a list, sorted, without those that others cover. `until` has those that expire, as `[position, ms, position, ms,
 * ...]`; positions count the ranges of `v4` and go on with those of `v6`.
 */
export type ListContent =
  | ({ readonly kind: "ip"; readonly until: readonly number[] } & IpRanges)
  | { readonly kind: "asn"; readonly entries: readonly number[]; readonly until: readonly number[] }
  | { readonly kind: "string" | "host" | "country"; readonly entries: readonly string[]; readonly until: readonly number[] };

/** The document under `list/<hash>`. */
export interface ListReference {
  readonly kind: ListKind;
  /** SHA-256 of the document's text, lower-case hexadecimal. */
  readonly hash: string;
  /** Entries in it. */
  readonly count: number;
}

export interface SiteSnapshot {
  readonly name: string;
  /** Lower case: `shop.example.com`, `*.example.com` (any depth, not the apex), or `*` (the default site). */
  readonly hosts: readonly string[];
  /** Answers http: with a redirect to https:. */
  readonly httpsRedirect: boolean;
  /** Value of Strict-Transport-Security on https: answers, or null. */
  readonly hsts: string | null;
  /** Other hosts of the site are redirected here (www and apex), or null. */
  readonly canonicalHost: string | null;
  readonly maintenance: MaintenanceSnapshot | null;
  /** By status (`"503"`) or class (`"5xx"`). */
  readonly errorPages: Readonly<Record<string, PageSnapshot>>;
  /** Most specific first. */
  readonly routes: readonly RouteSnapshot[];
}

export interface MaintenanceSnapshot {
  readonly retryAfterSeconds: number;
  readonly page: PageSnapshot | null;
  /** Client addresses that pass. */
  readonly allow: IpRanges;
}

export interface PageSnapshot {
  readonly contentType: string;
  readonly body: string;
}

export interface RouteSnapshot {
  /** Unique in the release: `site name`, a space, methods, a space and the path as written. Shown in logs and by `explain`. */
  readonly id: string;
  readonly path: PathSnapshot;
  /** Upper case; null is any. GET includes HEAD. */
  readonly methods: readonly string[] | null;
  /** All must hold. */
  readonly conditions: readonly ConditionSnapshot[];
  readonly requestHeaders: HeaderRulesSnapshot;
  readonly responseHeaders: HeaderRulesSnapshot;
  readonly bodyBytesMax: number;
  readonly action: ProxyActionSnapshot | RedirectActionSnapshot | RespondActionSnapshot;
}

/** A path pattern, one entry per segment. `/api/*` is segments [api] with `rest`; it also matches `/api`. */
export interface PathSnapshot {
  readonly source: string;
  readonly segments: readonly SegmentSnapshot[];
  /** Ends in `/*`: any further segments, captured as `rest`. */
  readonly rest: boolean;
}

export type SegmentSnapshot =
  | { readonly kind: "literal"; readonly text: string }
  /** One `*` inside a segment: `*.png`. */
  | { readonly kind: "glob"; readonly prefix: string; readonly suffix: string }
  /** `:name`, or a lone `*` before the end (name is then null). One segment, not empty. */
  | { readonly kind: "param"; readonly name: string | null };

export interface ConditionSnapshot {
  readonly source: "header" | "query" | "cookie";
  /** Lower case for headers. */
  readonly name: string;
  /** null: present with any value. */
  readonly equals: string | null;
  readonly negate: boolean;
}

/** Literal text and placeholders in turn: `/new/{rest}` is `["/new/", {ref: "rest"}]`. */
export type Template = readonly (string | { readonly ref: string })[];

export interface HeaderRulesSnapshot {
  /** Applied in this order: remove, set, add. Names in lower case. */
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: Template])[];
  readonly add: readonly (readonly [name: string, value: Template])[];
}

export interface RedirectActionSnapshot {
  readonly kind: "redirect";
  readonly status: 301 | 302 | 303 | 307 | 308;
  readonly to: Template;
  readonly preserveQuery: boolean;
}

export interface RespondActionSnapshot {
  readonly kind: "respond";
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface ProxyActionSnapshot {
  readonly kind: "proxy";
  /** With `split`, the pool of the first share. */
  readonly pool: string;
  readonly split: SplitSnapshot | null;
  /** `visitor` needs a same-zone deployment (resolveOverride). */
  readonly host: "origin" | "visitor";
  readonly rewrite: RewriteSnapshot;
  readonly cache: CachePolicySnapshot;
  readonly timeouts: TimeoutsSnapshot;
  readonly retry: RetrySnapshot;
  readonly failure: FailureSnapshot | null;
}

/** Visitors shared out among pools; one visitor always comes to the same. */
export interface SplitSnapshot {
  readonly by: "client" | "header" | "cookie";
  /** Of the header (lower case) or cookie; empty for `client`. */
  readonly name: string;
  /** In the order of the file; the percentages add up to 100. */
  readonly shares: readonly { readonly pool: string; readonly percent: number }[];
}

/** What visitors get when no origin answers and nothing stored may stand in, in place of the site's error page. */
export interface FailureSnapshot {
  /** Statuses of origins that count as no answer. */
  readonly onStatus: readonly number[];
  readonly answer: RedirectActionSnapshot | RespondActionSnapshot;
}

export interface RewriteSnapshot {
  /** Path prefix that is taken away on a segment border, before `prefix` is put in front. Empty: none. */
  readonly strip: string;
  readonly prefix: string;
  /** Replaces the whole path; null keeps it. */
  readonly path: Template | null;
  readonly query: {
    readonly remove: readonly string[];
    readonly set: readonly (readonly [name: string, value: Template])[];
  };
}

export interface CachePolicySnapshot {
  /** respect: the origin's headers decide. override: `edgeTtlSeconds` does, except for private and no-store. bypass: never. */
  readonly mode: "respect" | "override" | "bypass";
  /** override: the lifetime. respect: the default where the origin gives none; null is the RFC's heuristic. */
  readonly edgeTtlSeconds: number | null;
  /** Lifetimes by status (`"404"`) or class (`"4xx"`) where the origin gives none. */
  readonly edgeTtlByStatus: Readonly<Record<string, number>>;
  /** Replaces the browser's lifetime; null passes the origin's Cache-Control on. */
  readonly browserTtlSeconds: number | null;
  /** Used where the origin does not say (RFC 5861). */
  readonly staleWhileRevalidateSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly key: CacheKeySnapshot;
  /** Requests with one of these cookies bypass the cache; a trailing `*` matches any rest. */
  readonly bypassCookies: readonly string[];
  /** Responses with Set-Cookie are not stored (refuse), stored and served without it (strip), or with it, to everybody (store). */
  readonly setCookie: "refuse" | "strip" | "store";
  /** With a Cookie in the request: store only what the origin declares shared (explicit), or as if there were none (ignore). */
  readonly requestCookies: "explicit" | "ignore";
  /** Surrogate keys added to every stored response. */
  readonly tags: readonly string[];
  readonly objectBytesMax: number;
  readonly vary: CacheVarySnapshot;
  /** Whether a visitor's Cache-Control decides about what is stored (RFC 9111 5.2.1). no-store and only-if-cached always do. */
  readonly requestDirectives: "obey" | "ignore";
  /** How long a request waits for the answer to another one with its key; 0 is not at all. */
  readonly collapseMs: number;
}

/** What is made alike before it can make variants, in the request that may be stored. Empty lists change nothing. */
export interface CacheVarySnapshot {
  /** Lower case. Fields that the origin does not get and that make no variants. */
  readonly ignore: readonly string[];
  /** Lower case, in order of preference: the media types that Accept is reduced to. */
  readonly accept: readonly string[];
  /** As written; the first is the default: the languages that Accept-Language is reduced to. */
  readonly languages: readonly string[];
}

export interface CacheKeySnapshot {
  readonly query:
    | { readonly kind: "all" }
    | { readonly kind: "none" }
    /** Names; a trailing `*` matches any rest. */
    | { readonly kind: "ignore"; readonly names: readonly string[] }
    | { readonly kind: "only"; readonly names: readonly string[] };
  readonly sortQuery: boolean;
  /** Lower case. */
  readonly headers: readonly string[];
  readonly cookies: readonly string[];
  readonly country: boolean;
  /** The class of device, which the origin gets as X-Device-Class. */
  readonly device: boolean;
  /** As written; the first is the default. The one that suits the visitor is part of the key; empty is none. */
  readonly languages: readonly string[];
}

export interface TimeoutsSnapshot {
  /** To the response's headers, per attempt, for an idempotent request without a body. */
  readonly headersMs: number;
  /** To the response's headers when a body is sent or the method is not idempotent, counted from the last body byte. */
  readonly headersWithBodyMs: number;
  /** Between two chunks of the response's body; not for event streams and upgrades. */
  readonly idleMs: number;
  /** From the first attempt to headers, all attempts together; null is no limit. */
  readonly totalMs: number | null;
}

export interface RetrySnapshot {
  /** Attempts on distinct origins, the first included. */
  readonly attempts: number;
  readonly onConnectError: boolean;
  readonly onTimeout: boolean;
  readonly onStatus: readonly number[];
  /** Also methods that are not idempotent (the route says that running twice is harmless). */
  readonly unsafeMethods: boolean;
  /** Request bodies up to this size are kept for a second attempt. */
  readonly replayBytesMax: number;
  /** A second origin is asked while the first is silent; null never. */
  readonly hedge: HedgeSnapshot | null;
  /** Bodies of answers up to this size are read whole before the visitor gets the first byte; 0 holds none. */
  readonly holdBytesMax: number;
  /** Longer ones that break are continued from another origin. */
  readonly resume: boolean;
}

export interface HedgeSnapshot {
  /** Null: measured, per origin and route. */
  readonly afterMs: number | null;
}
