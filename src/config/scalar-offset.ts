// From a place in a text value to its place in the YAML source, through quotes, escapes, folded lines and block indentation.
// Needed to put the caret of a rule's error under the right character of the user's file. Pure.

import type { Scalar } from "yaml";

/**
 * @param index - UTF-16 units from the start of the scalar's value; what is after its last visible character is its end.
 * @returns The offset in `text`. Where the source cannot be followed, the last place that could.
 */
export function sourceOffset(scalar: Scalar, text: string, index: number): number {
  const [start = 0, end = start] = scalar.range ?? [];
  const value = typeof scalar.value === "string" ? scalar.value : (scalar.source ?? "");
  let offset = contentStart(scalar, text, start);
  const wanted = Math.min(index, value.trimEnd().length);
  for (let done = 0; done < wanted && offset < end;) {
    const step = stepAt({ scalar, text, value }, offset, done);
    if (step === null) return offset;
    offset += step.source;
    done += step.value;
  }
  return wanted === index && index < value.length ? skipLayout(scalar, text, offset, value.charAt(index)) : offset;
}

function contentStart(scalar: Scalar, text: string, start: number): number {
  switch (scalar.type) {
    case "QUOTE_DOUBLE":
    case "QUOTE_SINGLE":
      return start + 1;
    case "BLOCK_LITERAL":
    case "BLOCK_FOLDED":
      return text.indexOf("\n", start) + 1;
    default:
      return start;
  }
}

interface Step {
  /** UTF-16 units consumed on each side. */
  readonly source: number;
  readonly value: number;
}

interface Followed {
  readonly scalar: Scalar;
  readonly text: string;
  readonly value: string;
}

/** One character of the value, with the white space, line breaks and escapes that stand for it in the source. */
function stepAt({ scalar, text, value }: Followed, offset: number, done: number): Step | null {
  const wanted = value.charAt(done);
  if (scalar.type === "QUOTE_DOUBLE" && text[offset] === "\\") return escapeStep(text, offset, value, done);
  if (scalar.type === "QUOTE_SINGLE" && text.startsWith("''", offset)) return { source: 2, value: 1 };
  if (isSpace(wanted) && isSpace(text[offset])) return spaceStep(text, offset, value, done);
  const layout = skipLayout(scalar, text, offset, wanted) - offset;
  return text[offset + layout] === wanted ? { source: layout + 1, value: 1 } : null;
}

/** `\n`, `\"`, `\x41`, `\u0041`, `\U0001f600`, and a line break that the backslash takes away. */
function escapeStep(text: string, offset: number, value: string, done: number): Step {
  const letter = text[offset + 1] ?? "";
  const digits = { x: 2, u: 4, U: 8 }[letter] ?? 0;
  if (letter === "\n") return { source: 2 + (/^\s*/.exec(text.slice(offset + 2))?.[0].length ?? 0), value: 0 };
  return { source: 2 + digits, value: (value.codePointAt(done) ?? 0) > 0xffff ? 2 : 1 };
}

/** A run with a line break may stand for fewer characters (folding); without one it stands for itself, one by one. */
function spaceStep(text: string, offset: number, value: string, done: number): Step {
  const run = /^\s*/.exec(text.slice(offset, offset + 1024))?.[0] ?? "";
  if (!run.includes("\n")) return { source: 1, value: 1 };
  const folded = /^\s*/.exec(value.slice(done, done + 1024))?.[0] ?? "";
  return { source: run.length, value: folded.length };
}

/** Indentation of a block's line that is not part of the value. */
function skipLayout(scalar: Scalar, text: string, offset: number, wanted: string): number {
  if (isSpace(wanted) || scalar.type === "QUOTE_DOUBLE" || scalar.type === "QUOTE_SINGLE") return offset;
  let at = offset;
  while (at < text.length && isSpace(text[at])) at += 1;
  return at;
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\n" || character === "\t" || character === "\r";
}
