// A route: which requests it takes, and what becomes of them. The long forms are exported for `normalize.ts`.

import { z } from "zod";
import {
  BODY_BYTES_MAX_DEFAULT,
  PAGE_BYTES_MAX,
  REPLAY_BYTES_MAX_DEFAULT,
  RETRY_ATTEMPTS_MAX,
  HOLD_BYTES_MAX,
  ROUTE_CONDITIONS_MAX,
  SPLIT_POOLS_MAX,
} from "../../limits.ts";
import { cacheLong, cacheShort } from "./cache.ts";
import { headers } from "./headers.ts";
import {
  contentType,
  cookieName,
  duration,
  fileName,
  headerName,
  headerValue,
  key,
  mapping,
  name,
  queryName,
  queryPattern,
  redirectTarget,
  size,
  text,
} from "./scalars.ts";

/** Methods that the runtime hands to a Worker; it answers others by itself. */
export const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "PROPFIND",
  "PROPPATCH",
  "MKCOL",
  "COPY",
  "MOVE",
  "LOCK",
  "UNLOCK",
  "REPORT",
  "SEARCH",
] as const;

const path = text(/^=?\/[^\s?#]{0,1023}$/, "a path that starts with `/`, without query and spaces");

/** true: present; false: absent; text: equal. */
const condition = z.union([z.boolean(), headerValue, mapping({ not: key(headerValue, "Any other value, or none.", "1") })]);

function conditions(names: z.ZodString, example: unknown) {
  return key(
    z
      .record(names, condition)
      .refine((record) => Object.keys(record).length <= ROUTE_CONDITIONS_MAX, { error: () => `${ROUTE_CONDITIONS_MAX} conditions at most` })
      .default({}),
    "By name: a value that must be equal, `true` for present, `false` for absent, or `{ not: value }`.",
    example,
  );
}

export const timeoutLong = mapping({
  attempt: key(duration.default("30s"), "Per attempt, to the answer's headers, for requests without a body.", "5s"),
  attemptWithBody: key(
    duration.default("100s"),
    "The same for requests with a body or that may not run twice, from the last byte sent.",
    "60s",
  ),
  idle: key(duration.default("30s"), "Between two pieces of the answer's body; not for event streams and WebSockets.", "10s"),
  total: key(duration.optional(), "All attempts together, to the answer's headers. Without it there is no limit.", "10s"),
});

export const retryLong = mapping({
  attempts: key(
    z.int().min(1).max(RETRY_ATTEMPTS_MAX).default(3),
    "Attempts on different origins, the first included. A backup or a fallback pool that was not asked yet has one more.",
    2,
  ),
  on: key(
    z
      .array(z.union([z.enum(["connect-error", "timeout"]), z.int().min(500).max(599)]))
      .default(["connect-error", "timeout", 500, 502, 503, 504]),
    "What makes an attempt count as failed and the next origin be asked. After a 500 only for GET, HEAD and OPTIONS.",
    ["connect-error", 503],
  ),
  methods: key(
    z.enum(["idempotent", "all"]).default("idempotent"),
    "`all` also repeats POST and PATCH: say so only where running twice is harmless.",
    "all",
  ),
  replay: key(
    size.default(`${REPLAY_BYTES_MAX_DEFAULT / 1024}KiB`),
    "Request bodies up to this size are kept for a second attempt.",
    "256KiB",
  ),
  hedge: key(
    z.union([z.enum(["auto", "off"]), duration]).default("auto"),
    "When a GET or HEAD is sent to a second origin while the first is silent: `auto` after three times what the route takes there, 50 ms at least; `off`; or a time.",
    "200ms",
  ),
  hold: key(
    size.default(`${HOLD_BYTES_MAX / 1024}KiB`),
    "Answers up to this size are read whole before the visitor gets the first byte, so that one that breaks is asked for elsewhere. 0B holds none.",
    "16KiB",
  ),
  resume: key(
    z.boolean().default(true),
    "Longer answers that break are continued from another origin, where both name the same strong ETag.",
    false,
  ),
});

export const redirectLong = mapping({
  to: key(redirectTarget, "Path or URL, with placeholders such as `{rest}` and `{host}`.", "/new/{rest}"),
  status: key(z.literal([301, 302, 303, 307, 308]).default(302), "301 and 308 are permanent: browsers remember them.", 308),
  query: key(z.enum(["keep", "drop"]).default("keep"), "Whether the request's query is put at the end.", "drop"),
});

function respondKeys(status: number) {
  return mapping({
    status: key(z.int().min(200).max(599).default(status), "Status of the answer.", 410),
    body: key(z.string().max(PAGE_BYTES_MAX).optional(), "Text of the answer.", "gone"),
    file: key(fileName.optional(), "File with the body, in place of `body`.", "./pages/gone.html"),
    contentType: key(contentType.optional(), "By the file's name, else text/plain; charset=utf-8.", "application/json"),
  });
}

export const respondLong = respondKeys(200);

/** The page of a failure is a failure, unless it says otherwise. */
export const failureRespondLong = respondKeys(503);

export const splitLong = mapping({
  split: key(
    z.record(name, z.number().min(0).max(100)).refine((shares) => Object.keys(shares).length <= SPLIT_POOLS_MAX, {
      error: () => `${SPLIT_POOLS_MAX} pools at most`,
    }),
    "Pools with their share of the visitors in percent; together 100.",
    { web: 95, canary: 5 },
  ),
  by: key(
    z
      .union([
        z.literal("client"),
        mapping({ header: key(headerName, "Name of the header.", "X-User") }),
        mapping({ cookie: key(cookieName, "Name of the cookie.", "uid") }),
      ])
      .default("client"),
    "What one visitor is known by, who always comes to the same pool: the address (`client`), a header or a cookie.",
    { cookie: "uid" },
  ),
});

const failureLong = mapping({
  on: key(
    z.array(z.int().min(500).max(599)).default([]),
    "Statuses of origins that count as no answer. Without them an origin's own error page is passed on.",
    [502, 503],
  ),
  redirect: key(z.union([redirectTarget, redirectLong]).optional(), "Sends visitors elsewhere.", "https://status.example.com/"),
  respond: key(
    z.union([z.int().min(200).max(599), z.string().max(PAGE_BYTES_MAX), failureRespondLong]).optional(),
    "Answers by itself, with 503 unless it says otherwise.",
    {
      file: "./pages/sorry.html",
    },
  ),
});

export const route = mapping({
  path: key(
    path,
    "`/exact`, `/prefix/*` (also `/prefix` itself), `/users/:id`, `/a/*/b`, `/img/*.png`; after `=` everything is literal.",
    "/api/*",
  ),
  methods: key(z.array(z.enum(METHODS)).min(1).optional(), "Only these methods; GET includes HEAD. Without it, all.", ["GET", "POST"]),
  when: key(
    mapping({
      header: conditions(headerName, { "x-beta": true }),
      query: conditions(queryName, { version: "2" }),
      cookie: conditions(cookieName, { beta: "1" }),
    }).prefault({}),
    "Conditions that must all hold.",
  ),
  pool: key(
    z.union([name, splitLong]).optional(),
    "Sends the request to an origin of this pool, or shares visitors out among several.",
    "web",
  ),
  redirect: key(
    z.union([redirectTarget, redirectLong]).optional(),
    "Answers with a redirect: the target, or the long form.",
    "/new/{rest}",
  ),
  respond: key(
    z.union([z.int().min(200).max(599), z.string().max(PAGE_BYTES_MAX), respondLong]).optional(),
    "Answers by itself: a status, a text, or the long form.",
    204,
  ),
  host: key(
    z.enum(["origin", "preserve"]).optional(),
    "Host sent to the origin: the one of its URL (`origin`, the default), or the visitor's, which needs origins in the Worker's own zone.",
    "preserve",
  ),
  strip: key(
    text(/^\/[^\s?#*:{}]*[^\s?#*:{}/]$/, "a path prefix such as /static").optional(),
    "Takes this prefix off the path before it goes to the origin.",
    "/static",
  ),
  prefix: key(
    text(/^\/[^\s?#*:{}]*[^\s?#*:{}/]$/, "a path prefix such as /v2").optional(),
    "Puts this in front of the path, after `strip`.",
    "/v2",
  ),
  rewrite: key(
    text(/^\/[\x21-\x22\x24-\x3e\x40-\x7e]*$/, "a path such as /items/{id}, in ASCII").optional(),
    "Replaces the whole path; placeholders are the route's parameters.",
    "/items/{id}",
  ),
  query: key(
    mapping({
      set: key(z.record(queryName, text(/^[^\r\n]{0,1024}$/, "one line of text")).default({}), "Parameters to set, with placeholders.", {
        lang: "en",
      }),
      remove: key(z.array(queryPattern).default([]), "Parameters to take away.", ["debug"]),
    }).optional(),
    "Changes to the query before it goes to the origin.",
  ),
  cache: key(z.union([cacheShort, cacheLong]).optional(), "`respect` (the default), `bypass`, a duration, or the long form.", "bypass"),
  timeout: key(z.union([duration, timeoutLong]).optional(), "One duration for every attempt, or the long form.", "5s"),
  retry: key(
    z.union([z.literal("off"), z.int().min(1).max(RETRY_ATTEMPTS_MAX), retryLong]).optional(),
    "`off`, a number of attempts, or the long form.",
    2,
  ),
  failure: key(
    failureLong.optional(),
    "What visitors get when no origin answers and nothing stored may stand in. Without it, the site's error page.",
    { redirect: "https://status.example.com/" },
  ),
  headers: key(headers.prefault({}), "Header rules of this route, after those of the site."),
  maxBody: key(size.default(`${BODY_BYTES_MAX_DEFAULT / 1024 ** 2}MiB`), "Larger request bodies are answered with 413.", "10MB"),
});
