// Makes text safe inside a URL: what may not stand there is percent-encoded, what is already encoded stays. Used wherever a
// template's value becomes part of a path, a query or a Location.

/** Escapes that are valid stay as they are, so a value taken from a URL is not encoded twice. Lone surrogates become U+FFFD. */
export function encodePathText(text: string): string {
  return encodeExcept(text, /%[0-9A-Fa-f]{2}|[A-Za-z0-9\-._~!$&'()*+,;=:@/]/y);
}

/** For a whole query: `&` and `=` keep their meaning. */
export function encodeQueryText(text: string): string {
  return encodeExcept(text, /%[0-9A-Fa-f]{2}|[A-Za-z0-9\-._~!$&'()*+,;=:@/?]/y);
}

/** For one name or value of a query: what separates pairs, and `+`, is encoded. */
export function encodeQueryPart(text: string): string {
  return encodeExcept(text, /%[0-9A-Fa-f]{2}|[A-Za-z0-9\-._~!$'()*,;:@/?]/y);
}

/** For a whole URL reference, which may have a scheme, a host in brackets and a fragment. */
export function encodeUrlText(text: string): string {
  return encodeExcept(text, /%[0-9A-Fa-f]{2}|[A-Za-z0-9\-._~!$&'()*+,;=:@/?#[\]]/y);
}

function encodeExcept(text: string, kept: RegExp): string {
  let encoded = "";
  let index = 0;
  while (index < text.length) {
    kept.lastIndex = index;
    const character = kept.exec(text)?.[0];
    if (character !== undefined) {
      encoded += character;
      index += character.length;
      continue;
    }
    const point = String.fromCodePoint(text.codePointAt(index) ?? 0xfffd);
    encoded += percentEncode(point);
    index += point.length;
  }
  return encoded;
}

function percentEncode(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
