// Splits a field value at a separator, the way every list-shaped header needs it: a separator inside a quoted string does not
// count. It interprets nothing and never throws. Callers: the parsers of this folder.

/**
 * The trimmed, non-empty members of `value`. A quote that is never closed is an ordinary character: otherwise `x="a, no-store`
 * would hide what follows it.
 */
export function splitList(value: string, separator: "," | ";" = ","): readonly string[] {
  const members: string[] = [];
  let start = 0;
  let index = 0;
  // After one quote that is never closed no later one is: they are all escaped in the same rhythm. Looking again would cost the
  // square of the length.
  let mayClose = true;
  while (index < value.length) {
    const character = value[index];
    const end = mayClose && character === '"' ? endOfQuoted(value, index) : null;
    if (end !== null) {
      index = end;
      continue;
    }
    if (character === '"') mayClose = false;
    if (character === separator) {
      members.push(value.slice(start, index));
      start = index + 1;
    }
    index += 1;
  }
  members.push(value.slice(start));
  return members.map(trimSpace).filter((member) => member !== "");
}

/**
 * The text of a quoted string (RFC 9110 5.6.4) without quotes and backslashes; null when `text` is not exactly one.
 */
export function unquote(text: string): string | null {
  if (!text.startsWith('"') || endOfQuoted(text, 0) !== text.length) return null;
  return text.slice(1, -1).replaceAll(/\\(.)/gs, "$1");
}

/** `text` as a quoted string. Control characters but the tab have no place in one and are dropped. */
export function quote(text: string): string {
  return `"${text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "").replaceAll(/["\\]/g, "\\$&")}"`;
}

/** Optional white space of RFC 9110 5.6.3 is taken away on both sides: spaces and tabs, nothing else. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

/** The position after the closing quote; null when there is none. */
function endOfQuoted(value: string, start: number): number | null {
  for (let index = start + 1; index < value.length; index++) {
    if (value[index] === "\\") index += 1;
    else if (value[index] === '"') return index + 1;
  }
  return null;
}
