// Edits of lists in a user's files as text: a new list, and entries that come, go or change, in the list's own file or in the config.
// Only the places that an edit is about change; comments, order and layout stay. What comes out is read again and compared with what
// was meant; nothing is returned that says something else.

import { isDeepStrictEqual } from "node:util";
import { isMap, isSeq, parse, parseDocument, type Document, type YAMLMap } from "yaml";
import { readEntryLines, writeEntryLine, type WrittenEntry } from "../../src/config/list-lines.ts";
import { fileKey } from "../../src/config/resources.ts";
import { fail, ok, type Result } from "../../src/result.ts";
import type { Source } from "../store/documents.ts";
import { addToMapping } from "./splice-map.ts";
import { fillEmpty, flowItem, insertItem, itemRange, removeItem, type Item } from "./splice.ts";

export interface NewList {
  readonly name: string;
  readonly kind: string;
  readonly description: string | null;
  readonly file: string;
  /** Contents of the file. */
  readonly text: string;
}

/** Positions count the list's entries as written. */
export interface EntryChanges {
  readonly added: readonly WrittenEntry[];
  readonly changed: ReadonlyMap<number, WrittenEntry>;
  readonly removed: ReadonlySet<number>;
}

export type ListEditError =
  | { readonly kind: "not-yaml"; readonly message: string }
  | { readonly kind: "exists"; readonly name: string }
  /** The config is written in a form that cannot be edited safely. */
  | { readonly kind: "form"; readonly message: string }
  /** A file cannot have this entry: it would read differently. */
  | { readonly kind: "entry"; readonly value: string };

const LISTS_KEY = "lists";

/** Adds a list to the config, and its file. */
export function createList(source: Source, list: NewList): Result<Source, ListEditError> {
  const opened = open(source);
  if (!opened.ok) return opened;
  const { text, document, root } = opened.value;
  const lists = recordOf(recordOf(document.toJS())[LISTS_KEY]);
  if (Object.hasOwn(lists, list.name)) return fail({ kind: "exists", name: list.name });
  const { name, kind, description, file } = list;
  const written = { kind, ...(description !== null && { description }), file };
  const edited = addToMapping(text, root, LISTS_KEY, [name, written]);
  const meant = { ...recordOf(document.toJS()), [LISTS_KEY]: { ...lists, [name]: written } };
  const config = verified(edited, meant);
  if (!config.ok) return config;
  return ok({ ...source, files: { ...source.files, [source.entry]: config.value, [file]: list.text } });
}

export interface EntriesInput {
  readonly name: string;
  /** The file that the list names; null when its entries are in the config. */
  readonly file: string | null;
  readonly changes: EntryChanges;
}

/** Changes entries of a list that is there. */
export function editEntries(source: Source, input: EntriesInput): Result<Source, ListEditError> {
  if (input.file === null) return editInline(source, input);
  const key = fileKey(source.files, input.file) ?? input.file;
  const edited = editLines(source.files[key] ?? "", input.changes);
  return edited.ok ? ok({ ...source, files: { ...source.files, [key]: edited.value } }) : edited;
}

function editLines(text: string, { added, changed, removed }: EntryChanges): Result<string, ListEditError> {
  const entries = readEntryLines(text);
  const lines: (string | null)[] = text.split("\n");
  const atEnd = lines.at(-1) === "" ? (lines.pop(), true) : text === "";
  for (const index of removed) lines[(entries[index]?.line ?? 0) - 1] = null;
  const written: [at: number | null, entry: WrittenEntry][] = [
    ...[...changed].map(([index, entry]): [number, WrittenEntry] => [(entries[index]?.line ?? 0) - 1, entry]),
    ...added.map((entry): [null, WrittenEntry] => [null, entry]),
  ];
  for (const [at, entry] of written) {
    const line = writeEntryLine(entry);
    if (line === null) return fail({ kind: "entry", value: entry.value });
    if (at === null) lines.push(line);
    else lines[at] = line;
  }
  const kept = lines.filter((line) => line !== null);
  return ok(kept.length === 0 ? "" : `${kept.join("\n")}${atEnd || added.length > 0 ? "\n" : ""}`);
}

