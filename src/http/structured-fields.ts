// Structured fields (RFC 9651): items, lists and dictionaries to values. Strict, as the RFC demands: one wrong character and the
// whole field is no value. Writing them is `structured-fields-format.ts`. Callers: targeted cache control and Cache-Status.

import { STRUCTURED_FIELD_CHARS_MAX } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";

export type BareItem =
  | { readonly type: "integer"; readonly value: number }
  | { readonly type: "decimal"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "token"; readonly value: string }
  | { readonly type: "bytes"; readonly value: Uint8Array }
  | { readonly type: "boolean"; readonly value: boolean }
  /** Seconds since the epoch. */
  | { readonly type: "date"; readonly value: number }
  | { readonly type: "display-string"; readonly value: string };

export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly kind: "item";
  readonly value: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly kind: "inner-list";
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Member = Item | InnerList;

/** Where the text stops being a structured field, counted in characters from 0, and what would have been one. */
export interface StructuredFieldProblem {
  readonly at: number;
  readonly expected: string;
}

type Parsed<T> = Result<T, StructuredFieldProblem>;

/** A position in the text; local to one parse. */
interface Cursor {
  readonly text: string;
  at: number;
}

export function parseItem(text: string): Parsed<Item> {
  return whole(text, item);
}

export function parseList(text: string): Parsed<readonly Member[]> {
  return whole(text, (cursor) => {
    const members: Member[] = [];
    return separated(cursor, () => push(members, member(cursor)), members);
  });
}

/** Of equal keys the last counts, in the place of the first (RFC 9651 4.2.2). */
export function parseDictionary(text: string): Parsed<ReadonlyMap<string, Member>> {
  return whole(text, (cursor) => {
    const members = new Map<string, Member>();
    const one = (): Parsed<unknown> => {
      const name = key(cursor);
      if (!name.ok) return name;
      const value = take(cursor, "=") ? member(cursor) : withParameters(cursor, { type: "boolean", value: true });
      if (value.ok) members.set(name.value, value.value);
      return value;
    };
    return separated<ReadonlyMap<string, Member>>(cursor, one, members);
  });
}

function whole<T>(text: string, parse: (cursor: Cursor) => Parsed<T>): Parsed<T> {
  const cursor: Cursor = { text, at: 0 };
  if (text.length > STRUCTURED_FIELD_CHARS_MAX) return expected(cursor, `at most ${STRUCTURED_FIELD_CHARS_MAX} characters`);
  skip(cursor, / */y);
  const parsed = parse(cursor);
  if (!parsed.ok) return parsed;
  skip(cursor, / */y);
  return cursor.at === text.length ? parsed : expected(cursor, "the end");
}

/** Members with commas between them; none at all is an empty list. */
function separated<T>(cursor: Cursor, one: () => Parsed<unknown>, result: T): Parsed<T> {
  if (cursor.at === cursor.text.length) return ok(result);
  for (;;) {
    const parsed = one();
    if (!parsed.ok) return parsed;
    skip(cursor, /[ \t]*/y);
    if (cursor.at === cursor.text.length) return ok(result);
    if (!take(cursor, ",")) return expected(cursor, "a comma");
    skip(cursor, /[ \t]*/y);
    if (cursor.at === cursor.text.length) return expected(cursor, "a member after the comma");
  }
}

function push<T>(list: T[], parsed: Parsed<T>): Parsed<T> {
  if (parsed.ok) list.push(parsed.value);
  return parsed;
}

function member(cursor: Cursor): Parsed<Member> {
  return cursor.text[cursor.at] === "(" ? innerList(cursor) : item(cursor);
}

function innerList(cursor: Cursor): Parsed<InnerList> {
  cursor.at += 1;
  const items: Item[] = [];
  for (;;) {
    skip(cursor, / */y);
    if (take(cursor, ")")) {
      const parameters = parametersAt(cursor);
      return parameters.ok ? ok({ kind: "inner-list", items, parameters: parameters.value }) : parameters;
    }
    const parsed = push(items, item(cursor));
    if (!parsed.ok) return parsed;
    const next = cursor.text[cursor.at];
    if (next !== " " && next !== ")") return expected(cursor, "a space or a closing parenthesis");
  }
}

function item(cursor: Cursor): Parsed<Item> {
  const value = bareItem(cursor);
  return value.ok ? withParameters(cursor, value.value) : value;
}

