import { expect, test } from "vitest";
import { parseSurrogateControl } from "../../../src/http/surrogate-control.ts";

test.each([
  ["max-age=600", { noStore: false, maxAge: 600, staleWhileRevalidate: null }],
  ['Max-Age=600 , content="ESI/1.0"', { noStore: false, maxAge: 600, staleWhileRevalidate: null }],
  ["max-age=600+60", { noStore: false, maxAge: 600, staleWhileRevalidate: 60 }],
  ["max-age=600, max-age=5+9", { noStore: false, maxAge: 5, staleWhileRevalidate: 9 }],
  ["max-age=600, stale-while-revalidate=7", { noStore: false, maxAge: 600, staleWhileRevalidate: 7 }],
  ["max-age=99999999999+99999999999", { noStore: false, maxAge: 2_147_483_648, staleWhileRevalidate: 2_147_483_648 }],
  ["no-store", { noStore: true }],
  ["no-store, max-age=600", { noStore: true }],
  ["max-age=600+x", { noStore: true }],
  ["max-age=600, max-age=x", { noStore: true }],
  ["max-age", { noStore: true }],
])("%j", (value, expected) => {
  expect(parseSurrogateControl(value)).toMatchObject(expected);
});

test.each(["", 'content="ESI/1.0"', "private", "no-store-remote"])("%j says nothing about storing", (value) => {
  expect(parseSurrogateControl(value)).toBeNull();
});
