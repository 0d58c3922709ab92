// A pool: origins that serve the same, and how one is chosen, checked and left out.

import { z } from "zod";
import { CHECK_TIMEOUT_MS_DEFAULT_MAX, ORIGIN_WEIGHT_MAX, POOL_ORIGINS_MAX } from "../../limits.ts";
import { duration, headerName, headerValue, key, mapping, name, statusRange, text } from "./scalars.ts";

const originUrl = text(
  /^https?:\/\/[^\s?#@]{1,1024}$/,
  "an http(s) URL without user, query and fragment, such as https://web-1.example.net:8443/base",
);

export const originLong = mapping({
  url: key(originUrl, "Scheme, host, port and base path.", "https://web-2.example.net:8443/base"),
  name: key(name.optional(), "Unique in the pool; host and port otherwise.", "web-2"),
  weight: key(z.int().min(0).max(ORIGIN_WEIGHT_MAX).default(1), "Share of the traffic; 0 takes none.", 2),
  backup: key(z.boolean().default(false), "Used only when no other origin of the pool can be.", true),
});

const HASH_KEYS = ["client", "path", "url", "header", "cookie", "query"] as const;

export const hashLong = mapping({
  by: key(z.enum(HASH_KEYS), "What decides the origin.", "cookie"),
  name: key(text(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "a name").optional(), "Name of the header, cookie or parameter.", "sid"),
});

export const healthLong = mapping({
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
        z.enum(["round-robin", "random", "hash"]),
        mapping({
          hash: key(z.union([z.enum(["client", "path", "url"]), hashLong]), "The same value goes to the same origin.", {
            by: "cookie",
            name: "sid",
          }),
        }),
      ])
      .default("round-robin"),
    "How an origin is chosen: `round-robin`, `random` (by weight), `hash` (by client address), or `{ hash: ... }`.",
    "random",
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
    }).prefault({}),
    "When an isolate stops asking an origin that fails.",
  ),
  fallback: key(name.optional(), "Pool that takes over when this one has nothing to offer.", "archive"),
});
