// What a header's name and value may consist of (RFC 9110 5.1 and 5.5). A value that passes can neither end its line nor begin
// another one. Callers: header rules, config checks, and every parser that needs a token.

/** A token (RFC 9110 5.6.2): what names of headers, methods and parameters are made of. */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/** In any case; a colon or a space is refused, so HTTP/2 pseudo-headers are too. */
export function isHeaderName(name: string): boolean {
  return isToken(name);
}

/** Visible characters, inner spaces and tabs, and bytes above 127. No CR, LF, NUL or other control, and no space at an end. */
export function isHeaderValue(value: string): boolean {
  return value === "" || (/^[\t\x20-\x7e\x80-\xff]+$/.test(value) && !/^[\t ]|[\t ]$/.test(value));
}

/**
 * The nearest valid value: controls become spaces, characters that no header can carry become `?`. A line break that came in
 * from outside ends here (response splitting).
 */
export function toHeaderValue(text: string): string {
  return text
    .replaceAll(/[\x00-\x1f\x7f]+/g, " ")
    .replaceAll(/[^\x20-\x7e\x80-\xff]/gu, "?")
    .trim();
}
