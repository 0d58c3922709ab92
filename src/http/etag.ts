// Entity tags (RFC 9110 8.8.3): parsing, the two comparisons, and lists of them. Pure.

export interface EntityTag {
  readonly weak: boolean;
  /** With its quotes. */
  readonly opaque: string;
}

const ETAG = /^(W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;

/** Null for anything that is not an entity tag; such a validator is not used for anything. */
export function parseEntityTag(value: string | null): EntityTag | null {
  const match = ETAG.exec(value?.trim() ?? "");
  return match === null ? null : { weak: match[1] !== undefined, opaque: match[2] ?? "" };
}

/** If-Match and If-None-Match: `*`, or the tags that are well-formed. */
export function parseEntityTagList(value: string): "*" | readonly EntityTag[] {
  if (value.trim() === "*") return "*";
  const tags = value.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.map((tag) => parseEntityTag(tag)).filter((tag) => tag !== null);
}

/** 8.8.3.2: both strong, and the same characters. */
export function strongMatch(a: EntityTag | null, b: EntityTag | null): boolean {
  return a !== null && b !== null && !a.weak && !b.weak && a.opaque === b.opaque;
}

/** 8.8.3.2: the same characters, weak or not. */
export function weakMatch(a: EntityTag | null, b: EntityTag | null): boolean {
  return a !== null && b !== null && a.opaque === b.opaque;
}
