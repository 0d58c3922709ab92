import { expect, test } from "vitest";
import { applyPurge, emptyPurgeGenerations, encodePurgeGenerations } from "../../../src/cache/purge.ts";
import { STATE_RESTART_MS } from "../../../src/limits.ts";
import { mergeDocuments, noDocuments, textsOf, type DocumentName, type DocumentTexts } from "../../../src/release/documents.ts";
import { encodePointer, POINTER_FORMAT, type Pointer } from "../../../src/release/pointer.ts";

const NO_TEXTS: DocumentTexts = { pointer: null, health: null, overrides: null, purges: null };

/** A document of each kind at a version; `later` has a higher time as well. */
const make: Readonly<Record<DocumentName, (version: number, mark?: string) => string>> = {
  pointer: (number, mark = "") => encodePointer({ ...pointerOf(number), message: mark }),
  health: (generation, mark = "FRA") => JSON.stringify({ format: 1, generation, asOfMs: generation, region: mark, origins: {} }),
  overrides: (version, mark = "") => JSON.stringify({ format: 1, version, origins: mark === "" ? {} : { [mark]: drained } }),
  purges: (version, mark = "") => {
    const before = { ...emptyPurgeGenerations(), version: version - 1 };
    return encodePurgeGenerations(applyPurge(before, { kind: "host", value: mark, soft: false }, 1000));
  },
};
function pointerOf(number: number): Pointer {
  const release = "a".repeat(64);
  return { format: POINTER_FORMAT, number, release, candidate: null, predecessor: null, publishedAtMs: number, author: "ana", message: "" };
}
const drained = { state: "drain", weight: null, untilMs: null, atMs: 1, by: "ana", reason: "" };
const NAMES: readonly DocumentName[] = ["pointer", "health", "overrides", "purges"];

test.each(NAMES)("%s: a newer version replaces the one held", (name) => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, [name]: make[name](5) }, 100);
  const merged = mergeDocuments(held, { ...NO_TEXTS, [name]: make[name](6) }, 200);
  expect(merged[name]).toMatchObject({ text: make[name](6), confirmedAtMs: 200, problem: null });
});

test.each(NAMES)("%s: an older version is ignored and shown", (name) => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, [name]: make[name](6) }, 100);
  const merged = mergeDocuments(held, { ...NO_TEXTS, [name]: make[name](5) }, 200);
  expect(merged[name]).toMatchObject({ text: make[name](6), confirmedAtMs: 100, problem: { reason: "went-backwards", atMs: 200 } });
});

test.each(NAMES)("%s: of two writers of one version the one that the store kept is taken", (name) => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, [name]: make[name](5, "first") }, 100);
  const merged = mergeDocuments(held, { ...NO_TEXTS, [name]: make[name](5, "second") }, 200);
  expect(merged[name]).toMatchObject({ text: make[name](5, "second"), problem: null });
});

test.each(NAMES)("%s: garbage never replaces the last good one, nor does it cost the others", (name) => {
  const good = Object.fromEntries(NAMES.map((other) => [other, make[other](5)])) as Record<DocumentName, string>;
  const held = mergeDocuments(noDocuments(), good, 100);
  const next = Object.fromEntries(NAMES.map((other) => [other, make[other](6)])) as Record<DocumentName, string>;
  const merged = mergeDocuments(held, { ...next, [name]: "\u0000garbage" }, 200);
  expect(merged[name]).toMatchObject({ text: good[name], problem: { reason: "not-json" } });
  for (const other of NAMES.filter((each) => each !== name)) expect(merged[other]).toMatchObject({ text: next[other], problem: null });
});

test.each(NAMES)("%s: an unknown format keeps the last good one", (name) => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, [name]: make[name](5) }, 100);
  const newer = JSON.stringify({ ...(JSON.parse(make[name](6)) as object), format: 99 });
  expect(mergeDocuments(held, { ...NO_TEXTS, [name]: newer }, 200)[name]).toMatchObject({
    text: make[name](5),
    problem: { reason: "unknown-format" },
  });
});

test.each(NAMES)("%s: a key that disappeared keeps the last good one", (name) => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, [name]: make[name](5) }, 100);
  expect(mergeDocuments(held, NO_TEXTS, 200)[name]).toMatchObject({ text: make[name](5), problem: { reason: "missing" } });
});

test.each(NAMES)("%s: a good read ends an earlier problem", (name) => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, [name]: make[name](5) }, 100);
  const troubled = mergeDocuments(held, { ...NO_TEXTS, [name]: "[" }, 200);
  expect(mergeDocuments(troubled, { ...NO_TEXTS, [name]: make[name](5) }, 300)[name]).toMatchObject({ confirmedAtMs: 300, problem: null });
});

test("keys that were never there are no problem", () => {
  expect(mergeDocuments(noDocuments(), NO_TEXTS, 100)).toEqual(noDocuments());
});

test("a health document that begins again at a low generation is taken when its time is later", () => {
  const old = JSON.stringify({ format: 1, generation: 900, asOfMs: 1_000, region: "FRA", origins: {} });
  const restarted = JSON.stringify({ format: 1, generation: 1, asOfMs: 2_000, region: "FRA", origins: {} });
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, health: old }, 100);
  expect(mergeDocuments(held, { ...NO_TEXTS, health: restarted }, 200).health.value).toMatchObject({ generation: 1 });
});

test("a namespace that was made anew is taken over once the old one's pointer was not seen for long enough", () => {
  const before = encodePointer({ ...pointerOf(90), publishedAtMs: 1_000 });
  const anew = encodePointer({ ...pointerOf(1), publishedAtMs: 2_000 });
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, pointer: before }, 5_000);
  const tooSoon = mergeDocuments(held, { ...NO_TEXTS, pointer: anew }, 5_000 + STATE_RESTART_MS - 1);
  expect(tooSoon.pointer.value?.number).toBe(90);
  const taken = mergeDocuments(tooSoon, { ...NO_TEXTS, pointer: anew }, 5_000 + STATE_RESTART_MS);
  expect(taken.pointer.value?.number).toBe(1);
});

test("an old pointer stays out, however long the newer one was not seen", () => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, pointer: make.pointer(90) }, 5_000);
  const merged = mergeDocuments(held, { ...NO_TEXTS, pointer: make.pointer(89) }, 5_000 + 100 * STATE_RESTART_MS);
  expect(merged.pointer).toMatchObject({ value: { number: 90 }, problem: { reason: "went-backwards" } });
});

test("what is copied are the last good texts", () => {
  const held = mergeDocuments(noDocuments(), { ...NO_TEXTS, pointer: make.pointer(5), health: "junk" }, 100);
  expect(textsOf(held)).toEqual({ ...NO_TEXTS, pointer: make.pointer(5) });
});
