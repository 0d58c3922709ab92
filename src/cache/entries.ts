// Entries of the store as an isolate reads them. What was read last is kept under the text that it was read from: the store says each
// time what there is, and a popular answer is not parsed a thousand times a second. Never an answer of its own, and no bodies.

import { CACHE_ENTRIES_MAX, CACHE_ENTRY_CHARS_MAX } from "../limits.ts";
import { storedFacts, type StoredFacts } from "./serve.ts";
import { entryText, isEntryOf, parseEntry, type Entry, type StoredResponse } from "./stored.ts";

export interface EntryReader {
  /** As `decodeEntry`. The entry may be shared with other requests and is never changed. */
  read(stored: Response, key: string): Entry | null;
  /** As `storedFacts`. */
  facts(stored: StoredResponse): StoredFacts;
}

export function createEntryReader(): EntryReader {
  const known = new Map<string, Entry>();
  const made = new WeakMap<StoredResponse, StoredFacts>();
  return {
    facts(stored) {
      const facts = made.get(stored) ?? storedFacts(stored);
      made.set(stored, facts);
      return facts;
    },
    read(stored, key) {
      const text = entryText(stored);
      if (text === null) return null;
      const entry = known.get(text) ?? parseEntry(text);
      if (entry === null || !isEntryOf(entry, key)) return null;
      if (text.length <= CACHE_ENTRY_CHARS_MAX && !known.has(text)) {
        if (known.size >= CACHE_ENTRIES_MAX) known.clear();
        known.set(text, entry);
      }
      return entry;
    },
  };
}
