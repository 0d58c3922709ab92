// Sets of bytes in a regular expression: escapes such as \d, bracket classes with their set operations, POSIX names, and case
// folding for ASCII. A class becomes a table of 256 flags, so that negation and intersection need no thought.

import { bytesOfText } from "./bytes.ts";
import { refuse, skipVerbose } from "./regex-reader.ts";
import type { Reader } from "./regex-reader.ts";

/** 256 entries, one where the byte belongs to the set. */
export type ByteSet = Uint8Array;

const POSIX: Readonly<Record<string, (byte: number) => boolean>> = {
  alnum: (byte) => isAlpha(byte) || isDigit(byte),
  alpha: isAlpha,
  ascii: (byte) => byte < 128,
  blank: (byte) => byte === 9 || byte === 32,
  cntrl: (byte) => byte < 32 || byte === 127,
  digit: isDigit,
  graph: (byte) => byte > 32 && byte < 127,
  lower: (byte) => byte >= 97 && byte <= 122,
  print: (byte) => byte >= 32 && byte < 127,
  punct: (byte) => byte > 32 && byte < 127 && !isAlpha(byte) && !isDigit(byte),
  space: isSpace,
  upper: (byte) => byte >= 65 && byte <= 90,
  word: isWordByte,
  xdigit: (byte) => isDigit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102),
};

const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** All bytes for which a test holds. */
export function setOfBytes(belongs: (byte: number) => boolean): ByteSet {
  const set = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte += 1) if (belongs(byte)) set[byte] = 1;
  return set;
}

/** One byte alone. */
export function setOfByte(byte: number): ByteSet {
  const set = new Uint8Array(256);
  set[byte] = 1;
  return set;
}

/** No byte (0), or every byte (1). */
export function emptySet(fill: 0 | 1 = 0): ByteSet {
  return new Uint8Array(256).fill(fill);
}

/** Adds the other case of every ASCII letter in the set. */
export function foldCase(set: ByteSet): ByteSet {
  return setOfBytes((byte) => set[byte] === 1 || (isAlpha(byte) && set[byte ^ 32] === 1));
}

/** A to Z, a to z, 0 to 9 and the underscore. */
export function isWordByte(byte: number): boolean {
  return isAlpha(byte) || isDigit(byte) || byte === 95;
}

/** The escape after a backslash at `at`; the reader stands behind the backslash. Either a set or literal bytes. */
export function escapeClass(reader: Reader, at: number): { readonly set: ByteSet } | { readonly bytes: string } {
  const next = String.fromCodePoint(reader.text.codePointAt(reader.at) ?? 0);
  if (reader.at >= reader.text.length) refuse(at, "the pattern ends with a backslash; write \\\\ for the character");
  reader.at += next.length;
  const named = ({ d: isDigit, s: isSpace, w: isWordByte } as const)[next.toLowerCase()];
  if (named !== undefined) return { set: setOfBytes((byte) => named(byte) === (next === next.toLowerCase())) };
  const control = CONTROL[next];
  if (control !== undefined) return { bytes: String.fromCharCode(control) };
  if (next === "x" || next === "u" || next === "U") return { bytes: hexEscape(reader, at, next) };
  if (next === "p" || next === "P") refuse(at, "Unicode classes are not supported: expressions match bytes");
  if (/[0-9k]/.test(next)) refuse(at, `\\${next} looks like a back-reference, which has no linear-time form; write \\x00 for a NUL byte`);
  if (/[A-Za-z<>]/.test(next)) refuse(at, `\\${next} is not an escape`);
  if (bytesOfText(next).length > 1) refuse(at, "only ASCII characters can be escaped");
  return { bytes: next };
}

function hexEscape(reader: Reader, at: number, letter: "x" | "u" | "U"): string {
  const digits = { x: 2, u: 4, U: 8 }[letter];
  const rest = reader.text.slice(reader.at);
  const match = /^\{([0-9a-fA-F]{1,8})\}/.exec(rest) ?? new RegExp(`^([0-9a-fA-F]{${digits}})`).exec(rest);
  if (match === null) refuse(at, `after \\${letter} come ${digits} hexadecimal digits`);
  reader.at += match[0].length;
  const code = Number.parseInt(match[1] ?? "", 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) refuse(at, "this is not a character");
  // Two plain digits name a byte; every other form names a character, which is its UTF-8 bytes.
  return letter === "x" && !match[0].startsWith("{") ? String.fromCharCode(code) : bytesOfText(String.fromCodePoint(code));
}

