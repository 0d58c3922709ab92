// What a firewall rule does. Which action fits which phase is checked in `check/rule-actions.ts`.

import { z } from "zod";
import {
  PAGE_BYTES_MAX,
  RETRY_ATTEMPTS_MAX,
  RATE_LIMIT_CHARACTERISTICS_MAX,
  RATE_LIMIT_REQUESTS_MAX,
  RULE_LOG_FIELDS_MAX,
  RULE_SCORE_MAX,
} from "../../limits.ts";
import { cacheLong, cacheShort } from "./cache.ts";
import { redirectLong, retryLong, timeoutLong } from "./route.ts";
import {
  contentType,
  cookieName,
  duration,
  headerName,
  key,
  mapping,
  name,
  queryName,
  queryPattern,
  redirectTarget,
  text,
} from "./scalars.ts";

const expression = z.string().min(1).max(4096);

const dynamic = mapping({
  expression: key(expression, "An expression that gives a text, a number, an address or a Bool.", 'concat("/v2", http.request.uri.path)'),
});

/** Text with placeholders, or an expression. */
const made = z.union([text(/^[^\r\n]{0,4096}$/, "one line of text"), dynamic]);

function answerKeys(status: number) {
  return {
    status: key(z.int().min(400).max(599).default(status), "Status of the answer.", 429),
    body: key(z.string().max(PAGE_BYTES_MAX).optional(), "Text of the answer; the built-in page otherwise.", "no"),
    json: key(z.json().optional(), "Value of a JSON answer, in place of `body`.", { error: "blocked" }),
    contentType: key(contentType.optional(), "Of `body`; text/plain; charset=utf-8 otherwise.", "text/html; charset=utf-8"),
  };
}

export const blockLong = mapping(answerKeys(403));

export const ruleRedirectLong = mapping({
  to: key(redirectTarget.optional(), "Path or URL, with placeholders such as `{host}`.", "https://www.example.com{path}"),
  expression: key(
    expression.optional(),
    "In place of `to`: an expression that gives the path or URL.",
    'concat("https://www.example.com", http.request.uri.path)',
  ),
  status: redirectLong.shape.status,
  query: redirectLong.shape.query,
});

export const skipLong = mapping({
  rules: key(z.union([z.literal("all"), z.array(name).min(1)]).optional(), "These rules, or `all` that follow in the phase.", ["scrapers"]),
  phases: key(
    z
      .array(z.enum(["origin", "response", "log"]))
      .min(1)
      .optional(),
    "All rules of these later phases.",
    ["response"],
  ),
  rateLimits: key(z.boolean().default(false), "All rate limits of the request.", true),
  managed: key(z.boolean().default(false), "The managed rules.", true),
});

const headerChanges = mapping({
  remove: key(z.array(headerName).default([]), "Taken away, before `set` and `add`.", ["X-Site"]),
  set: key(z.record(headerName, made).default({}), "Set to one value: text with placeholders, or an expression.", {
    "X-Site": { expression: "http.host" },
  }),
  add: key(z.record(headerName, made).default({}), "Added to what is there.", { "X-Site": "value" }),
});

export const rewriteLong = mapping({
  path: key(made.optional(), "The path in place of the visitor's.", {
    expression: 'regex_replace(http.request.uri.path, "^/old/", "/new/")',
  }),
  query: key(
    z
      .union([
        dynamic,
        mapping({
          set: key(z.record(queryName, made).default({}), "Parameters to set.", { lang: "en" }),
          remove: key(z.array(queryPattern).default([]), "Parameters to take away.", ["debug"]),
        }),
      ])
      .optional(),
    "The query: an expression in place of the whole, or changes.",
    { remove: ["utm_*"] },
  ),
  headers: key(headerChanges.optional(), "Headers of the request; in the phase response, of the answer."),
});

export const setLong = mapping({
  pool: key(name.optional(), "The pool that is asked, in place of the route's.", "canary"),
  cache: key(z.union([cacheShort, cacheLong]).optional(), "The cache policy, in place of the route's.", "bypass"),
  timeout: key(z.union([duration, timeoutLong]).optional(), "The timeouts, in place of the route's.", "5s"),
  retry: key(
    z.union([z.literal("off"), z.int().min(1).max(RETRY_ATTEMPTS_MAX), retryLong]).optional(),
    "The retry policy, in place of the route's.",
    "off",
  ),
});

const characteristic = z.union([
  z.enum(["address", "host", "path", "country", "asn"]),
  mapping({ header: key(headerName, "Value of this header.", "X-Api-Key") }),
  mapping({ cookie: key(cookieName, "Value of this cookie.", "session") }),
  mapping({ query: key(queryName, "Value of this parameter.", "token") }),
  mapping({
    jwt: key(text(/^[A-Za-z0-9_.-]{1,64}$/, "a claim such as sub"), "This claim of the bearer token, which is not verified here.", "sub"),
  }),
  dynamic,
]);

export const rateLimitLong = mapping({
  by: key(
    z.array(characteristic).min(1).max(RATE_LIMIT_CHARACTERISTICS_MAX).default(["address"]),
    "What one visitor is known by; IPv6 addresses count by their /64.",
    ["address", { header: "X-Api-Key" }],
  ),
  requests: key(z.int().min(1).max(RATE_LIMIT_REQUESTS_MAX), "So many requests pass ...", 100),
  per: key(duration, "... in this time, 10s to 1d.", "60s"),
  count: key(
    expression.optional(),
    "Which requests are counted, if not those that `when` matches; may look at the answer (`http.response.code`).",
    "http.response.code eq 401",
  ),
  for: key(
    duration.optional(),
    "How long a visitor that is over the limit is answered with 429, up to 1d; without it, until fewer requests are in the time.",
    "10m",
  ),
  exact: key(
    z.boolean().default(false),
    "Counts at one place for all data centres. What `count`, `for` or `per` need is exact anyway.",
    true,
  ),
  unreachable: key(z.enum(["allow", "block"]).default("allow"), "What becomes of requests while the counter does not answer.", "block"),
  ...answerKeys(429),
});

export const logLong = mapping({
  fields: key(
    z
      .record(text(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, "a name of letters, digits and `_`"), expression)
      .refine((record) => Object.keys(record).length <= RULE_LOG_FIELDS_MAX, { error: () => `${RULE_LOG_FIELDS_MAX} fields at most` })
      .default({}),
    "Values for the log line: name and expression.",
    { agent: "http.user_agent" },
  ),
});

export const actionLong = mapping({
  block: key(blockLong.optional(), "Answers with an error.", { status: 429, body: "slow down" }),
  log: key(logLong.optional(), "Writes the match to the log, with values if wanted, and goes on.", {}),
  skip: key(z.union([z.literal("all"), z.array(name).min(1), skipLong]).optional(), "Passes over these rules, or all that follow.", [
    "scrapers",
  ]),
  redirect: key(z.union([redirectLong.shape.to, ruleRedirectLong]).optional(), "Answers with a redirect.", "/blocked"),
  rewrite: key(rewriteLong.optional(), "Changes what the origin is asked; in the phase response, the headers of the answer.", {
    path: "/maintenance",
  }),
  set: key(setLong.optional(), "Replaces parts of the route's policy for this request.", { cache: "bypass" }),
  rateLimit: key(rateLimitLong.optional(), "Limits how many requests of one visitor pass.", { requests: 100, per: "60s" }),
  score: key(
    z.int().min(-RULE_SCORE_MAX).max(RULE_SCORE_MAX).optional(),
    "Adds to the request's score, `bw.score`, which later rules compare.",
    5,
  ),
});
