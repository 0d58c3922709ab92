// Queries as lists of pairs that keep order and every byte; names and values are also given decoded, for comparison only.
// URLSearchParams would re-encode what it did not understand. Callers: cache keys and rewrites.

/** One `name=value` of a query. */
export interface QueryPair {
  /** The whole pair as written. */
  readonly raw: string;
  /** Decoded as a form would be: `+` is a space, escapes that are none stay. */
  readonly name: string;
  readonly value: string;
}

/** `formatQuery(parseQuery(query))` is `query`. Without `?`. */
export function parseQuery(query: string): readonly QueryPair[] {
  return query === "" ? [] : query.split("&").map(queryPair);
}

export function formatQuery(pairs: readonly QueryPair[]): string {
  return pairs.map(({ raw }) => raw).join("&");
}

/** @param raw - As it will stand in the query: without `&`. */
export function queryPair(raw: string): QueryPair {
  const equals = raw.indexOf("=");
  const [name, value] = equals === -1 ? [raw, ""] : [raw.slice(0, equals), raw.slice(equals + 1)];
  return { raw, name: decodeFormText(name), value: decodeFormText(value) };
}

/** Valid escapes are decoded even where others are not; bytes that are no UTF-8 become U+FFFD, so nothing is ever refused. */
function decodeFormText(text: string): string {
  const spaced = text.replaceAll("+", " ");
  if (!spaced.includes("%")) return spaced;
  return spaced.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    const bytes = Uint8Array.from(escapes.slice(1).split("%"), (hex) => Number.parseInt(hex, 16));
    return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes);
  });
}
