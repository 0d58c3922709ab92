// Cookies of a request, as far as the cache reads them: which names are there, and the first value of one. It never decodes a
// value: two requests whose bytes differ stay different.

/** Name and value pairs in the order of the header (RFC 6265 4.2.1). A part without `=` is a name without a value. */
export function cookiePairs(header: string | null): readonly (readonly [name: string, value: string])[] {
  if (header === null) return [];
  const pairs: [string, string][] = [];
  // Several Cookie lines are joined by the runtime with a comma in HTTP/1.1 and with a semicolon in HTTP/2 (RFC 9113 8.2.3).
  for (const part of header.split(/[;,]/)) {
    const text = part.trim();
    if (text === "") continue;
    const equals = text.indexOf("=");
    pairs.push(equals === -1 ? [text, ""] : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()]);
  }
  return pairs;
}

/** True when the name is in the list, where a trailing `*` stands for any rest. Names are case-sensitive. */
export function nameMatches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