function withParameters(cursor: Cursor, value: BareItem): Parsed<Item> {
  const parameters = parametersAt(cursor);
  return parameters.ok ? ok({ kind: "item", value, parameters: parameters.value }) : parameters;
}

function parametersAt(cursor: Cursor): Parsed<Parameters> {
  const parameters = new Map<string, BareItem>();
  while (take(cursor, ";")) {
    skip(cursor, / */y);
    const name = key(cursor);
    if (!name.ok) return name;
    const value: Parsed<BareItem> = take(cursor, "=") ? bareItem(cursor) : ok({ type: "boolean", value: true });
    if (!value.ok) return value;
    parameters.set(name.value, value.value);
  }
  return ok(parameters);
}

function key(cursor: Cursor): Parsed<string> {
  const name = match(cursor, /[a-z*][a-z0-9_\-.*]*/y);
  return name === null ? expected(cursor, "a key in lower case") : ok(name);
}

function bareItem(cursor: Cursor): Parsed<BareItem> {
  const first = cursor.text[cursor.at] ?? "";
  if (/[-0-9]/.test(first)) return number(cursor);
  if (first === '"') return string(cursor);
  if (first === ":") return bytes(cursor);
  if (first === "?") return boolean(cursor);
  if (first === "@") return date(cursor);
  if (first === "%") return displayString(cursor);
  const token = match(cursor, /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y);
  return token === null ? expected(cursor, "an item") : ok({ type: "token", value: token });
}

function number(cursor: Cursor): Parsed<Extract<BareItem, { type: "integer" | "decimal" }>> {
  const digits = match(cursor, /-?[0-9]+(?:\.[0-9]+)?(?![0-9.])/y);
  const [integer = "", fraction] = (digits ?? "").replace("-", "").split(".");
  if (digits === null) return expected(cursor, "a number");
  if (fraction === undefined && integer.length <= 15) return ok({ type: "integer", value: Number(digits) });
  if (fraction !== undefined && integer.length <= 12 && fraction.length <= 3) return ok({ type: "decimal", value: Number(digits) });
  return expected(cursor, "a number of at most 15 digits, or 12 and 3");
}

function string(cursor: Cursor): Parsed<BareItem> {
  const text = match(cursor, /"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y);
  if (text === null) return expected(cursor, "a string in ASCII with its closing quote");
  return ok({ type: "string", value: text.slice(1, -1).replaceAll(/\\(.)/g, "$1") });
}

function bytes(cursor: Cursor): Parsed<BareItem> {
  const text = match(cursor, /:[A-Za-z0-9+/]*={0,2}:/y);
  if (text === null) return expected(cursor, "base64 between colons");
  try {
    return ok({ type: "bytes", value: Uint8Array.from(atob(text.slice(1, -1)), (character) => character.charCodeAt(0)) });
  } catch {
    return expected(cursor, "base64 between colons");
  }
}

function boolean(cursor: Cursor): Parsed<BareItem> {
  const text = match(cursor, /\?[01]/y);
  return text === null ? expected(cursor, "?0 or ?1") : ok({ type: "boolean", value: text === "?1" });
}

function date(cursor: Cursor): Parsed<BareItem> {
  cursor.at += 1;
  const seconds = number(cursor);
  if (!seconds.ok) return seconds;
  return seconds.value.type === "integer" ? ok({ type: "date", value: seconds.value.value }) : expected(cursor, "whole seconds");
}

/** Percent-encoded UTF-8 in lower-case hexadecimal (RFC 9651 4.2.10). */
function displayString(cursor: Cursor): Parsed<BareItem> {
  const text = match(cursor, /%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*"/y);
  if (text === null) return expected(cursor, "a display string with its closing quote");
  try {
    return ok({ type: "display-string", value: decodeURIComponent(text.slice(2, -1)) });
  } catch {
    return expected(cursor, "UTF-8 in percent-encoding");
  }
}

function take(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false;
  cursor.at += 1;
  return true;
}

function skip(cursor: Cursor, pattern: RegExp): void {
  match(cursor, pattern);
}

/** `pattern` is sticky. */
function match(cursor: Cursor, pattern: RegExp): string | null {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0] ?? null;
  if (found !== null) cursor.at += found.length;
  return found;
}

function expected(cursor: Cursor, what: string): { readonly ok: false; readonly error: StructuredFieldProblem } {
  return fail({ at: cursor.at, expected: what });
}
