// Lists and firewall rules. The language of `when` is checked in `check/rules.ts`, not here; what a rule does is in
// `schema/rule-action.ts`.

import { z } from "zod";
import { LIST_COMMENT_CHARS_MAX, LIST_ENTRIES_MAX, RULE_TESTS_MAX } from "../../limits.ts";
import { actionLong } from "./rule-action.ts";
import { METHODS } from "./route.ts";
import { address, date, fileName, headerName, headerValue, key, mapping, name, size, text } from "./scalars.ts";

export const listEntryLong = mapping({
  value: key(z.union([z.string().max(1024), z.int()]), "The entry.", "203.0.113.7"),
  expires: key(date.optional(), "Through this day (UTC), or until this moment; then the entry is none.", "2027-01-31"),
  comment: key(z.string().max(LIST_COMMENT_CHARS_MAX).optional(), "For people.", "scraper, asked twice"),
});

export const list = mapping({
  kind: key(z.enum(["ip", "asn", "country", "string", "host"]), "Type of the entries.", "ip"),
  description: key(z.string().max(500).default(""), "For people.", "Offices and their VPN."),
  entries: key(
    z
      .array(z.union([z.string().max(1024), z.int(), listEntryLong]))
      .max(LIST_ENTRIES_MAX)
      .optional(),
    "The entries: each alone, or the long form.",
    ["203.0.113.0/24", "2001:db8::/32"],
  ),
  file: key(
    fileName.optional(),
    "File with one entry per line, in place of `entries`; `expires=2027-01-31` may follow it, and `#` starts a comment.",
    "./scrapers.txt",
  ),
});

/** Names that the language can write after `$`. */
export const listName = text(/^[a-z0-9_.]{1,50}$/, "a list name of lower-case letters, digits, `_` and `.`");

export const inspection = mapping({
  bytes: key(size.default("64KiB"), "So much of a request's body is read for rules that look at it, 8KiB to 1MiB.", "128KiB"),
  over: key(
    z.enum(["prefix", "block", "skip"]).default("prefix"),
    "Of a longer body: rules see its beginning (`prefix`), the request is answered with 413 (`block`), or rules see no body (`skip`).",
    "block",
  ),
});

export const testLong = mapping({
  method: key(z.enum(METHODS).default("GET"), "Method.", "POST"),
  url: key(
    text(/^(https?:\/\/[^\s/]+)?\/[^\s#]*$/, "a path or an absolute URL").default("/"),
    "Path, or absolute URL for another host.",
    "/login?next=/",
  ),
  headers: key(z.record(headerName, headerValue).default({}), "Headers.", { "User-Agent": "curl/8" }),
  address: key(address.optional(), "Client address; 198.51.100.1 otherwise.", "203.0.113.7"),
  country: key(text(/^[A-Z]{2}$/, "a country code such as DE").optional(), "Client country.", "DE"),
  asn: key(z.int().min(0).max(4_294_967_295).optional(), "Client AS number.", 64496),
  body: key(z.string().max(65_536).optional(), "Body of the request, for rules that look at it.", "user=a&password=b"),
  status: key(z.int().min(100).max(599).optional(), "Status of the answer, for rules of the phases response and log.", 404),
  responseHeaders: key(z.record(headerName, headerValue).default({}), "Headers of the answer, for the same.", {
    "Content-Type": "text/html",
  }),
});

const tests = z
  .array(z.union([text(/^([A-Z]+ )?(https?:\/\/[^\s/]+)?\/[^\s#]*$/, "a request such as `GET /path`"), testLong]))
  .max(RULE_TESTS_MAX)
  .default([]);

export const rule = mapping({
  id: key(name, "Unique; shown in logs and on the block page.", "block-wp"),
  description: key(z.string().max(500).default(""), "For people.", "Nobody here runs WordPress."),
  phase: key(
    z.enum(["request", "origin", "response", "log"]).default("request"),
    "When it runs: on every request before the cache, before an origin is asked, on the answer, or when the log line is written.",
    "response",
  ),
  when: key(z.string().min(1), "Expression in the rules language.", 'http.request.uri.path contains "/wp-"'),
  action: key(
    z.union([z.enum(["block", "log", "skip"]), actionLong]),
    "`block`, `log`, `skip` (all that follow in the phase), or the long form.",
    "block",
  ),
  mode: key(z.enum(["enforce", "log"]).default("enforce"), "`log` writes what the rule would have done and does nothing.", "log"),
  enabled: key(z.boolean().default(true), "`false` keeps the rule without using it.", false),
  expires: key(date.optional(), "Through this day (UTC), or until this moment; then the rule stops.", "2027-01-31"),
  owner: key(z.string().max(100).default(""), "Whom to ask.", "web-team"),
  tests: key(
    mapping({
      match: key(tests, "Requests that the rule must match: `GET /path`, or the long form.", ["GET /wp-login.php"]),
      pass: key(tests, "Requests that it must not match.", ["GET /shop/wp-press"]),
    }).prefault({}),
    "Requests that publishing runs the rule on; it is refused when one fails.",
  ),
});
