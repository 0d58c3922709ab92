// Stored parts: what counts as one, what it answers, and what may be joined to it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { answersRequest, canBeCompleted, completes, completingHeaders, declaredPart, heldPart } from "../../../src/cache/part.ts";
import { answerFromStore } from "../../../src/cache/serve.ts";
import { parseContentRange } from "../../../src/http/range.ts";
import { NOW, storedOf } from "./stored-response.ts";

type Declared = Parameters<typeof heldPart>[0];

const declared = (start: number, end: number, size: number, changes: Partial<Declared> = {}): Declared => ({
  range: { start, end },
  size,
  encoded: false,
  counted: true,
  ...changes,
});

test.each([
  ["all of it", declared(2, 5, 10), 4, { start: 2, size: 10 }],
  ["one byte less, in the middle", declared(2, 5, 10), 3, null],
  ["one byte more", declared(2, 5, 10), 5, null],
  ["one byte less, at the end of the whole", declared(4, 9, 10), 5, { start: 4, size: 9 }],
  ["one byte more, at the end of the whole", declared(4, 9, 10), 7, null],
  ["one byte less at the end, and encoded", declared(4, 9, 10, { encoded: true }), 5, null],
  ["one byte less at the end, and no length that says so", declared(4, 9, 10, { counted: false }), 5, null],
  ["all of it, and no length that says so", declared(4, 9, 10, { counted: false }), 6, { start: 4, size: 10 }],
  ["nothing, at the end of the whole", declared(4, 9, 10), 0, null],
  ["all there is", declared(0, 9, 10), 10, "whole"],
  ["one byte less than all there is", declared(0, 9, 10), 9, null],
])("of a declared part %s is held", (_, part, bytes, expected) => {
  expect(heldPart(part, bytes)).toEqual(expected);
});

const RANGED = { method: "GET", headers: new Headers({ range: "bytes=0-1" }) };

test.each([
  ["a 206", RANGED, 206, "bytes 0-1/10", true],
  ["a 200 with Content-Range", RANGED, 200, "bytes 0-1/10", false],
  ["a 206 that was not asked for", { method: "GET", headers: new Headers() }, 206, "bytes 0-1/10", false],
  ["a 206 to If-Range", { method: "GET", headers: new Headers({ range: "bytes=0-1", "if-range": '"1"' }) }, 206, "bytes 0-1/10", false],
  ["a 206 to another method", { ...RANGED, method: "POST" }, 206, "bytes 0-1/10", false],
  ["a 206 of unknown size", RANGED, 206, "bytes 0-1/*", false],
  ["a 206 whose end lies beyond the whole", RANGED, 206, "bytes 0-10/10", false],
  ["a 206 that ends before it begins", RANGED, 206, "bytes 1-0/10", false],
  ["a 206 of nothing", RANGED, 206, "bytes */10", false],
])("%s is a part: %4$s", (_, request, status, contentRange, expected) => {
  expect(declaredPart(request, { status, headers: new Headers({ "content-range": contentRange }) }) !== null).toBe(expected);
});

test.each([
  [{ "content-length": "5" }, { encoded: false, counted: true }],
  [{ "content-encoding": "br" }, { encoded: true, counted: false }],
])("a 206 with %j is known as such", (fields, expected) => {
  const headers = new Headers({ "content-range": "bytes 4-9/10", ...fields });
  expect(declaredPart(RANGED, { status: 206, headers })).toMatchObject(expected);
});

test("whatever is asked, a stored part answers with bytes that it holds, under their right numbers", () => {
  const bound = fc.option(fc.nat(30), { nil: undefined });
  const whole = "abcdefghijklmnopqrstuvwxyz".slice(0, 20);
  fc.assert(
    fc.property(fc.nat(19), fc.integer({ min: 1, max: 20 }), bound, bound, (start, length, first, last) => {
      const body = whole.slice(start, start + length);
      const stored = storedOf({}, { part: { start, size: whole.length }, bodyBytes: body.length });
      const request = { method: "GET", headers: new Headers({ range: `bytes=${first ?? ""}-${last ?? ""}` }) };
      if (!answersRequest(stored, request, NOW)) return;
      const { status, headers, part } = answerFromStore(stored, request, NOW);
      const range = parseContentRange(headers.get("content-range"));
      if (status !== 206 || part.kind !== "range" || range?.kind !== "range") throw new Error("no single range");
      expect(range.size).toBe(whole.length);
      expect(body.slice(part.range.start, part.range.end + 1)).toBe(whole.slice(range.range.start, range.range.end + 1));
    }),
    {
      numRuns: 2000,
      examples: [
        [4, 6, undefined, 6],
        [4, 6, 4, undefined],
        [4, 6, 4, 9],
      ],
    },
  );
});