/** A bracket class; the reader stands behind its `[`, which is at `at`. */
export function parseClass(reader: Reader, at: number): ByteSet {
  reader.depth += 1;
  if (reader.depth > 64) refuse(at, "classes are nested too deep");
  const negated = reader.text[reader.at] === "^";
  if (negated) reader.at += 1;
  let set = parseUnion(reader, at, true);
  for (;;) {
    const operator = reader.text.slice(reader.at, reader.at + 2);
    if (operator !== "&&" && operator !== "--" && operator !== "~~") break;
    reader.at += 2;
    set = combine(operator, set, parseUnion(reader, at, false));
  }
  reader.at += 1;
  reader.depth -= 1;
  return negated ? setOfBytes((byte) => set[byte] === 0) : set;
}

function combine(operator: "&&" | "--" | "~~", left: ByteSet, right: ByteSet): ByteSet {
  return setOfBytes((byte) => {
    const [inLeft, inRight] = [left[byte] === 1, right[byte] === 1];
    return operator === "&&" ? inLeft && inRight : operator === "--" ? inLeft && !inRight : inLeft !== inRight;
  });
}

/** Items up to `]` or a set operation. */
function parseUnion(reader: Reader, at: number, first: boolean): ByteSet {
  const set = emptySet();
  let mayClose = !first;
  for (;;) {
    skipVerbose(reader);
    const rest = reader.text.slice(reader.at, reader.at + 2);
    if (rest === "") refuse(at, "this class is not closed; write \\[ for the character");
    if (rest.startsWith("]") && mayClose) break;
    if (mayClose && (rest === "&&" || rest === "--" || rest === "~~")) break;
    mayClose = true;
    const item = parseItem(reader, at);
    for (let byte = 0; byte < 256; byte += 1) set[byte] = (set[byte] ?? 0) | (item[byte] ?? 0);
  }
  return reader.flags.ignoreCase ? foldCase(set) : set;
}

function parseItem(reader: Reader, at: number): ByteSet {
  if (reader.text[reader.at] === "[") {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(reader.text.slice(reader.at, reader.at + 16));
    const belongs = posix === null ? undefined : POSIX[posix[2] ?? ""];
    if (posix !== null && belongs === undefined) refuse(reader.at, `[:${posix[2]}:] is not a class`);
    if (posix !== null && belongs !== undefined) {
      reader.at += posix[0].length;
      return setOfBytes((byte) => belongs(byte) === (posix[1] === ""));
    }
    reader.at += 1;
    return parseClass(reader, reader.at - 1);
  }
  const from = parseClassByte(reader, at);
  if (typeof from !== "number") return from;
  skipVerbose(reader);
  const isRange = reader.text[reader.at] === "-" && reader.text[reader.at + 1] !== "]" && reader.text[reader.at + 1] !== "-";
  if (!isRange) return setOfByte(from);
  const rangeAt = reader.at;
  reader.at += 1;
  skipVerbose(reader);
  if (reader.text[reader.at] === "[") refuse(rangeAt, "a range ends with a character, not with a class");
  const to = parseClassByte(reader, at);
  if (typeof to !== "number") return refuse(rangeAt, "a range ends with a character, not with a class");
  if (to < from) refuse(rangeAt, "this range ends before it starts");
  return setOfBytes((byte) => byte >= from && byte <= to);
}

function parseClassByte(reader: Reader, classAt: number): number | ByteSet {
  const at = reader.at;
  if (at >= reader.text.length) refuse(classAt, "this class is not closed; write \\[ for the character");
  const character = String.fromCodePoint(reader.text.codePointAt(at) ?? 0);
  reader.at += character.length;
  const escape = character === "\\" ? escapeClass(reader, at) : { bytes: bytesOfText(character) };
  if ("set" in escape) return escape.set;
  if (escape.bytes.length !== 1)
    refuse(at, "a class matches one byte, and this character has several; write it as an alternative: (?:é|...)");
  return escape.bytes.charCodeAt(0);
}

function isAlpha(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
