// Parses a regular expression of the linear-time family (the syntax of Rust's `regex` in byte mode) to a tree over bytes.
// Look-around, back-references, possessive and Unicode constructs have no meaning there and are refused with a reason.
// A character outside ASCII stands for its UTF-8 bytes. The one reader of the tree is `regex.ts`.

import { bytesOfText } from "./bytes.ts";
import { emptySet, escapeClass, foldCase, parseClass, setOfByte, setOfBytes } from "./regex-class.ts";
import { isRefusal, refuse, skipVerbose } from "./regex-reader.ts";
import type { ByteSet } from "./regex-class.ts";
import type { Flags, Reader, RegexProblem } from "./regex-reader.ts";

export type RegexNode =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly set: ByteSet }
  | { readonly kind: "concat"; readonly parts: readonly RegexNode[] }
  | { readonly kind: "alternation"; readonly options: readonly RegexNode[] }
  | { readonly kind: "repeat"; readonly of: RegexNode; readonly min: number; readonly max: number | null; readonly greedy: boolean }
  | { readonly kind: "group"; readonly of: RegexNode; readonly index: number }
  | { readonly kind: "assert"; readonly what: Assertion };

export type Assertion = "start" | "end" | "line-start" | "line-end" | "word" | "not-word";

export interface RegexTree {
  readonly root: RegexNode;
  /** Capture groups, not counting the whole match. */
  readonly groups: number;
}

const GROUP_DEPTH_MAX = 64;
const REPEAT_MAX = 1_000;

/** Parses a pattern. Never throws. */
export function parseRegex(text: string): RegexTree | { readonly problem: RegexProblem } {
  const flags = { ignoreCase: false, multiLine: false, dotAll: false, swapGreed: false, verbose: false };
  const reader: Reader = { text, at: 0, flags, groups: 0, depth: 0 };
  try {
    const root = parseAlternation(reader);
    if (reader.at < text.length) refuse(reader.at, "this ) closes no group; write \\) for the character");
    return { root, groups: reader.groups };
  } catch (error) {
    if (isRefusal(error)) return { problem: error.regexProblem };
    throw error;
  }
}

function parseAlternation(reader: Reader): RegexNode {
  const options = [parseConcat(reader)];
  while (reader.text[reader.at] === "|") {
    reader.at += 1;
    options.push(parseConcat(reader));
  }
  return options.length === 1 ? (options[0] as RegexNode) : { kind: "alternation", options };
}

function parseConcat(reader: Reader): RegexNode {
  const parts: RegexNode[] = [];
  for (;;) {
    skipVerbose(reader);
    const next = reader.text[reader.at];
    if (next === undefined || next === "|" || next === ")") break;
    const atoms = parseAtom(reader);
    // Only the last byte of a character that has several is not what a repetition means, so such a character is one group.
    const last = parseRepeats(reader, atoms.length === 1 ? (atoms[0] as RegexNode) : { kind: "concat", parts: atoms });
    if (last.kind === "concat") parts.push(...last.parts);
    else if (last.kind !== "empty") parts.push(last);
  }
  return parts.length === 0 ? { kind: "empty" } : parts.length === 1 ? (parts[0] as RegexNode) : { kind: "concat", parts };
}

function parseRepeats(reader: Reader, atom: RegexNode): RegexNode {
  let node = atom;
  for (;;) {
    skipVerbose(reader);
    const bounds = parseBounds(reader);
    if (bounds === null) return node;
    if (reader.text[reader.at] === "+") refuse(reader.at, "possessive repetition (++, *+, ?+) is not supported; use a plain one");
    const lazy = reader.text[reader.at] === "?";
    if (lazy) reader.at += 1;
    node = { kind: "repeat", of: node, min: bounds.min, max: bounds.max, greedy: lazy === reader.flags.swapGreed };
  }
}

function parseBounds(reader: Reader): { readonly min: number; readonly max: number | null } | null {
  const symbol = reader.text[reader.at];
  if (symbol === "*" || symbol === "+" || symbol === "?") {
    reader.at += 1;
    return { min: symbol === "+" ? 1 : 0, max: symbol === "?" ? 1 : null };
  }
  if (symbol !== "{") return null;
  const match = /^\{\s*(\d*)\s*(?:(,)\s*(\d*)\s*)?\}/.exec(reader.text.slice(reader.at, reader.at + 32));
  if (match === null || (match[1] === "" && (match[3] ?? "") === ""))
    refuse(reader.at, "after { comes a count such as {2} or {1,3}; write \\{ for the character");
  const min = match[1] === "" ? 0 : Number(match[1]);
  const max = match[2] === undefined ? min : match[3] === "" ? null : Number(match[3]);
  if (min > REPEAT_MAX || (max ?? 0) > REPEAT_MAX) refuse(reader.at, `a repetition counts to ${REPEAT_MAX} at most`);
  if (max !== null && max < min) refuse(reader.at, "this repetition ends before it starts");
  reader.at += match[0].length;
  return { min, max };
}

