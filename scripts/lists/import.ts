// Entries from somebody else's file: lines as list files have them, the first column of a CSV, or a JSON array. Says which lines hold
// no entry of the list's kind. Pure; the text is handed in.

import { readEntryLine } from "../../src/config/list-lines.ts";
import type { ListKind } from "../../src/config/snapshot.ts";
import { parseExpiryMs } from "../../src/config/units.ts";
import { parseListEntry } from "../../src/firewall/list-entries.ts";
import { isRecord, parseJson } from "../../src/json-document.ts";
import type { WantedEntry } from "./plan.ts";

export type ImportFormat = "lines" | "csv" | "json";

export interface ImportedEntries {
  readonly entries: readonly WantedEntry[];
  readonly invalid: readonly InvalidEntry[];
}

export interface InvalidEntry {
  /** Line of a text, item of an array; counted from 1. */
  readonly place: number;
  readonly message: string;
}

interface Candidate {
  readonly place: number;
  /** Null: not of a form that can be an entry. */
  readonly entry: WantedEntry | null;
}

/** A name that ends in .csv or .json says it; otherwise the first characters do. */
export function guessFormat(name: string, text: string): ImportFormat {
  if (/\.csv$/i.test(name)) return "csv";
  return /\.json$/i.test(name) || /^\s*[[{]/.test(text) ? "json" : "lines";
}

/** Null when a text that should be JSON is no array. */
export function readImport(text: string, format: ImportFormat, kind: ListKind): ImportedEntries | null {
  const candidates = format === "json" ? jsonCandidates(text) : format === "csv" ? csvCandidates(text, kind) : lineCandidates(text);
  if (candidates === null) return null;
  const entries: WantedEntry[] = [];
  const invalid: InvalidEntry[] = [];
  for (const { place, entry } of candidates) {
    const message = entry === null ? "it is neither a text, a number, nor a mapping with a value" : complaint(entry, kind);
    if (message !== null) invalid.push({ place, message });
    else if (entry !== null) entries.push(entry);
  }
  return { entries, invalid };
}

/** What is wrong with an entry, as a sentence without its full stop; null when nothing is. */
export function complaint({ value, expires }: WantedEntry, kind: ListKind): string | null {
  const parsed = parseListEntry(kind, value);
  if (!parsed.ok) return parsed.error;
  if (typeof expires === "string" && parseExpiryMs(expires) === null) return `"${expires}" is no date such as 2027-01-31`;
  return value === "" ? "it is empty" : null;
}

function lineCandidates(text: string): readonly Candidate[] {
  return text.split("\n").flatMap((line, index) => {
    const entry = readEntryLine(line);
    return entry === null ? [] : [{ place: index + 1, entry: wanted(entry) }];
  });
}

/** What the file does not say is left out. */
function wanted({ value, expires, comment }: { value: string; expires: string | null; comment: string | null }): WantedEntry {
  return { value, ...(expires !== null && { expires }), ...(comment !== null && { comment }) };
}

/** The first line may have titles: it then holds no entry, or the word for one. */
function csvCandidates(text: string, kind: ListKind): readonly Candidate[] {
  const rows = text.split("\n").flatMap((line, index) => {
    const value = firstCell(line.replace(/^\ufeff/, "").trim());
    return value === "" ? [] : [{ place: index + 1, entry: { value } }];
  });
  const [first] = rows;
  const hasTitles =
    first !== undefined &&
    (/^(value|entry|ip|address|cidr|network|asn|country|host|hostname|name|string)$/i.test(first.entry.value) ||
      !parseListEntry(kind, first.entry.value).ok);
  return hasTitles ? rows.slice(1) : rows;
}

/** RFC 4180: a cell in quotes has its quotes doubled. Semicolons and tabs separate, too. */
function firstCell(row: string): string {
  const quoted = /^"((?:[^"]|"")*)"/.exec(row);
  return quoted === null ? (row.split(/[,;\t]/)[0] ?? "").trim() : (quoted[1] ?? "").replaceAll('""', '"');
}

function jsonCandidates(text: string): readonly Candidate[] | null {
  const value = parseJson(text.replace(/^\ufeff/, ""));
  // Cloudflare's API answers with the items under `result`.
  const items = isRecord(value) ? value["result"] : value;
  return Array.isArray(items) ? items.map((item: unknown, index) => ({ place: index + 1, entry: jsonEntry(item) })) : null;
}

function jsonEntry(item: unknown): WantedEntry | null {
  if (typeof item === "string" || typeof item === "number") return { value: String(item) };
  if (!isRecord(item)) return null;
  const { expires, comment } = item;
  const value = item["value"] ?? cloudflareValue(item);
  if (typeof value !== "string" && typeof value !== "number") return null;
  const said = typeof comment === "string" && comment !== "" ? { comment } : {};
  return { value: String(value), ...(typeof expires === "string" && { expires }), ...said };
}

/** An item of a list at Cloudflare has its value under the list's kind. */
function cloudflareValue({ ip, asn, hostname }: Readonly<Record<string, unknown>>): unknown {
  return ip ?? asn ?? (isRecord(hostname) ? hostname["url_hostname"] : undefined);
}