test.each([
  ["HEAD", { method: "HEAD", headers: new Headers() }],
  ["the whole", { method: "GET", headers: new Headers() }],
  ["a list of ranges", { method: "GET", headers: new Headers({ range: "bytes=2-2,3-3" }) }],
  ["a unit that is not known", { method: "GET", headers: new Headers({ range: "items=2-3" }) }],
  ["a range of another version", { method: "GET", headers: new Headers({ range: "bytes=2-3", "if-range": '"2"' }) }],
])("a part does not answer %s", (_, request) => {
  const stored = storedOf({ etag: '"1"' }, { part: { start: 2, size: 10 }, bodyBytes: 4 });
  expect(answersRequest(stored, request, NOW)).toBe(false);
  expect(answersRequest(storedOf({ etag: '"1"' }), request, NOW)).toBe(true);
});

test("a visitor whose copy is the current one gets a 304 from a part as well", () => {
  const stored = storedOf({ etag: '"1"' }, { part: { start: 2, size: 10 }, bodyBytes: 4 });
  expect(answersRequest(stored, { method: "GET", headers: new Headers({ "if-none-match": '"1"' }) }, NOW)).toBe(true);
});

test.each([
  ["from the first byte on, with its metadata", { start: 0, size: 10 }, null, true],
  ["from a later byte on", { start: 1, size: 10 }, null, false],
  ["with a body of its own", { start: 0, size: 10 }, "http://shop.test/_breakwater/c/b/1", false],
])("a part %s can be completed: %4$s", (_, part, bodyKey, expected) => {
  expect(canBeCompleted(storedOf({}, { part, bodyKey, bodyBytes: 4 }))).toBe(expected);
});

const DATE = new Date(NOW).toUTCString();
const LATE = new Date(NOW - 999).toUTCString();
const EARLY = new Date(NOW - 5000).toUTCString();

test.each([
  [{ etag: '"1"' }, '"1"'],
  [{ etag: '"1"', "last-modified": EARLY, date: DATE }, '"1"'],
  [{ etag: 'W/"1"', "last-modified": EARLY, date: DATE }, null],
  [{ "last-modified": EARLY, date: DATE }, EARLY],
  [{ "last-modified": DATE, date: DATE }, null],
  [{ "last-modified": LATE, date: LATE }, null],
  [{}, null],
] as const)("the rest of what has %j is asked for with If-Range %s", (fields, expected) => {
  const stored = storedOf(fields, { part: { start: 0, size: 10 }, bodyBytes: 4 });
  const headers = completingHeaders(new Headers({ "if-none-match": '"9"', "x-own": "1" }), stored, NOW);
  expect(headers.get("range")).toBe("bytes=4-");
  expect(headers.get("if-range")).toBe(expected);
  expect([headers.has("if-none-match"), headers.get("x-own")]).toEqual([false, "1"]);
});

const REST = { etag: '"1"', "content-range": "bytes 4-9/10" };

test.each([
  ["the rest", 206, REST, true],
  ["a whole", 200, { etag: '"1"' }, false],
  ["another version", 206, { ...REST, etag: '"2"' }, false],
  ["a weak tag", 206, { ...REST, etag: 'W/"1"' }, false],
  ["no tag", 206, { "content-range": "bytes 4-9/10" }, false],
  ["another size", 206, { ...REST, "content-range": "bytes 4-9/11" }, false],
  ["an unknown size", 206, { ...REST, "content-range": "bytes 4-9/*" }, false],
  ["a gap", 206, { ...REST, "content-range": "bytes 5-9/10" }, false],
  ["an overlap", 206, { ...REST, "content-range": "bytes 3-9/10" }, false],
  ["less than the rest", 206, { ...REST, "content-range": "bytes 4-8/10" }, false],
  ["another encoding", 206, { ...REST, "content-encoding": "gzip" }, false],
  ["several parts", 206, { etag: '"1"', "content-type": "multipart/byteranges; boundary=x" }, false],
] as const)("%s completes: %4$s", (_, status, fields, expected) => {
  const stored = storedOf({ etag: '"1"' }, { part: { start: 0, size: 10 }, bodyBytes: 4 });
  expect(completes(stored, { status, headers: new Headers(fields) }, NOW)).toBe(expected);
});

test("without a strong validator nothing completes", () => {
  const stored = storedOf({}, { part: { start: 0, size: 10 }, bodyBytes: 4 });
  expect(completes(stored, { status: 206, headers: new Headers({ "content-range": "bytes 4-9/10" }) }, NOW)).toBe(false);
});
