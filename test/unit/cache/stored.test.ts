// The form of stored entries: what is written is read again, and everything else is a miss.

import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeEntry, encodeEntry, type Entry } from "../../../src/cache/stored.ts";
import { CACHE_METADATA_CHARS_MAX } from "../../../src/limits.ts";
import { storedOf } from "./stored-response.ts";

const KEY = "http://shop.test/a";
const HEADER = "x-breakwater-entry";

const entries: readonly Entry[] = [
  { kind: "response", response: storedOf({ etag: '"ü"', "x-bytes": "\u00ff" }, { bodyKey: "http://shop.test/b" }) },
  { kind: "index", key: KEY, vary: ["accept", "cookie"], invalidatedAtMs: 7 },
  { kind: "mark", key: KEY, invalidatedAtMs: 7 },
];

test.each(entries)("$kind: what was written is read again", (entry) => {
  const encoded = encodeEntry(entry);
  expect(encoded && decodeEntry(encoded, KEY)).toEqual(entry);
});

test("the store is given a plain 200 with a lifetime and no field that it has an opinion on", () => {
  const encoded = encodeEntry({ kind: "response", response: storedOf({ etag: '"1"', vary: "a", "set-cookie": "a=1" }, { status: 404 }) });
  expect(encoded?.status).toBe(200);
  expect([...(encoded?.headers.keys() ?? [])]).toEqual(["cache-control", "content-type", HEADER]);
});

test("an entry that is found under another key than its own is a miss", () => {
  for (const entry of entries) {
    const encoded = encodeEntry(entry);
    expect(encoded && decodeEntry(encoded, `${KEY}#x`)).toBeNull();
  }
});

test("metadata as long as the limit is written, one character more is not", () => {
  const lengthOf = (fill: number): number => encodeEntry(entryOf(fill))?.headers.get(HEADER)?.length ?? 0;
  const entryOf = (fill: number): Entry => ({ kind: "response", response: storedOf({ "x-fill": "x".repeat(fill) }) });
  const fill = CACHE_METADATA_CHARS_MAX - lengthOf(0);
  expect(lengthOf(fill)).toBe(CACHE_METADATA_CHARS_MAX);
  expect(encodeEntry(entryOf(fill + 1))).toBeNull();
});

test("garbage is a miss, whatever it is", () => {
  const decode = (text: string): Entry | null => decodeEntry(new Response(null, { headers: { [HEADER]: text } }), KEY);
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      expect(decode(text.replaceAll(/[^\x20-\x7e]/g, ""))).toBeNull();
    }),
    { numRuns: 2000 },
  );
  expect(decodeEntry(new Response("x"), KEY)).toBeNull();
});

test("a field of a wrong type is a miss", () => {
  const good = { format: 2, kind: "response", response: { ...storedOf({}), headers: [["a", "1"]] } };
  const decode = (value: unknown): Entry | null => decodeEntry(new Response(null, { headers: { [HEADER]: JSON.stringify(value) } }), KEY);
  expect(decode(good)).not.toBeNull();
  expect(decode({ ...good, format: 1 })).toBeNull();
  const wrong: Record<string, unknown> = {
    vary: ["a", 1],
    variant: 1,
    status: 304,
    statusText: "\n",
    headers: [["bad name", "1"]],
    requestedAtMs: -1,
    respondedAtMs: "1",
    tags: {},
    guessable: 1,
    ownMarkAtMs: null,
    part: { start: 1, size: 1000 },
    bodyBytes: 1.5,
    bodyKey: 1,
  };
  for (const [field, value] of Object.entries(wrong)) {
    expect([field, decode({ ...good, response: { ...good.response, [field]: value } })]).toEqual([field, null]);
  }
});
