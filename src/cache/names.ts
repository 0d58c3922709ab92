// Names of cookies and query parameters as a route's policy writes them.

/** True when the name is in the list, where a trailing `*` stands for any rest. Case matters. */
export function nameMatches(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
