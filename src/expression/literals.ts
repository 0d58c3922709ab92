// Reads literals: what a token means depends on the type that is asked for. Errors are sentences for the user.

import { bytesOfText } from "./bytes.ts";
import { splitAdvice } from "./diagnostics.ts";
import { formatAddress, formatRange, parseAddress, parseRange } from "./ip.ts";
import type { IntLiteral, Literal, SetLiteral } from "./ast.ts";
import type { Token } from "./lexer.ts";

export type Read<T> = { readonly value: T } | { readonly problem: string; readonly fix?: string };

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** A literal of the given type. */
export function readLiteral(token: Token, type: "Int" | "Bytes" | "Ip"): Read<Literal> {
  if (type === "Bytes") {
    const bytes = readBytes(token);
    return "problem" in bytes ? bytes : { value: { type, value: bytes.value } };
  }
  if (type === "Int") {
    const int = readInt(token);
    return "problem" in int ? int : { value: { type, value: int.value } };
  }
  const address = token.kind === "word" ? parseAddress(token.text) : null;
  if (address !== null) return { value: { type, value: formatAddress(address) } };
  if (token.kind === "string") return quotedAddress(token);
  return token.text.includes("/")
    ? { problem: `${token.text} is a block, not one address`, fix: `write in {${token.text}}` }
    : { problem: `${token.text} is not an IP address` };
}

/** 64-bit: hexadecimal `0x1f`, octal `017`, decimal `-5`. */
export function readInt(token: Token): Read<IntLiteral> {
  if (token.kind !== "string") return intOfText(token.text);
  if (/^-?[0-9]+$/.test(token.text)) return { problem: "an integer is written without quotes", fix: `write ${token.text}` };
  return { problem: "this is text, and an integer is needed here" };
}

function quotedAddress(token: Token): { readonly problem: string; readonly fix?: string } {
  if ("range" in parseRange(token.text)) return { problem: "an IP address is written without quotes", fix: `write ${token.text}` };
  return { problem: "this is text, and an IP address is needed here" };
}

function intOfText(text: string): Read<IntLiteral> {
  if (/^0[0-9]/.test(text) && !/^0[0-7]+$/.test(text))
    return { problem: `${text} starts with 0, so it is octal, and 8 and 9 are no octal digits` };
  if (!/^(0x[0-9a-fA-F]+|0[0-7]+|-?(0|[1-9][0-9]*))$/.test(text)) return { problem: `${text} is not an integer` };
  const negative = text.startsWith("-");
  const digits = negative ? text.slice(1) : text;
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits) * (negative ? -1n : 1n);
  if (value < INT_MIN || value > INT_MAX) return { problem: `${text} does not fit into 64 bits` };
  return { value: intLiteral(value) };
}

/** The JSON form of an integer: a number while it is exact. */
export function intLiteral(value: bigint): IntLiteral {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** A quoted string, a raw string, or bytes such as `01:2e:f3`. */
export function readBytes(token: Token): Read<string> {
  if (token.kind === "string") return token.raw ? { value: bytesOfText(token.text) } : unquote(token.text);
  if (/^[0-9a-fA-F]{2}([:.-][0-9a-fA-F]{2})+$/.test(token.text)) {
    const octets = token.text.split(/[:.-]/).map((octet) => Number.parseInt(octet, 16));
    return { value: String.fromCharCode(...octets) };
  }
  return { problem: `${token.text} is not a string`, fix: `write "${token.text}"` };
}

/** The text of a regular expression: in a quoted string only `\"` is an escape, all others belong to the expression. */
export function readRegexText(token: Token): Read<string> {
  if (token.kind !== "string") return { problem: "a regular expression is written as a string", fix: `write r"${token.text}"` };
  return { value: token.raw ? token.text : token.text.replaceAll(/\\([^])/g, (whole, next: string) => (next === '"' ? '"' : whole)) };
}

/** The items of a set, all of one type. Returns the position of the first bad item with its problem. */
export function readSet(
  items: readonly Token[],
  type: "Int" | "Bytes" | "Ip",
):
  | { readonly value: SetLiteral }
  | { readonly bad: readonly { readonly token: Token; readonly problem: string; readonly fix?: string }[] } {
  const bad: { token: Token; problem: string; fix?: string }[] = [];
  const read = <T>(reader: (token: Token) => Read<T>): T[] =>
    items.flatMap((token) => {
      const result = reader(token);
      if ("value" in result) return [result.value];
      bad.push({ token, ...result });
      return [];
    });
  const value: SetLiteral =
    type === "Int"
      ? { type, ranges: read(readIntRange) }
      : type === "Bytes"
        ? { type, values: read(readBytes) }
        : { type, ranges: read(readIpRange) };
  return bad.length > 0 ? { bad } : { value };
}

function readIntRange(token: Token): Read<readonly [IntLiteral, IntLiteral]> {
  const dots = token.kind === "word" ? token.text.indexOf("..") : -1;
  if (dots === -1) {
    const single = readInt(token);
    return "problem" in single ? single : { value: [single.value, single.value] };
  }
  const from = intOfText(token.text.slice(0, dots));
  const to = intOfText(token.text.slice(dots + 2));
  if ("problem" in from) return from;
  if ("problem" in to) return to;
  if (BigInt(from.value) > BigInt(to.value))
    return { problem: `${token.text} ends before it starts`, fix: `write ${to.value}..${from.value}` };
  return { value: [from.value, to.value] };
}

function readIpRange(token: Token): Read<string> {
  if (token.kind === "string") return quotedAddress(token);
  const parsed = parseRange(token.text);
  return "problem" in parsed ? splitAdvice(parsed.problem) : { value: formatRange(parsed.range) };
}

function unquote(inner: string): Read<string> {
  let bytes = "";
  for (let at = 0; at < inner.length; at += 1) {
    const character = String.fromCodePoint(inner.codePointAt(at) ?? 0);
    if (character !== "\\") {
      bytes += bytesOfText(character);
      at += character.length - 1;
      continue;
    }
    const escape = /^(?:(["\\])|x([0-9a-fA-F]{2})|([0-3][0-7]{2}))/.exec(inner.slice(at + 1, at + 4));
    if (escape === null) return badEscape(inner.slice(at, at + 2));
    bytes +=
      escape[1] ?? String.fromCharCode(escape[2] === undefined ? Number.parseInt(escape[3] ?? "", 8) : Number.parseInt(escape[2], 16));
    at += escape[0].length;
  }
  return { value: bytes };
}

function badEscape(escape: string): Read<string> {
  const known: Readonly<Record<string, string>> = { "\\n": "\\x0a", "\\r": "\\x0d", "\\t": "\\x09" };
  const fix = known[escape] === undefined ? 'write \\\\ for a backslash, or a raw string: r"..."' : `write ${known[escape]}`;
  return { problem: `${escape} is not an escape; there are \\" \\\\ \\xHH and \\OOO (octal) only`, fix };
}
