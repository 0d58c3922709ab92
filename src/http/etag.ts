// Entity tags (RFC 9110 8.8.3): parsing, the two comparisons, and the lists of If-Match and If-None-Match. A tag that does not
// follow the grammar matches nothing, so doubt costs a full answer and never a wrong 304.

export interface EntityTag {
  readonly weak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

const TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/y;

/** Null when `value` is absent or not exactly one entity tag. */
export function parseEntityTag(value: string | null): EntityTag | null {
  if (value === null) return null;
  const text = value.trim();
  const found = tagAt(text, 0);
  return found !== null && found.end === text.length ? found.tag : null;
}

export function formatEntityTag(tag: EntityTag): string {
  return `${tag.weak ? "W/" : ""}${tag.opaque}`;
}

/** The tags of an If-Match or If-None-Match; members that are no tags are left out. A comma may be part of a tag. */
export function parseEntityTagList(value: string): "*" | readonly EntityTag[] {
  const text = value.trim();
  if (text === "*") return "*";
  const tags: EntityTag[] = [];
  let index = 0;
  while (index < text.length) {
    const found = tagAt(text, index);
    const end = found?.end ?? index;
    const comma = text.indexOf(",", end);
    const next = comma === -1 ? text.length : comma;
    // What follows a tag before the next comma makes the member something else.
    if (found !== null && text.slice(end, next).trim() === "") tags.push(found.tag);
    index = next + 1;
    while (text[index] === " " || text[index] === "\t") index += 1;
  }
  return tags;
}

/** Both strong and equal: needed wherever bytes are put together (ranges) or overwritten (RFC 9110 8.8.3.2). */
export function strongMatch(a: EntityTag | null, b: EntityTag | null): boolean {
  return a !== null && b !== null && !a.weak && !b.weak && a.opaque === b.opaque;
}

/** Equal, weak or not: enough to say that nothing changed. */
export function weakMatch(a: EntityTag | null, b: EntityTag | null): boolean {
  return a !== null && b !== null && a.opaque === b.opaque;
}

function tagAt(text: string, index: number): { readonly tag: EntityTag; readonly end: number } | null {
  TAG.lastIndex = index;
  const match = TAG.exec(text);
  if (match === null) return null;
  return { tag: { weak: match[1] !== undefined, opaque: match[2] ?? "" }, end: index + match[0].length };
}
