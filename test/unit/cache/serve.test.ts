// Answers from store: Age, conditions, HEAD, ranges.

import { expect, test } from "vitest";
import { answerFromStore, type StoredAnswer } from "../../../src/cache/serve.ts";
import type { StoredResponse } from "../../../src/cache/stored.ts";
import { NOW, storedOf } from "./stored-response.ts";

const validators = { etag: '"1"', "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT", date: "Thu, 01 Jan 2026 12:00:00 GMT" };
const stored = storedOf({ ...validators, "content-type": "text/plain", "cache-control": "max-age=60" });

function answer(headers: Record<string, string>, method = "GET", from: StoredResponse = stored): StoredAnswer {
  return answerFromStore(from, { method, headers: new Headers(headers) }, NOW + 7000);
}

test("Age is the current age, and the length is that of the stored bytes", () => {
  const { status, headers, part, ageSeconds } = answer({});
  expect([status, ageSeconds, headers.get("content-length"), part.kind]).toEqual([200, 7, "1000", "whole"]);
});

test("a response that came without a Date gets that of its arrival", () => {
  expect(answer({}, "GET", storedOf({})).headers.get("date")).toBe("Thu, 01 Jan 2026 12:00:00 GMT");
});

test("HEAD has the headers of GET and no content", () => {
  const { headers, part } = answer({}, "HEAD");
  expect([headers.get("content-length"), part.kind]).toEqual(["1000", "none"]);
});

test.each([
  [{ "if-none-match": '"1"' }, 304],
  [{ "if-none-match": 'W/"1"' }, 304],
  [{ "if-none-match": '"0", "1"' }, 304],
  [{ "if-none-match": "*" }, 304],
  [{ "if-none-match": '"2"' }, 200],
  [{ "if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT" }, 304],
  [{ "if-modified-since": "Wed, 31 Dec 2025 23:59:59 GMT" }, 200],
  [{ "if-modified-since": "yesterday" }, 200],
  [{ "if-none-match": '"2"', "if-modified-since": "Fri, 02 Jan 2026 00:00:00 GMT" }, 200],
])("%j is answered with %i", (headers, status) => {
  expect(answer(headers).status).toBe(status);
});

test("a 304 keeps what caches need and drops what describes content", () => {
  const { headers, part } = answer({ "if-none-match": '"1"' });
  expect([...headers.keys()]).toEqual(["cache-control", "date", "etag", "last-modified"]);
  expect(part.kind).toBe("none");
});

test("conditions do not count where the answer is not a 200", () => {
  expect(answer({ "if-none-match": "*" }, "GET", storedOf(validators, { status: 404 })).status).toBe(404);
});

test.each([
  [{ range: "bytes=0-9" }, 206, "bytes 0-9/1000", "10"],
  [{ range: "bytes=-1" }, 206, "bytes 999-999/1000", "1"],
  [{ range: "bytes=990-5000" }, 206, "bytes 990-999/1000", "10"],
  [{ range: "bytes=1000-" }, 416, "bytes */1000", "0"],
  [{ range: "bytes=9-0" }, 200, null, "1000"],
  [{ range: "bytes=0-9", "if-range": '"1"' }, 206, "bytes 0-9/1000", "10"],
  [{ range: "bytes=0-9", "if-range": 'W/"1"' }, 200, null, "1000"],
  [{ range: "bytes=0-9", "if-range": '"2"' }, 200, null, "1000"],
  [{ range: "bytes=0-9", "if-range": "Thu, 01 Jan 2026 00:00:00 GMT" }, 206, "bytes 0-9/1000", "10"],
  [{ range: "bytes=0-9", "if-range": "Fri, 02 Jan 2026 00:00:00 GMT" }, 200, null, "1000"],
  [{ range: "bytes=0-9", "if-none-match": '"1"' }, 304, null, null],
])("%j is answered with %i", (request, status, contentRange, length) => {
  const { headers, ...rest } = answer(request);
  expect([rest.status, headers.get("content-range"), headers.get("content-length")]).toEqual([status, contentRange, length]);
});

test("ranges are for GET and for 200 only", () => {
  expect(answer({ range: "bytes=0-9" }, "HEAD").status).toBe(200);
  expect(answer({ range: "bytes=0-9" }, "GET", storedOf({}, { status: 404 })).status).toBe(404);
});

test("several ranges come as parts, whatever the size of the whole", () => {
  const of = (bodyBytes: number): number => answer({ range: "bytes=0-1,500-501" }, "GET", storedOf({}, { bodyBytes })).status;
  expect(of(1000)).toBe(206);
  expect(of(1_000_000_000)).toBe(206);
});
