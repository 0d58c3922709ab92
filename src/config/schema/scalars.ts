// The small types that the schema is built of, and the two helpers that make keys and mappings. A scalar's error text is what
// was expected, in words; `issues.ts` turns it into a diagnostic. Nothing here transforms: what is parsed is what was written.

import { z } from "zod";
import { HEADER_VALUE_CHARS_MAX } from "../../limits.ts";
import { DATE_PATTERN, DURATION_PATTERN, SIZE_PATTERN, STATUS_CLASS_PATTERN, STATUS_RANGE_PATTERN } from "../units.ts";

/** A key with its meaning and an example, both of which reach the JSON Schema and the docs. */
export function key<T extends z.ZodType>(schema: T, description: string, example?: unknown): T {
  return schema.meta(example === undefined ? { description } : { description, examples: [example] });
}

/** A mapping that refuses unknown keys. The error text lists the known ones. */
export function mapping<S extends z.ZodRawShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = Object.keys(shape).join(" ");
  return z.strictObject(shape, { error: (issue) => (issue.code === "unrecognized_keys" ? known : undefined) });
}

/** Text of a fixed form. `expected` completes the sentence "expected ...". */
export function text(pattern: RegExp, expected: string): z.ZodString {
  return z.string({ error: () => expected }).regex(pattern, { error: () => expected, abort: true });
}

export const duration = text(DURATION_PATTERN, "a duration such as 500ms, 10s, 5m, 2h or 30d").meta({ id: "duration" });

export const size = text(SIZE_PATTERN, "a size such as 64KiB, 10MB or 1GiB").meta({ id: "size" });

export const statusRange = text(STATUS_RANGE_PATTERN, "a status, a range or a class such as 200, 200-399 or 2xx");

export const statusOrClass = text(STATUS_CLASS_PATTERN, "a status or a class such as 503 or 5xx");

export const date = text(DATE_PATTERN, "a date such as 2027-01-31, or a moment such as 2027-01-31T18:00:00Z");

/** Names of sites, pools, lists, origins and rules: they reach logs and command lines. */
export const name = text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "a name of letters, digits, `-`, `_` and `.`, 63 characters at most");

/** Of a secret or binding of the Worker: the config never holds a secret itself, since KV and history show it to every operator. */
export const secretName = text(/^[A-Z][A-Z0-9_]{0,63}$/, "the name of a Worker's secret such as ORIGIN_SECRET");

export const bindingName = text(/^[A-Z][A-Z0-9_]{0,63}$/, "the name of a service binding such as API");

/** RFC 9110 5.1: a field name is a token. */
export const headerName = text(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "a header name such as X-Frame-Options");

/** A cookie's name is a token too (RFC 6265 4.1.1). */
export const cookieName = text(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, "a cookie name such as session");

/** A name with an optional `*` at its end. */
export const cookiePattern = text(/^[!#$%&'+.^_`|~0-9A-Za-z-]{1,127}\*?$/, "a cookie name, with `*` at its end for any rest, such as wp_*");

export const queryName = text(/^[^\s&=#]{1,128}$/, "a parameter name such as page");

export const queryPattern = text(/^[^\s&=#*]{1,127}\*?$/, "a parameter name, with `*` at its end for any rest, such as utm_*");

/** RFC 9110 5.5: no control characters, so that no value can start a header of its own. */
export const headerValue = text(new RegExp(`^[\\t\\x20-\\x7e\\x80-\\xff]{0,${HEADER_VALUE_CHARS_MAX}}$`), "one line of Latin text");

/** RFC 9110 8.3: reaches a header as it is. */
export const contentType = text(
  /^[a-z0-9.+-]+\/[a-z0-9.+-]+(; ?[a-z0-9-]+=[a-zA-Z0-9"._-]+)*$/i,
  "a media type such as text/html; charset=utf-8",
);

/** RFC 9110 12.5.1, without wildcards and parameters: a type that a visitor can take by name. */
export const mediaType = text(/^[a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,64}$/i, "a media type such as image/webp");

/** RFC 5646, as far as RFC 4647 compares it. */
export const languageTag = text(/^[a-z]{1,8}(-[a-z0-9]{1,8}){0,7}$/i, "a language such as en or pt-BR");

/** Relative and inside the config's folder: a config from somebody else must not read /etc/passwd into a page. */
export const fileName = text(
  /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\u0000-\u001f\\:]{1,255}$/,
  "a file below the config's folder, such as ./errors/503.html",
);

/** `ws` is not a scheme to redirect to; `javascript:` neither. Placeholders are checked later. */
export const redirectTarget = text(/^(https?:\/\/|\/|\{)[\x21-\x7e]*$/, "a path or an absolute http(s) URL, without spaces");

/** Also an address or CIDR block; its form is checked where line and entry can be shown. */
export const address = text(/^[0-9A-Fa-f:./]{2,64}$/, "an IP address or a CIDR block such as 203.0.113.0/24");
