// The header of one part of a multipart body (RFC 7578), and the boundary that the request names. Servers read what is not well
// formed in different ways; where PHP and Node's parsers differ, every reading is given, so that a rule sees what the origin sees.

import { bytesOfText, lowerAscii } from "../expression/bytes.ts";
import { trimSpace } from "../http/list.ts";
import { BODY_BOUNDARIES_MAX } from "../limits.ts";

/** Arrays, since a part may repeat a header, and since one header may be read in more than one way. */
export interface PartHeader {
  readonly names: readonly string[];
  readonly filenames: readonly string[];
  readonly dispositions: readonly string[];
  readonly types: readonly string[];
  readonly encodings: readonly string[];
}

/** Boundaries that servers may take from a Content-Type, the likeliest first; `cut` when there are more than are looked at. */
export function boundariesOf(contentType: string): { readonly boundaries: readonly string[]; readonly cut: boolean } {
  const found = new Set<string>();
  let matches = 0;
  // PHP takes the word wherever it stands and what follows the next equals sign; most others the first or last parameter of the name.
  for (const { index } of contentType.matchAll(/boundary/gi)) {
    const equals = contentType.indexOf("=", index);
    if (equals === -1) break;
    matches += 1;
    if (matches > BODY_BOUNDARIES_MAX) return { boundaries: [...found], cut: true };
    for (const reading of boundaryReadings(contentType.slice(equals + 1))) if (reading !== "") found.add(reading);
  }
  return { boundaries: [...found], cut: false };
}

/** Quoted: up to the next quote, with and without its escapes. Plain: up to a semicolon, and for PHP up to a comma, spaces and all. */
function boundaryReadings(rest: string): readonly string[] {
  const trimmed = trimSpace(rest);
  if (trimmed.startsWith('"')) {
    const escaped = /^"((?:[^"\\]|\\.)*)/.exec(trimmed)?.[1] ?? "";
    return [trimmed.slice(1).split('"', 1)[0] ?? "", unescapeQuotes(escaped)];
  }
  const toSemicolon = rest.split(";", 1)[0] ?? "";
  const toComma = toSemicolon.split(",", 1)[0] ?? "";
  return [trimSpace(toComma), trimSpace(toSemicolon), toComma.trimStart() === toComma ? "" : toComma];
}

/** @param lines - Of a part's header, without their line ends. A line that is no header and continues none is passed over. */
export function readPartHeader(lines: readonly string[]): PartHeader {
  const header = {
    names: new Set<string>(),
    filenames: new Set<string>(),
    dispositions: [] as string[],
    types: [] as string[],
    encodings: [] as string[],
  };
  for (const { name, values } of readHeaders(lines)) {
    if (name === "content-type") header.types.push(...values);
    else if (name === "content-transfer-encoding") header.encodings.push(...values);
    else if (name === "content-disposition") {
      header.dispositions.push(...values);
      for (const [key, text] of values.flatMap(parameterReadings)) (key === "name" ? header.names : header.filenames).add(text);
    }
  }
  return { ...header, names: [...header.names], filenames: [...header.filenames] };
}

interface PartField {
  /** Lower case. */
  readonly name: string;
  /** More than one where servers differ. */
  readonly values: readonly string[];
}

/** Only those that begin with a C: others do not matter here. */
function readHeaders(lines: readonly string[]): readonly PartField[] {
  const found: PartField[] = [];
  let folded: string[] = [];
  let joined: string[] = [];
  const end = (): void => {
    const [first = ""] = folded;
    const colon = first.indexOf(":");
    if (colon === -1) return;
    const name = lowerAscii(trimSpace(first.slice(0, colon)));
    const values = [folded, joined].map((pieces) => trimSpace(pieces.join("").slice(colon + 1)));
    found.push({ name, values: [...new Set(values)] });
  };
  for (const line of lines) {
    const isFolded = /^[ \t]/.test(line);
    // To PHP a line without a colon goes on with the one before, too.
    if (isFolded || !line.includes(":")) {
      if (isFolded) folded.push(line);
      joined.push(line);
      continue;
    }
    end();
    folded = /^c/i.test(line) ? [line] : [];
    joined = [...folded];
  }
  end();
  return found;
}

type Parameter = readonly [name: "name" | "filename", text: string];

/** Name and file name in the readings of RFC 6266 and of PHP, for which an apostrophe quotes too and escapes go by pairs. */
function parameterReadings(value: string): readonly Parameter[] {
  const plain = parameters(value, { quotes: '"', pairwise: true });
  const differs = value.includes("'") || value.includes("\\");
  return differs ? [...plain, ...parameters(value, { quotes: "\"'", pairwise: false })] : plain;
}

interface Reading {
  /** Characters that quote. */
  readonly quotes: string;
  /** A backslash escapes whatever follows, and not only the quote. */
  readonly pairwise: boolean;
}

function parameters(value: string, reading: Reading): readonly Parameter[] {
  const found: Parameter[] = [];
  let start = 0;
  while (start < value.length) {
    const end = pieceEnd(value, start, reading);
    const piece = value.slice(start, end);
    start = end + 1;
    const equals = piece.indexOf("=");
    const key = equals === -1 ? "" : lowerAscii(trimSpace(piece.slice(0, equals)));
    const name = key.replace(/\*$/, "");
    if (name !== "name" && name !== "filename") continue;
    const text = plainText(trimSpace(piece.slice(equals + 1)), reading);
    found.push([name, key.endsWith("*") ? decodeExtended(text) : text]);
  }
  return found;
}

/** Where the parameter ends: at a semicolon outside quotes. A quote that is not closed goes to the end. */
function pieceEnd(value: string, start: number, { quotes, pairwise }: Reading): number {
  let quote = "";
  for (let index = start; index < value.length; index += 1) {
    const character = value.charAt(index);
    if (quote === "") {
      if (character === ";") return index;
      if (character === '"' || character === "'") quote = quotes.includes(character) ? character : "";
    } else if (character === "\\" && (pairwise || value.charAt(index + 1) === quote)) index += 1;
    else if (character === quote) quote = "";
  }
  return value.length;
}

function plainText(text: string, { quotes, pairwise }: Reading): string {
  const quote = text.charAt(0);
  if (quote === "" || !quotes.includes(quote)) return text.split(/[ \t]/, 1)[0] ?? "";
  let end = 1;
  while (end < text.length && text.charAt(end) !== quote) {
    end += text.charAt(end) === "\\" && (pairwise || text.charAt(end + 1) === quote) ? 2 : 1;
  }
  return unescapeQuotes(text.slice(1, end));
}

/** Browsers of old sent `C:\dir\file` unescaped: a backslash before anything else stays. */
function unescapeQuotes(text: string): string {
  return text.replaceAll(/\\(["'\\])/g, "$1");
}

/** RFC 8187: `UTF-8''na%C3%AFve.txt`. */
function decodeExtended(text: string): string {
  const match = /^([^']*)'[^']*'(.*)$/s.exec(text);
  if (match === null) return text;
  const bytes = (match[2] ?? "").replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return lowerAscii(match[1] ?? "") === "iso-8859-1" ? bytesOfText(bytes) : bytes;
}
