// The media type of a page by its file's name.

const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ["html", "text/html; charset=utf-8"],
  ["htm", "text/html; charset=utf-8"],
  ["json", "application/json"],
  ["xml", "application/xml"],
  ["svg", "image/svg+xml"],
  ["css", "text/css; charset=utf-8"],
  ["js", "text/javascript; charset=utf-8"],
]);

export const PLAIN_TEXT = "text/plain; charset=utf-8";

/** Plain text for all others: the safe reading of a file nobody described. */
export function contentTypeOf(file: string): string {
  const extension = /\.([A-Za-z0-9]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  return BY_EXTENSION.get(extension) ?? PLAIN_TEXT;
}
