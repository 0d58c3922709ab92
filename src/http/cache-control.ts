// Cache-Control (RFC 9111 5.2): parses and formats the field. Pure. Directive names are case-insensitive, values may be tokens
// or quoted strings, and whatever is malformed or said twice in different ways is read in the most restrictive way.

/** Values are seconds. Absent directives are false or null. */
export interface CacheControl {
  readonly noStore: boolean;
  /** True, or the field names of `no-cache="..."` in lower case. */
  readonly noCache: boolean | readonly string[];
  readonly private: boolean | readonly string[];
  readonly public: boolean;
  readonly maxAge: number | null;
  readonly sMaxage: number | null;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly immutable: boolean;
  readonly staleWhileRevalidate: number | null;
  readonly staleIfError: number | null;
  /** Request directives. `Infinity` for a max-stale without a value. */
  readonly maxStale: number | null;
  readonly minFresh: number | null;
  readonly onlyIfCached: boolean;
}

/** RFC 9111 1.2.2: a larger number counts as this one. */
export const DELTA_SECONDS_MAX = 2 ** 31;

export interface Directive {
  /** Lower case. */
  readonly name: string;
  /** Unquoted; null without `=`. */
  readonly value: string | null;
  readonly quoted: boolean;
}

/**
 * Never throws. A freshness directive with a value that is not a number of seconds counts as 0 (RFC 9111 4.2.1: stale); of
 * several the smallest counts.
 */
export function parseCacheControl(value: string | null): CacheControl {
  const directives = parseDirectives(value ?? "");
  const has = (name: string): boolean => directives.some((directive) => directive.name === name);
  return {
    noStore: has("no-store"),
    noCache: fieldsOrTrue(directives, "no-cache"),
    private: fieldsOrTrue(directives, "private"),
    public: has("public"),
    maxAge: smallest(directives, "max-age"),
    sMaxage: smallest(directives, "s-maxage"),
    mustRevalidate: has("must-revalidate"),
    proxyRevalidate: has("proxy-revalidate"),
    mustUnderstand: has("must-understand"),
    noTransform: has("no-transform"),
    immutable: has("immutable"),
    staleWhileRevalidate: smallest(directives, "stale-while-revalidate"),
    staleIfError: smallest(directives, "stale-if-error"),
    maxStale: maxStale(directives),
    minFresh: smallest(directives, "min-fresh"),
    onlyIfCached: has("only-if-cached"),
  };
}

/** All directives in order, unknown ones too. */
export function parseDirectives(value: string): readonly Directive[] {
  return splitOutsideQuotes(value, ",")
    .map(parseDirective)
    .filter((directive) => directive.name !== "");
}

export function formatDirectives(directives: readonly Directive[]): string {
  return directives.map(({ name, value, quoted }) => (value === null ? name : `${name}=${quoted ? quote(value) : value}`)).join(", ");
}

/** Parts of a list field; commas inside quoted strings do not split. An unclosed quote takes the rest. */
export function splitOutsideQuotes(value: string, separator: "," | ";"): readonly string[] {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let index = 0; index < value.length; index++) {
    const char = value[index];
    if (quoted && char === "\\") index++;
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      parts.push(value.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}

function parseDirective(text: string): Directive {
  const equals = text.indexOf("=");
  if (equals === -1) return { name: text.trim().toLowerCase(), value: null, quoted: false };
  const name = text.slice(0, equals).trim().toLowerCase();
  const raw = text.slice(equals + 1).trim();
  if (!raw.startsWith('"')) return { name, value: raw, quoted: false };
  const closed = raw.length > 1 && raw.endsWith('"');
  return { name, value: raw.slice(1, closed ? -1 : undefined).replace(/\\(.)/g, "$1"), quoted: true };
}

/** 5.2.2.4 and 5.2.2.7: an unqualified directive anywhere is stronger than any list of fields. */
function fieldsOrTrue(directives: readonly Directive[], name: string): boolean | readonly string[] {
  const found = directives.filter((directive) => directive.name === name);
  if (found.length === 0) return false;
  const fields = found.map(({ value }) => (value ?? "").split(",").map((field) => field.trim().toLowerCase()).filter((field) => field !== ""));
  return fields.some((list) => list.length === 0) ? true : fields.flat();
}

function smallest(directives: readonly Directive[], name: string): number | null {
  const values = directives.filter((directive) => directive.name === name).map(({ value }) => deltaSeconds(value));
  return values.length === 0 ? null : Math.min(...values);
}

/** RFC 9111 1.2.2. Anything but digits is 0: an answer of unknown lifetime is stale. */
function deltaSeconds(value: string | null): number {
  if (value === null || !/^\d+$/.test(value)) return 0;
  return Math.min(Number(value), DELTA_SECONDS_MAX);
}

/** 5.2.1.2: without a value any staleness is accepted; a malformed value accepts none. */
function maxStale(directives: readonly Directive[]): number | null {
  const found = directives.find((directive) => directive.name === "max-stale");
  if (found === undefined) return null;
  return found.value === null ? Number.POSITIVE_INFINITY : deltaSeconds(found.value);
}

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}
