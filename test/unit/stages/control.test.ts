// Which requests are for Breakwater itself, and so never for an origin.

import { expect, test } from "vitest";
import { isControlRequest } from "../../../src/stages/control.ts";

test.each([
  ["/_breakwater", true],
  ["/_breakwater/status", true],
  ["/_breakwater/c/p/0123", true],
  ["/_BREAKWATER/status", true],
  ["/%5Fbreakwater/status", true],
  ["/%5f%62reakwater/status", true],
  ["//_breakwater/status", true],
  ["/x/../_breakwater/status", true],
  ["/./_breakwater/", true],
  ["/_breakwater%2Fstatus", true],
  ["/_breakwater%5cstatus", true],
  ["/_breakwater;x/status", true],
  ["/_breakwater?x", true],
  ["/", false],
  ["/_breakwaters", false],
  ["/x/_breakwater/status", false],
  ["/?/_breakwater/status", false],
  ["/breakwater/status", false],
  ["/100%", false],
])("%s", (target, expected) => {
  expect(isControlRequest({ method: "GET", url: `http://shop.test${target}` })).toBe(expected);
});

test("PURGE is for us at any path", () => {
  expect(isControlRequest({ method: "PURGE", url: "http://shop.test/page" })).toBe(true);
});
