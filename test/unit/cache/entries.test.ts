// What an isolate keeps of the entries that it read: the same as decoding each time, and no more than its limits.

import { expect, test } from "vitest";
import { createEntryReader } from "../../../src/cache/entries.ts";
import { decodeEntry, encodeEntry } from "../../../src/cache/stored.ts";
import { CACHE_ENTRIES_MAX, CACHE_ENTRY_CHARS_MAX } from "../../../src/limits.ts";
import { storedOf } from "./stored-response.ts";

const KEY = storedOf({}).key;

function stored(headers: Record<string, string>): Response {
  const encoded = encodeEntry({ kind: "response", response: storedOf(headers) });
  if (encoded === null) throw new Error("the entry is too large");
  return encoded;
}

test("what is read is what decoding gives, the first time and later", () => {
  const reader = createEntryReader();
  for (const etag of ['"1"', '"2"', '"1"']) {
    expect(reader.read(stored({ etag }), KEY)).toEqual(decodeEntry(stored({ etag }), KEY));
  }
});

test("an entry that was read is not parsed again", () => {
  const reader = createEntryReader();
  expect(reader.read(stored({ a: "1" }), KEY)).toBe(reader.read(stored({ a: "1" }), KEY));
});

test("an entry of another key is a miss, also when it was read before", () => {
  const reader = createEntryReader();
  reader.read(stored({ a: "1" }), KEY);
  expect(reader.read(stored({ a: "1" }), `${KEY}x`)).toBeNull();
});

test("what is no entry is a miss", () => {
  const reader = createEntryReader();
  expect(reader.read(new Response("x"), KEY)).toBeNull();
  expect(reader.read(new Response("x", { headers: { "x-breakwater-entry": "{" } }), KEY)).toBeNull();
});

test("as many entries as the limit are kept; with one more it begins anew", () => {
  const reader = createEntryReader();
  const read = (index: number): unknown => reader.read(stored({ a: String(index) }), KEY);
  const first = read(0);
  for (let index = 1; index < CACHE_ENTRIES_MAX; index++) read(index);
  expect(read(0)).toBe(first);
  read(CACHE_ENTRIES_MAX);
  expect(read(0)).not.toBe(first);
});

test("an entry as long as the limit is kept, one character more is not", () => {
  const reader = createEntryReader();
  const base = stored({ a: "" }).headers.get("x-breakwater-entry")?.length ?? 0;
  for (const [more, isKept] of [
    [0, true],
    [1, false],
  ] as const) {
    const of = (): Response => stored({ a: "x".repeat(CACHE_ENTRY_CHARS_MAX - base + more) });
    expect(reader.read(of(), KEY) === reader.read(of(), KEY)).toBe(isKept);
  }
});
