// Cookie and Set-Cookie (RFC 6265) as values. Nothing is decoded and nothing unknown is lost: what is read and written again is what
// was sent. Callers: cache keys and bypasses, route conditions, origin names in cookies.

import { isHeaderValue } from "./header-syntax.ts";
import { trimSpace } from "./list.ts";

/** Pairs of a Cookie header in order. A pair without `=` is a value without a name, as browsers send it (RFC 6265bis 5.7.3). */
export function parseCookies(header: string | null): readonly (readonly [name: string, value: string])[] {
  return (header ?? "")
    .split(";")
    .map(trimSpace)
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name, value] = splitPair(pair);
      return value === null ? ["", name] : [name, value];
    });
}

/**
 * The headers without cookies of these names: the same object where there is none, else a copy whose other cookies are as they came.
 * Two Cookie lines may have been joined by a comma, so a name is looked for behind one, too.
 */
export function withoutCookies(headers: Headers, names: readonly string[]): Headers {
  const header = names.length === 0 ? null : headers.get("cookie");
  if (header === null) return headers;
  const isKept = (pair: string): boolean => {
    const [name, value] = splitPair(pair);
    return value === null || !names.includes(name);
  };
  if (header.split(/[;,]/).map(trimSpace).every(isKept)) return headers;
  const parts = header.split(";").map((part) =>
    part
      .split(",")
      .filter((pair) => isKept(trimSpace(pair)))
      .join(","),
  );
  const cookie = trimSpace(parts.filter((part) => trimSpace(part) !== "").join(";"));
  const copy = new Headers(headers);
  if (cookie === "") copy.delete("cookie");
  else copy.set("cookie", cookie);
  return copy;
}

/** Values of all cookies of this name; names are case-sensitive. */
export function cookieValues(header: string | null, name: string): readonly string[] {
  return parseCookies(header).flatMap(([own, value]) => (own === name ? [value] : []));
}

export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** In order, names as written, null without `=`. Unknown ones too. */
  readonly attributes: readonly (readonly [name: string, value: string | null])[];
}

/** Null when there is neither a name nor a value: browsers ignore such a line. */
export function parseSetCookie(line: string): SetCookie | null {
  const [pair = "", ...rest] = line.split(";").map(trimSpace);
  const [first, second] = splitPair(pair);
  const [name, value] = second === null ? ["", first] : [first, second];
  if (name === "" && value === "") return null;
  return { name, value, attributes: rest.filter((attribute) => attribute !== "").map(splitPair) };
}

/** One line. A cookie that could end the line is not written: null. */
export function formatSetCookie({ name, value, attributes }: SetCookie): string | null {
  // Without its `=` a nameless value that has one would get a name.
  const pair = name === "" && !value.includes("=") ? value : `${name}=${value}`;
  const line = [pair, ...attributes.map(([key, text]) => (text === null ? key : `${key}=${text}`))].join("; ");
  return isHeaderValue(line) ? line : null;
}

/** The value of the last attribute of this name, which is the one that counts; undefined when absent. */
export function cookieAttribute(cookie: SetCookie, name: string): string | null | undefined {
  return cookie.attributes.findLast(([key]) => key.toLowerCase() === name)?.[1];
}

function splitPair(pair: string): readonly [string, string | null] {
  const equals = pair.indexOf("=");
  return equals === -1 ? [pair, null] : [trimSpace(pair.slice(0, equals)), trimSpace(pair.slice(equals + 1))];
}