function editInline(source: Source, { name, changes }: EntriesInput): Result<Source, ListEditError> {
  const opened = open(source);
  if (!opened.ok) return opened;
  const js = recordOf(opened.value.document.toJS());
  const lists = recordOf(js[LISTS_KEY]);
  const list = recordOf(lists[name]);
  const old: readonly unknown[] = Array.isArray(list["entries"]) ? list["entries"] : [];
  const items = itemChanges(changes, list["kind"] === "asn");
  const replaced = old.map((entry, index) => items.changed.get(index) ?? entry);
  const entries = [...replaced.filter((_entry, index) => !items.removed.has(index)), ...items.added];
  const meant = { ...js, [LISTS_KEY]: { ...lists, [name]: { ...list, entries } } };
  const config = verified(spliceEntries(opened.value.text, name, items), meant);
  return config.ok ? ok({ ...source, files: { ...source.files, [source.entry]: config.value } }) : config;
}

interface ItemChanges {
  readonly added: readonly Item[];
  readonly changed: ReadonlyMap<number, Item>;
  readonly removed: ReadonlySet<number>;
}

function itemChanges({ added, changed, removed }: EntryChanges, areNumbers: boolean): ItemChanges {
  const item = (entry: WrittenEntry): Item => itemOf(entry, areNumbers);
  return { added: added.map(item), changed: new Map([...changed].map(([index, entry]) => [index, item(entry)])), removed };
}

/** What changes first, then what goes from the last to the first, then what comes: each step reads the text of the one before. */
function spliceEntries(text: string, name: string, { added, changed, removed }: ItemChanges): string | null {
  let edited: string | null = text;
  const steps = [
    ...[...changed]
      .toSorted(([left], [right]) => right - left)
      .map(
        ([index, item]) =>
          (list: ListNode) =>
            replaceItem(list, index, item),
      ),
    ...[...removed].toSorted((left, right) => right - left).map((index) => (list: ListNode) => removeEntry(list, index)),
    ...(added.length === 0 ? [] : [(list: ListNode) => appendEntries(list, added)]),
  ];
  for (const step of steps) {
    const list: ListNode | null = edited === null ? null : findList(edited, name);
    edited = list === null ? null : step(list);
  }
  return edited;
}

interface ListNode {
  readonly text: string;
  readonly map: YAMLMap;
}

function findList(text: string, name: string): ListNode | null {
  const map: unknown = parseDocument(text, { keepSourceTokens: true }).getIn([LISTS_KEY, name], true);
  return isMap(map) ? { text, map } : null;
}

function replaceItem({ text, map }: ListNode, index: number, item: Item): string | null {
  const entries: unknown = map.get("entries", true);
  const range = isSeq(entries) ? itemRange(entries.items[index]) : null;
  if (range === null) return null;
  const end = range[0] + text.slice(range[0], range[1]).trimEnd().length;
  return `${text.slice(0, range[0])}${flowItem(item, "")}${text.slice(end)}`;
}

function removeEntry({ text, map }: ListNode, index: number): string | null {
  const entries: unknown = map.get("entries", true);
  return isSeq(entries) ? removeItem(text, entries, index) : null;
}

function appendEntries({ text, map }: ListNode, items: readonly Item[]): string | null {
  const entries: unknown = map.get("entries", true);
  if (isSeq(entries) && entries.items.length > 0) return insertItem(text, entries, entries.items.length, ...items);
  const pair = map.items.find((item) => item.value === entries);
  return pair === undefined ? null : fillEmpty(text, map, pair, ...items);
}

/** The short form where it says all. */
function itemOf({ value, expires, comment }: WrittenEntry, areNumbers: boolean): Item {
  const short = areNumbers && /^(0|[1-9]\d*)$/.test(value) ? Number(value) : value;
  if (expires === null && comment === null) return short;
  return { value: short, ...(expires !== null && { expires }), ...(comment !== null && { comment }) };
}

function open(source: Source): Result<{ readonly text: string; readonly document: Document; readonly root: YAMLMap }, ListEditError> {
  const text = source.files[source.entry] ?? "";
  const document = parseDocument(text, { keepSourceTokens: true });
  const [problem] = document.errors;
  if (problem !== undefined) return fail({ kind: "not-yaml", message: problem.message });
  if (!isMap(document.contents)) return fail({ kind: "form", message: "the file is not a mapping of sites, pools and lists" });
  return ok({ text, document, root: document.contents });
}

function verified(edited: string | null, meant: unknown): Result<string, ListEditError> {
  if (edited !== null && isDeepStrictEqual(parseQuietly(edited), meant)) return ok(edited);
  return fail({
    kind: "form",
    message: `the lists under "${LISTS_KEY}" are written in a form that cannot be edited without rewriting the file`,
  });
}

function parseQuietly(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return null;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}