/** One atom; several nodes for a character of several bytes. */
function parseAtom(reader: Reader): readonly RegexNode[] {
  const at = reader.at;
  const character = String.fromCodePoint(reader.text.codePointAt(at) ?? 0);
  reader.at += character.length;
  if (character === "(") return [parseGroup(reader, at)];
  if (character === "[") return [{ kind: "set", set: parseClass(reader, at) }];
  if (character === "\\") return parseEscape(reader, at);
  if (character === ".") return [{ kind: "set", set: reader.flags.dotAll ? emptySet(1) : setOfBytes((byte) => byte !== 10) }];
  if (character === "^") return [{ kind: "assert", what: reader.flags.multiLine ? "line-start" : "start" }];
  if (character === "$") return [{ kind: "assert", what: reader.flags.multiLine ? "line-end" : "end" }];
  if ("*+?{".includes(character)) refuse(at, `there is nothing before ${character} to repeat; write \\${character} for the character`);
  return literal(reader, bytesOfText(character));
}

function literal(reader: Reader, bytes: string): readonly RegexNode[] {
  return Array.from(bytes, (byte) => {
    const set = setOfByte(byte.charCodeAt(0));
    return { kind: "set", set: reader.flags.ignoreCase ? foldCase(set) : set };
  });
}

function parseEscape(reader: Reader, at: number): readonly RegexNode[] {
  const next = reader.text[reader.at];
  const assertion = ({ A: "start", z: "end", b: "word", B: "not-word" } as const)[next ?? ""];
  if (assertion !== undefined) {
    reader.at += 1;
    if (next === "b" && reader.text[reader.at] === "{") refuse(at, "\\b{...} is not supported; use \\b");
    return [{ kind: "assert", what: assertion }];
  }
  if (next === "Z" || next === "G" || next === "K") refuse(at, `\\${next} is not supported${next === "Z" ? "; use \\z or $" : ""}`);
  const escape = escapeClass(reader, at);
  return "set" in escape ? [{ kind: "set", set: escape.set }] : literal(reader, escape.bytes);
}

function parseGroup(reader: Reader, at: number): RegexNode {
  reader.depth += 1;
  if (reader.depth > GROUP_DEPTH_MAX) refuse(at, `groups are nested more than ${GROUP_DEPTH_MAX} deep`);
  const outer = reader.flags;
  const opening = parseGroupOpening(reader, at);
  if (opening === "flags") {
    reader.depth -= 1;
    return { kind: "empty" };
  }
  let index = 0;
  if (opening === "capture") {
    reader.groups += 1;
    index = reader.groups;
  }
  const of = parseAlternation(reader);
  if (reader.text[reader.at] !== ")") refuse(at, "this group is not closed; write \\( for the character");
  reader.at += 1;
  reader.flags = outer;
  reader.depth -= 1;
  if (opening === "capture") return { kind: "group", of, index };
  return of.kind === "empty" ? { kind: "concat", parts: [] } : { kind: "concat", parts: [of] };
}

function parseGroupOpening(reader: Reader, at: number): "capture" | "plain" | "flags" {
  const rest = reader.text.slice(reader.at);
  if (!rest.startsWith("?")) return "capture";
  if (/^\?(<?[=!])/.test(rest))
    refuse(at, "look-around is not supported: it has no linear-time form; write two conditions joined with and / and not");
  if (rest.startsWith("?>")) refuse(at, "atomic groups are not supported; use (?:...)");
  if (rest.startsWith("?#")) refuse(at, "comments are not supported outside (?x)");
  const name = /^\?P?<([A-Za-z_][A-Za-z0-9_.[\]]*)>/.exec(rest);
  if (name !== null) {
    reader.at += name[0].length;
    return "capture";
  }
  const flags = /^\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])/.exec(rest);
  if (flags === null || (flags[3] === ")" && flags[1] === "" && flags[2] === undefined))
    refuse(at, "this is no kind of group; write \\( for the character");
  reader.flags = withFlags(withFlags(reader.flags, flags[1] ?? "", true, at), flags[2] ?? "", false, at);
  reader.at += flags[0].length;
  return flags[3] === ")" ? "flags" : "plain";
}

function withFlags(flags: Flags, letters: string, on: boolean, at: number): Flags {
  let result = flags;
  for (const letter of letters) {
    if (letter === "i") result = { ...result, ignoreCase: on };
    else if (letter === "m") result = { ...result, multiLine: on };
    else if (letter === "s") result = { ...result, dotAll: on };
    else if (letter === "U") result = { ...result, swapGreed: on };
    else if (letter === "x") result = { ...result, verbose: on };
    else if (letter === "u" && !on) continue;
    else if (letter === "u") refuse(at, "Unicode mode (?u) is not supported: expressions match bytes");
    else refuse(at, `${letter} is not a flag; there are i, m, s, U and x`);
  }
  return result;
}
