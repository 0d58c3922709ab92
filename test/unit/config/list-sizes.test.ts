// The sizes that lists may have, each at its limit and one past it.

import { expect, test } from "vitest";
import { buildConfig, type BuildOutput } from "../../../src/config/build.ts";
import { packList } from "../../../src/firewall/list-arrays.ts";
import { compileList } from "../../../src/firewall/list-compile.ts";
import { encodeList } from "../../../src/firewall/list-document.ts";
import {
  LIST_DOCUMENT_CHARS_MAX,
  LIST_INLINE_ENTRIES_MAX,
  LIST_WARNINGS_MAX,
  LISTS_CHARS_MAX,
  SOURCE_BYTES_MAX,
} from "../../../src/limits.ts";
import { publishFiles, type PublishResult } from "../../../scripts/publish.ts";
import { encodeSource } from "../../../scripts/store/documents.ts";
import type { KvStore } from "../../../scripts/store/kv.ts";

const HEAD = "sites: [{ name: a, hosts: [a.example.com], routes: [{ path: /*, respond: ok }] }]\n";

const file = (name: string): string => `${name}.txt`;

function sourceOf(lists: Readonly<Record<string, string>>): { readonly entry: string; readonly files: Readonly<Record<string, string>> } {
  const config = `${HEAD}lists:\n${Object.keys(lists)
    .map((name) => `  ${name}: { kind: string, file: ${file(name)} }\n`)
    .join("")}`;
  return {
    entry: "b.yaml",
    files: { "b.yaml": config, ...Object.fromEntries(Object.entries(lists).map(([name, text]) => [file(name), text])) },
  };
}

function build(lists: Readonly<Record<string, string>>): Promise<BuildOutput> {
  return buildConfig({ ...sourceOf(lists), mode: "production", nowMs: 0 });
}

const many = Array.from({ length: LIST_INLINE_ENTRIES_MAX }, (_, index) => `e${index}`);

/** A list whose document has so many characters; a control character is one byte of the file and six characters of the document. */
function textFor(chars: number): string {
  const start = "long ";
  const rest = chars - encodeList(packList(compileList("string", [...many, start]).list)).length;
  return [...many, `${start}${"\u0001".repeat(Math.floor(rest / 6))}${"x".repeat(rest % 6)}`].join("\n");
}

const codes = (output: BuildOutput): readonly string[] => output.diagnostics.map(({ code }) => code);

test("a list of up to 500 entries is in the release, a longer one a document beside it", async () => {
  const short = await build({ l: many.join("\n") });
  expect([short.snapshot?.lists["l"], short.lists.size]).toEqual([{ kind: "string", entries: many.toSorted(), until: [] }, 0]);
  const long = await build({ l: [...many, "more"].join("\n"), same: ["more", ...many.toReversed()].join("\n") });
  const [[hash, text] = ["", ""]] = long.lists;
  const reference = { kind: "string", hash, count: LIST_INLINE_ENTRIES_MAX + 1 };
  expect(long.snapshot?.lists).toEqual({ l: reference, same: reference });
  expect([long.lists.size, text]).toEqual([1, encodeList(packList(compileList("string", [...many, "more"]).list))]);
});

test("characters of one document", async () => {
  const at = await build({ l: textFor(LIST_DOCUMENT_CHARS_MAX) });
  expect([codes(at), [...at.lists.values()].map((text) => text.length)]).toEqual([[], [LIST_DOCUMENT_CHARS_MAX]]);
  const past = await build({ l: textFor(LIST_DOCUMENT_CHARS_MAX + 1) });
  expect([codes(past), past.snapshot, past.lists.size]).toEqual([["lists-too-large"], null, 0]);
});

test("characters of all documents together", async () => {
  const half = LISTS_CHARS_MAX / 2;
  // Not the same list twice, which would be one document.
  const other = (chars: number): string => textFor(chars).replace("e1\n", "f1\n");
  expect(codes(await build({ a: textFor(half), b: other(half) }))).toEqual([]);
  expect(codes(await build({ a: textFor(half), b: other(half + 1) }))).toEqual(["lists-too-large"]);
});

test("covered entries are pointed out one by one up to a number, then counted", async () => {
  const twice = (count: number): string => Array.from({ length: count }, (_, index) => `e${index}\ne${index}`).join("\n");
  expect((await build({ l: twice(LIST_WARNINGS_MAX) })).diagnostics.map(({ line }) => line)).toEqual([2, 4, 6, 8, 10]);
  const { diagnostics } = await build({ l: twice(LIST_WARNINGS_MAX + 3) });
  expect(diagnostics).toHaveLength(LIST_WARNINGS_MAX + 1);
  expect(diagnostics.at(-1)).toMatchObject({
    severity: "warning",
    line: 12,
    message: '3 more entries of the list "l" are covered by others.',
  });
});

test("bytes of all files that are kept beside a release", async () => {
  const publish = (bytes: number): Promise<PublishResult> => {
    const comments = (length: number): string => `# ${"x".repeat(length)}`;
    const third = Math.floor(bytes / 3);
    const size = (last: number): number =>
      Buffer.byteLength(encodeSource(sourceOf({ a: comments(third), b: comments(third), c: comments(last) })));
    const lists = { a: comments(third), b: comments(third), c: comments(bytes - size(0)) };
    return publishFiles({ store: memoryStore(), ...sourceOf(lists), mode: "production", author: "ana", message: "" });
  };
  expect(await publish(SOURCE_BYTES_MAX)).toMatchObject({ kind: "published" });
  await expect(publish(SOURCE_BYTES_MAX + 1)).rejects.toThrow(`the config and its files have ${SOURCE_BYTES_MAX + 1} bytes`);
});

function memoryStore(): KvStore {
  const values = new Map<string, string>();
  return {
    label: "a store of this test",
    get: (key) => Promise.resolve(values.get(key) ?? null),
    getMany: (keys) => Promise.resolve(new Map(keys.flatMap((key) => (values.has(key) ? [[key, values.get(key) ?? ""]] : [])))),
    put: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
    list: (prefix) => Promise.resolve([...values.keys()].filter((key) => key.startsWith(prefix))),
  };
}
