// Which 206 is a part that can be stored, and which part it then is.

import { expect, test } from "vitest";
import { declaredPart, heldPart } from "../../../src/cache/part.ts";

const asked = { method: "GET", headers: new Headers({ range: "bytes=4-" }) };

function held(fields: Record<string, string>, bytes: number): unknown {
  const declared = declaredPart(asked, { status: 206, headers: new Headers(fields) });
  return declared === null ? "not a part" : heldPart(declared, bytes);
}

test.each<[string, Record<string, string>, number, unknown]>([
  ["all bytes that it declares", { "content-range": "bytes 4-9/10" }, 6, { start: 4, size: 10 }],
  ["all bytes there are", { "content-range": "bytes 0-9/10" }, 10, "whole"],
  [
    "fewer bytes at the end, by its own Content-Length",
    { "content-range": "bytes 4-9/10", "content-length": "5" },
    5,
    { start: 4, size: 9 },
  ],
  ["fewer bytes at the end, and nothing that says it was all", { "content-range": "bytes 4-9/10" }, 5, null],
  ["fewer bytes in the middle", { "content-range": "bytes 4-7/10", "content-length": "3" }, 3, null],
  ["fewer bytes from the beginning on", { "content-range": "bytes 0-9/10", "content-length": "5" }, 5, null],
  ["fewer bytes of an encoded body", { "content-range": "bytes 4-9/10", "content-length": "5", "content-encoding": "br" }, 5, null],
  ["more bytes than it declares", { "content-range": "bytes 4-9/10", "content-length": "7" }, 7, null],
  ["no known whole", { "content-range": "bytes 4-9/*" }, 6, "not a part"],
])("%s", (_, fields, bytes, expected) => {
  expect(held(fields, bytes)).toEqual(expected);
});
