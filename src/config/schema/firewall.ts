// Lists and firewall rules. The language of `when` is checked in `check/rules.ts`, not here.

import { z } from "zod";
import { LIST_ENTRIES_MAX, PAGE_BYTES_MAX, RULE_TESTS_MAX } from "../../limits.ts";
import { address, contentType, date, fileName, headerName, headerValue, key, mapping, name, text } from "./scalars.ts";
import { METHODS, redirectLong } from "./route.ts";

export const list = mapping({
  kind: key(z.enum(["ip", "asn", "country", "string", "host"]), "Type of the entries.", "ip"),
  entries: key(
    z
      .array(z.union([z.string().max(1024), z.int()]))
      .max(LIST_ENTRIES_MAX)
      .optional(),
    "The entries.",
    ["203.0.113.0/24", "2001:db8::/32"],
  ),
  file: key(fileName.optional(), "File with one entry per line, in place of `entries`; `#` starts a comment.", "./scrapers.txt"),
});

/** Names that the language can write after `$`. */
export const listName = text(/^[a-z0-9_.]{1,50}$/, "a list name of lower-case letters, digits, `_` and `.`");

export const blockLong = mapping({
  status: key(z.int().min(400).max(599).default(403), "Status of the answer.", 429),
  body: key(z.string().max(PAGE_BYTES_MAX).optional(), "Text of the answer; the built-in page otherwise.", "no"),
  json: key(z.json().optional(), "Value of a JSON answer, in place of `body`.", { error: "blocked" }),
  contentType: key(contentType.optional(), "Of `body`; text/plain; charset=utf-8 otherwise.", "text/html; charset=utf-8"),
});

export const actionLong = mapping({
  block: key(blockLong.optional(), "Answers with an error.", { status: 429, body: "slow down" }),
  log: key(mapping({}).optional(), "Writes the match to the log and goes on.", {}),
  skip: key(z.union([z.literal("all"), z.array(name).min(1)]).optional(), "Passes over these rules, or all that follow.", ["scrapers"]),
  redirect: key(z.union([redirectLong.shape.to, redirectLong]).optional(), "Answers with a redirect.", "/blocked"),
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
});

const tests = z
  .array(z.union([text(/^([A-Z]+ )?(https?:\/\/[^\s/]+)?\/[^\s#]*$/, "a request such as `GET /path`"), testLong]))
  .max(RULE_TESTS_MAX)
  .default([]);

export const rule = mapping({
  id: key(name, "Unique; shown in logs and on the block page.", "block-wp"),
  description: key(z.string().max(500).default(""), "For people.", "Nobody here runs WordPress."),
  when: key(z.string().min(1), "Expression in the rules language.", 'http.request.uri.path contains "/wp-"'),
  action: key(
    z.union([z.enum(["block", "log", "skip"]), actionLong]),
    "`block`, `log`, `skip` (all that follow), or the long form.",
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
