// A pool: origins that serve the same, and how one is chosen, checked and left out.

import { z } from "zod";
import { CHECK_TIMEOUT_MS_DEFAULT_MAX, ORIGIN_PLACES_MAX, ORIGIN_WEIGHT_MAX, POOL_FALLBACKS_MAX, POOL_ORIGINS_MAX } from "../../limits.ts";
import {
  bindingName,
  cookieName,
  duration,
  headerName,
  headerValue,
  key,
  mapping,
  name,
  secretName,
  statusRange,
  text,
} from "./scalars.ts";

const originUrl = text(
  /^https?:\/\/[^\s?#@]{1,1024}$/,
  "an http(s) URL without user, query and fragment, such as https://web-1.example.net:8443/base",
);

function codes(pattern: RegExp, expected: string) {
  return z.array(text(pattern, expected)).max(ORIGIN_PLACES_MAX).default([]);
}

const place = mapping({
  colos: key(codes(/^[A-Z]{3}$/, "the code of a data centre such as FRA"), "Data centres, by the code of their airport.", ["FRA"]),
  regions: key(codes(/^[A-Z]{2}-[A-Z0-9]{1,3}$/, "a region such as DE-BY"), "Regions of a country (ISO 3166-2).", ["US-CA"]),
  countries: key(codes(/^[A-Z]{2}$/, "a country such as DE"), "Countries (ISO 3166-1).", ["DE", "AT"]),
  continents: key(codes(/^(AF|AN|AS|EU|NA|OC|SA)$/, "one of AF AN AS EU NA OC SA"), "Continents.", ["EU"]),
});

export const originLong = mapping({
  url: key(originUrl, "Scheme, host, port and base path.", "https://web-2.example.net:8443/base"),
  name: key(name.optional(), "Unique in the pool; host and port otherwise.", "web-2"),
  weight: key(z.int().min(0).max(ORIGIN_WEIGHT_MAX).default(1), "Share of the traffic; 0 takes none.", 2),
  backup: key(z.boolean().default(false), "Used only when no other origin of the pool can be.", true),
  service: key(
    bindingName.optional(),
    "Service binding that is asked in place of the network: another Worker of the account. It sees the URL above.",
    "API",
  ),
  serves: key(place.prefault({}), "Whom it is meant for, with `balance: geo`. The most exact match wins; without any it serves the rest."),
  at: key(
    z.tuple([z.number().min(-90).max(90), z.number().min(-180).max(180)]).optional(),
    "Where it stands: latitude and longitude in degrees, for `balance: nearest`.",
    [50.11, 8.68],
  ),
});

export const stickyLong = mapping({
  cookie: key(cookieName.default("bw-origin"), "Name of the cookie.", "bw-origin"),
  ttl: key(duration.optional(), "How long a visitor stays. Without it as long as the browser runs, a day at most.", "1h"),
  secret: key(secretName.default("SIGNING_KEY"), "Name of the Worker's secret that signs the cookie.", "SIGNING_KEY"),
});

export const authLong = mapping({
  kind: key(
    z.enum(["shared", "hmac"]).default("hmac"),
    "`hmac` signs time, method and path, so that a captured header is soon worth nothing; `shared` sends the secret itself.",
    "shared",
  ),
  header: key(headerName.default("X-Breakwater-Auth"), "Header that carries it.", "X-Breakwater-Auth"),
  secret: key(secretName, "Name of the Worker's secret.", "ORIGIN_SECRET"),
});

const HASH_KEYS = ["client", "path", "url", "header", "cookie", "query"] as const;

export const hashLong = mapping({
  by: key(z.enum(HASH_KEYS), "What decides the origin.", "cookie"),
  name: key(text(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "a name").optional(), "Name of the header, cookie or parameter.", "sid"),
});

export const healthLong = mapping({
  type: key(
    z.enum(["http", "tcp"]).default("http"),
    "`tcp` only opens a connection; of the other keys it uses the times and counts.",
    "tcp",
  ),
  host: key(
    text(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, "a host name in lower case").optional(),
    "Host that the check asks for, where the origin's own is not the one that it serves. Needs origins in the Worker's own zone.",
    "www.example.com",
  ),
  path: key(
    text(/^\/[\x21-\x22\x24-\x7e]{0,1023}$/, "a path such as /healthz").default("/"),
    "Asked below the origin's base path.",
    "/healthz",
  ),
  method: key(z.enum(["GET", "HEAD"]).default("GET"), "Method of the check.", "HEAD"),
  interval: key(duration.default("15s"), "Between two checks of an origin.", "10s"),
  timeout: key(
    duration.optional(),
    `To the answer's headers and the part of the body that is looked at. As long as \`interval\` otherwise, but ${CHECK_TIMEOUT_MS_DEFAULT_MAX / 1000}s at most.`,
    "5s",
  ),
  rise: key(z.int().min(1).max(10).default(2), "Successes in a row that make an origin up.", 2),
  fall: key(z.int().min(1).max(10).default(3), "Failures in a row that make an origin down.", 3),
  expect: key(
    z
      .union([z.int().min(100).max(599), statusRange, z.array(z.union([z.int().min(100).max(599), statusRange])).min(1)])
      .default(["200-399"]),
    "Statuses of a healthy origin: one, a range, a class, or a list.",
    "200-399",
  ),
  body: key(z.string().min(1).max(1024).optional(), "Text that the first 64 KiB of the body must contain.", "ok"),
  headers: key(z.record(headerName, headerValue).default({}), "Headers of the check.", { "X-Check": "breakwater" }),
});

export const pool = mapping({
  origins: key(
    z
      .array(z.union([originUrl, originLong]))
      .min(1)
      .max(POOL_ORIGINS_MAX),
    "URLs, or the long form.",
    ["https://web-1.example.net", { url: "https://standby.example.org", backup: true }],
  ),
  balance: key(
    z
      .union([
        z.enum(["round-robin", "random", "least-latency", "geo", "nearest", "hash"]),
        mapping({
          hash: key(z.union([z.enum(["client", "path", "url"]), hashLong]), "The same value goes to the same origin.", {
            by: "cookie",
            name: "sid",
          }),
        }),
      ])
      .default("round-robin"),
    "How an origin is chosen: `round-robin`, `random` (by weight), `least-latency`, `geo` (by `serves`), `nearest` (by `at`), `hash` (by client address), or `{ hash: ... }`.",
    "random",
  ),
  sticky: key(z.union([z.boolean(), stickyLong]).default(false), "Keeps a visitor with one origin by a signed cookie.", { ttl: "1h" }),
  auth: key(
    z.union([secretName, authLong]).optional(),
    "Shows origins that a request came through Breakwater, so that they can refuse all others: the name of a secret, or the long form.",
    { secret: "ORIGIN_SECRET" },
  ),
  health: key(
    z.union([text(/^\/[\x21-\x22\x24-\x7e]{0,1023}$/, "a path such as /healthz"), healthLong]).optional(),
    "Active checks: the path, or the long form. Without it only traffic tells.",
    "/healthz",
  ),
  circuit: key(
    mapping({
      failures: key(z.int().min(1).max(1000).default(3), "Failures in a row that open the circuit: the origin is left out for a while.", 5),
      successRate: key(
        z.number().min(0).max(1).default(0.5),
        "Opens at or below this share of successes, once `volume` requests were seen.",
        0.5,
      ),
      volume: key(z.int().min(1).max(10_000).default(10), "Requests in `window` before `successRate` counts.", 20),
      window: key(duration.default("10s"), "How far back successes are counted.", "30s"),
      open: key(duration.default("1s"), "How long it stays open at first; doubles with every failure after.", "2s"),
      openMax: key(duration.default("30s"), "The longest it stays open.", "1m"),
      closeAfter: key(z.int().min(1).max(100).default(2), "Successes that close it again.", 3),
      connectionFailures: key(z.int().min(1).max(1000).default(2), "Connection failures in a row that open it.", 3),
      ejectedShare: key(
        z.number().min(0).max(1).default(0.5),
        "At most this share of the pool is kept out for failing or slow answers; one origin always stays.",
        0.3,
      ),
      slowStart: key(duration.default("10s"), "After it closed, the origin's share grows from a tenth to all of it in this time.", "30s"),
      decay: key(duration.default("60s"), "After so long without trouble the next opening lasts `open` again.", "2m"),
      share: key(duration.default("10s"), "How long other isolates of the data centre know of it; `0s` tells nobody.", "5s"),
    }).prefault({}),
    "When an isolate stops asking an origin that fails.",
  ),
  trust: key(
    mapping({
      fresh: key(duration.default("180s"), "Verdicts older than this no longer keep an origin out.", "5m"),
      useless: key(duration.default("15m"), "Verdicts older than this are ignored.", "30m"),
      probe: key(duration.default("5s"), "How often an isolate tries an origin that the checks call down.", "10s"),
      panic: key(
        z.number().min(0).max(1).default(0.5),
        "When the checks leave less than this share of the weight, they are not believed. 0 always believes them.",
        0.3,
      ),
      doubted: key(z.number().min(0.01).max(1).default(0.1), "Share of its weight for an origin whose `down` is older than `fresh`.", 0.5),
      contradiction: key(
        z.number().min(0.5).max(1).default(0.95),
        "A `down` is not believed where this share of the last 20 requests was answered well within 2 minutes.",
        0.99,
      ),
    }).prefault({}),
    "How far the verdicts of the health checks are believed.",
  ),
  budget: key(
    mapping({
      ratio: key(z.number().min(0).max(1).default(0.1), "Retries and hedges per request, over 10 s.", 0.2),
      perSecond: key(z.number().min(0).max(1000).default(10), "As many are allowed whatever the traffic.", 5),
    }).prefault({}),
    "How much more than the visitors' requests the origins may see.",
  ),
  fallback: key(
    z.union([name, z.array(name).max(POOL_FALLBACKS_MAX)]).optional(),
    "Pools that take over when this one has nothing to offer, in order; each is followed by its own.",
    "archive",
  ),
});
