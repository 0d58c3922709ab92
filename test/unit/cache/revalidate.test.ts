// Asking the origin about a stored response, and taking in its 304.

import { expect, test } from "vitest";
import { conditionalHeaders, confirms, mergedHeaders, unconditionalHeaders } from "../../../src/cache/revalidate.ts";
import { currentAgeSeconds } from "../../../src/cache/freshness.ts";
import { NOW, storedOf } from "./stored-response.ts";

const MODIFIED = "Thu, 01 Jan 2026 00:00:00 GMT";

test("the visitor's conditions and ranges do not reach the origin, the stored validators do", () => {
  const visitor = new Headers({
    accept: "a",
    "if-none-match": '"x"',
    "if-modified-since": MODIFIED,
    "if-range": '"x"',
    range: "bytes=0-1",
  });
  expect([...unconditionalHeaders(visitor)]).toEqual([["accept", "a"]]);
  expect([...conditionalHeaders(visitor, storedOf({ etag: '"1"', "last-modified": MODIFIED }))]).toEqual([
    ["accept", "a"],
    ["if-modified-since", MODIFIED],
    ["if-none-match", '"1"'],
  ]);
});

test("what has no validators, or is no 200, is asked for whole", () => {
  expect([...conditionalHeaders(new Headers(), storedOf({}))]).toEqual([]);
  expect([...conditionalHeaders(new Headers(), storedOf({ etag: '"1"' }, { status: 404 }))]).toEqual([]);
});

test.each([
  [{}, { etag: '"1"' }, true],
  [{ etag: '"1"' }, { etag: '"1"' }, true],
  [{ etag: '"2"' }, { etag: '"1"' }, false],
  [{ etag: 'W/"1"' }, { etag: '"1"' }, true],
  [{ etag: '"1"' }, { etag: 'W/"1"' }, true],
  [{ etag: '"1"' }, {}, false],
  [{ etag: "plain" }, { etag: "plain" }, true],
  [{ "last-modified": MODIFIED }, { "last-modified": MODIFIED }, true],
  [{ "last-modified": "Fri, 02 Jan 2026 00:00:00 GMT" }, { "last-modified": MODIFIED }, false],
])("a 304 with %j speaks of what has %j: %s", (notModified, held, expected) => {
  expect(confirms(new Headers(notModified as Record<string, string>), storedOf(held as Record<string, string>))).toBe(expected);
});

test("the fields of a 304 replace the stored ones, except what describes the stored bytes or is one visitor's", () => {
  const merged = mergedHeaders(
    storedOf({ a: "old", b: "kept", age: "9", date: "x", "content-encoding": "br" }),
    new Headers({
      a: "new",
      c: "added",
      "content-encoding": "gzip",
      "content-length": "0",
      "content-range": "x",
      "set-cookie": "s=1",
      connection: "c2",
      c2: "1",
    }),
  );
  expect(Object.fromEntries(merged)).toEqual({ a: "new", b: "kept", c: "added", "content-encoding": "br" });
});

test("a 304 without Date makes a response as young as one with it", () => {
  const old = storedOf({ "cache-control": "max-age=60", date: MODIFIED, age: "9" }, { requestedAtMs: NOW, respondedAtMs: NOW });
  const ageAfter = (notModified: Record<string, string>): number =>
    currentAgeSeconds({ ...old, headers: mergedHeaders(old, new Headers(notModified)) }, NOW);
  expect(currentAgeSeconds(old, NOW)).toBe(12 * 3600);
  expect(ageAfter({})).toBe(0);
  expect(ageAfter({ date: new Date(NOW).toUTCString() })).toBe(0);
});
