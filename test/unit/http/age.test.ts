import { expect, test } from "vitest";
import { parseAge } from "../../../src/http/age.ts";

test.each([
  ["0", 0],
  ["7", 7],
  [" 7 ", 7],
  ["7, 8", 7],
  ["99999999999999", 2_147_483_648],
  [null, null],
  ["", null],
  ["-1", null],
  ["1.5", null],
  ["soon", null],
  ["soon, 7", null],
])("%j is %j", (value, seconds) => {
  expect(parseAge(value)).toBe(seconds);
});
