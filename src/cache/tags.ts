// Surrogate keys of a response: the names by which a purge can reach it. Pure.

/** `Surrogate-Key` (separated by spaces), `Cache-Tag` (by commas) and the route's own, each once. Case matters. */
export function surrogateKeys(headers: Headers, routeTags: readonly string[]): readonly string[] {
  const spaced = (headers.get("surrogate-key") ?? "").split(/[\s,]+/);
  const listed = (headers.get("cache-tag") ?? "").split(",").map((tag) => tag.trim());
  return [...new Set([...spaced, ...listed, ...routeTags])].filter((tag) => tag !== "");
}
