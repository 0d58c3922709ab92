import fc from "fast-check";
import { expect, test } from "vitest";
import { POINTER_CHARS_MAX } from "../../../src/limits.ts";
import { encodePointer, parsePointer, type Pointer } from "../../../src/release/pointer.ts";

const HASH = "0123456789abcdef".repeat(4);

const pointer: Pointer = {
  format: 1,
  number: 12,
  release: HASH,
  candidate: null,
  predecessor: null,
  publishedAtMs: 1_767_225_600_000,
  author: "ana",
  message: "Cache the images for a day",
};

test("a pointer survives being written and read", () => {
  const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
  const pointers = fc.record({
    format: fc.constant(1 as const),
    number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    release: hash,
    candidate: fc.option(fc.record({ hash, percent: fc.integer({ min: 0, max: 100 }), guard: fc.option(fc.string()) })),
    predecessor: fc.option(hash),
    publishedAtMs: fc.nat(),
    author: fc.string(),
    message: fc.string(),
  });
  fc.assert(
    fc.property(pointers, (value) => {
      expect(parsePointer(encodePointer(value))).toEqual({ ok: true, value });
    }),
  );
});

const refused: readonly (readonly [string, string, string, string])[] = [
  ["text that is not JSON", "{", "not-json", "/"],
  ["a list", "[]", "bad-field", "/"],
  ["null", "null", "bad-field", "/"],
  ["a format of a newer Breakwater", changed({ format: 2 }), "unknown-format", "/format"],
  ["no format", changed({ format: undefined }), "unknown-format", "/format"],
  ["number 0", changed({ number: 0 }), "bad-field", "/number"],
  ["a number with a fraction", changed({ number: 1.5 }), "bad-field", "/number"],
  ["a release in upper case", changed({ release: HASH.toUpperCase() }), "bad-field", "/release"],
  ["a release that would be another key", changed({ release: `../${HASH}` }), "bad-field", "/release"],
  ["no predecessor at all", changed({ predecessor: undefined }), "bad-field", "/predecessor"],
  ["a time as text", changed({ publishedAtMs: "today" }), "bad-field", "/publishedAtMs"],
  ["no author", changed({ author: undefined }), "bad-field", "/author"],
  ["a message of another type", changed({ message: 1 }), "bad-field", "/message"],
  [
    "a candidate for more than everybody",
    changed({ candidate: { hash: HASH, percent: 101, guard: null } }),
    "bad-field",
    "/candidate/percent",
  ],
  ["a candidate without a hash", changed({ candidate: { percent: 5, guard: null } }), "bad-field", "/candidate/hash"],
];

test.each(refused)("%s is refused, with the place", (_what, text, kind, path) => {
  expect(parsePointer(text)).toMatchObject({ ok: false, error: { kind, path } });
});

test("a refusal says what was found and what was expected", () => {
  const parsed = parsePointer(changed({ number: "12" }));
  expect(parsed).toMatchObject({ error: { message: 'pointer: /number is "12", expected a whole number of 1 or more' } });
});

test("fields that a newer Breakwater added are passed over", () => {
  expect(parsePointer(changed({ region: "eu" }))).toEqual({ ok: true, value: pointer });
});

test("a pointer is read up to its limit and not one character beyond", () => {
  const text = changed({});
  expect(parsePointer(text + " ".repeat(POINTER_CHARS_MAX - text.length))).toEqual({ ok: true, value: pointer });
  expect(parsePointer(text + " ".repeat(POINTER_CHARS_MAX - text.length + 1))).toMatchObject({ ok: false, error: { kind: "too-large" } });
});

function changed(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...pointer, ...fields });
}
