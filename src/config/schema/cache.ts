// The cache policy of a route: short (`bypass`, `respect`, `30d`) and long form.

import { z } from "zod";
import { CACHE_ACCEPT_TYPES_MAX, CACHE_LANGUAGES_MAX, CACHE_OBJECT_BYTES_MAX_DEFAULT, CACHE_VARY_IGNORE_MAX } from "../../limits.ts";
import {
  cookieName,
  cookiePattern,
  duration,
  headerName,
  key,
  languageTag,
  mapping,
  mediaType,
  queryPattern,
  size,
  statusOrClass,
} from "./scalars.ts";

/**
 * Parameters that carry where a visitor came from and change nothing in the answer. Ignored in the key *and* not sent to the
 * origin for a cacheable request, which is why only tracking parameters belong here.
 */
export const TRACKING_PARAMETERS = [
  "utm_*",
  "gclid",
  "gclsrc",
  "dclid",
  "gbraid",
  "wbraid",
  "fbclid",
  "msclkid",
  "mc_cid",
  "mc_eid",
  "yclid",
  "ttclid",
  "twclid",
  "igshid",
  "li_fat_id",
  "_ga",
  "_gl",
];

export const keyQuery = mapping({
  ignore: key(z.array(queryPattern).optional(), "Parameters that are left out; all others count. Takes the place of the default list.", [
    "utm_*",
    "gclid",
  ]),
  only: key(z.array(queryPattern).optional(), "The only parameters that count; all others are left out.", ["page", "q"]),
});

const languages = z
  .array(languageTag)
  .max(CACHE_LANGUAGES_MAX, { error: () => `${CACHE_LANGUAGES_MAX} languages at most` })
  .default([]);

const cacheKey = mapping({
  query: key(
    z.union([z.enum(["all", "none"]), keyQuery]).default({ ignore: TRACKING_PARAMETERS }),
    "Which query parameters are part of the key. A parameter that is left out does not reach the origin either, for requests that may be cached.",
    { ignore: ["utm_*", "gclid"] },
  ),
  sort: key(z.boolean().default(false), "Sort parameters by name, for the key and for the origin.", true),
  header: key(z.array(headerName).default([]), "Request headers whose values are part of the key.", ["x-app-version"]),
  cookie: key(z.array(cookieName).default([]), "Cookies whose values are part of the key.", ["currency"]),
  country: key(z.boolean().default(false), "Make the visitor's country part of the key.", true),
  device: key(
    z.boolean().default(false),
    "Make the class of device, `mobile`, `tablet` or `desktop` by User-Agent, part of the key. The origin gets it as `X-Device-Class`.",
    true,
  ),
  language: key(
    languages,
    "Languages of the site, the default first. The one that suits the visitor's Accept-Language is part of the key and all that the origin gets as Accept-Language.",
    ["en", "de", "pt-BR"],
  ),
});

const cacheVary = mapping({
  ignore: key(
    z
      .array(headerName)
      .max(CACHE_VARY_IGNORE_MAX, { error: () => `${CACHE_VARY_IGNORE_MAX} headers at most` })
      .default([]),
    "Request headers that do not reach the origin with a request that may be cached, and make no variants when it names them in Vary.",
    ["user-agent", "origin"],
  ),
  accept: key(
    z
      .array(mediaType)
      .max(CACHE_ACCEPT_TYPES_MAX, { error: () => `${CACHE_ACCEPT_TYPES_MAX} media types at most` })
      .default([]),
    "Media types that Accept is reduced to: those that the visitor names, in this order, then `*/*`.",
    ["image/avif", "image/webp"],
  ),
  language: key(
    languages,
    "Languages that Accept-Language is reduced to, the default first: like `key.language`, for an origin that says `Vary: Accept-Language`.",
    ["en", "de"],
  ),
});

/** Long form. */
export const cacheLong = mapping({
  edge: key(
    z.union([z.enum(["respect", "bypass"]), duration]).default("respect"),
    "`respect` obeys the origin's headers, a duration overrides them (but never `private` or `no-store`), `bypass` stores nothing.",
    "30d",
  ),
  default: key(
    duration.optional(),
    "With `edge: respect`: lifetime where the origin gives none. Without it, a tenth of the time since Last-Modified.",
    "10m",
  ),
  statuses: key(
    z.record(statusOrClass, duration).default({}),
    "Lifetimes by status or class where the origin gives none. `4xx` covers 404, 405, 410 and 451; others speak of one request and count by number only.",
    {
      404: "1m",
      "5xx": "1s",
    },
  ),
  browser: key(
    z.union([z.literal("respect"), duration]).default("respect"),
    "Lifetime in browsers; `respect` passes the origin's header on.",
    "1h",
  ),
  stale: key(
    mapping({
      revalidate: key(
        duration.default("0s"),
        "How long a stale answer may be served while it is refreshed, where the origin does not say.",
        "1m",
      ),
      error: key(
        duration.default("1d"),
        "How long a stale answer may be served when no origin answers, where the origin does not say.",
        "1d",
      ),
    }).prefault({}),
    "Serving answers that are past their lifetime (RFC 5861).",
  ),
  key: key(cacheKey.prefault({}), "What makes two requests the same, besides host and path."),
  vary: key(cacheVary.prefault({}), "What is made alike in requests that may be cached, so that an origin's Vary makes few variants."),
  bypass: key(
    mapping({
      cookie: key(z.array(cookiePattern).default([]), "Requests with one of these cookies go to the origin and are not stored.", [
        "session",
        "wp_*",
      ]),
    }).prefault({}),
    "Requests that are never answered from the cache.",
  ),
  setCookie: key(
    z.enum(["refuse", "strip", "store"]).default("refuse"),
    "Answers with Set-Cookie: `refuse` does not store them, `strip` stores and serves them without it, `store` gives the cookie of the first visitor to all: never where a cookie names a visitor.",
    "strip",
  ),
  requestCookies: key(
    z.enum(["explicit", "ignore"]).default("explicit"),
    "Requests with cookies: `explicit` stores only what the origin declares shared (public, s-maxage), `ignore` as if there were none.",
    "ignore",
  ),
  tags: key(
    z.array(z.string().regex(/^[\x21-\x7e]{1,128}$/, { error: () => "a tag without spaces" })).default([]),
    "Surrogate keys put on every stored answer, for purging.",
    ["static"],
  ),
  maxObject: key(
    size.default(`${CACHE_OBJECT_BYTES_MAX_DEFAULT / 1024 ** 2}MiB`),
    "Larger answers are passed through and not stored.",
    "10MiB",
  ),
  requestDirectives: key(
    z.enum(["obey", "ignore"]).default("ignore"),
    "Whether a visitor's Cache-Control (`no-cache`, `max-age`, `min-fresh`, `max-stale`) is honoured. With `obey` each visitor can reach the origin at will.",
    "obey",
  ),
  collapse: key(
    duration.default("5s"),
    "How long a request waits for the answer to another one with the same key before it asks the origin itself; `0s` does not wait.",
    "5s",
  ),
});

export const cacheShort = z.union([z.enum(["respect", "bypass"]), duration]);
