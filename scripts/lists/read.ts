// The lists of a config as its author wrote them: where each is, its entries in their order, what each entry means and until when
// it holds. Read from the files of a release or of a folder; nothing is compiled.

import type { NormalConfig } from "../../src/config/normalize.ts";
import { readEntryLines, type WrittenEntry } from "../../src/config/list-lines.ts";
import { fileKey, inlineEntry } from "../../src/config/resources.ts";
import type { ListKind } from "../../src/config/snapshot.ts";
import { parseExpiryMs } from "../../src/config/units.ts";
import { covers, entryKey, parseListEntry, type EntryValue } from "../../src/firewall/list-entries.ts";
import type { Source } from "../store/documents.ts";

export interface WrittenList {
  readonly name: string;
  readonly kind: ListKind;
  readonly description: string;
  /** As the config names it; null when the entries are in the config. */
  readonly file: string | null;
  readonly entries: readonly WrittenEntry[];
}

/** In the order of the config. */
export function writtenLists(config: NormalConfig, source: Source): readonly WrittenList[] {
  return Object.entries(config.lists).map(([name, { kind, description, entries, file }]) => {
    const head = { name, kind, description, file: file ?? null };
    if (file === undefined) return { ...head, entries: (entries ?? []).map(inlineEntry).map(({ line: _line, ...entry }) => entry) };
    const text = source.files[fileKey(source.files, file) ?? file] ?? "";
    return { ...head, entries: readEntryLines(text).map(({ line: _line, ...entry }) => entry) };
  });
}

/** Milliseconds since the epoch; null for never. A date that is none counts as over. */
export function endOf({ expires }: WrittenEntry): number | null {
  return expires === null ? null : (parseExpiryMs(expires) ?? 0);
}

export function isOver(entry: WrittenEntry, nowMs: number): boolean {
  const endMs = endOf(entry);
  return endMs !== null && endMs <= nowMs;
}

/** What an entry means; null when it is none of the kind. */
export function meaningOf(kind: ListKind, value: string): EntryValue | null {
  const parsed = parseListEntry(kind, value);
  return parsed.ok ? parsed.value : null;
}

/** Equal for entries that mean the same; null for what is no entry. */
export function keyOf(kind: ListKind, value: string): string | null {
  const meaning = meaningOf(kind, value);
  return meaning === null ? null : entryKey(meaning);
}

/** Entries that hold a value, or a whole block of addresses, in their order. */
export function entriesHolding(list: WrittenList, wanted: EntryValue): readonly WrittenEntry[] {
  return list.entries.filter(({ value }) => {
    const meaning = meaningOf(list.kind, value);
    return meaning !== null && covers(meaning, wanted);
  });
}
