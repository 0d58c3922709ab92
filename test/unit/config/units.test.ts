import { expect, test } from "vitest";
import { parseDurationMs, parseDurationSeconds, parseExpiryMs, parseSizeBytes, parseStatusRange } from "../../../src/config/units.ts";

test.each([
  ["0s", 0],
  ["500ms", 500],
  ["10s", 10_000],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["30d", 2_592_000_000],
  ["10", null],
  ["1.5s", null],
  ["-1s", null],
  ["10 s", null],
  ["10S", null],
])("the duration %s is %s ms", (text, expected) => {
  expect(parseDurationMs(text)).toBe(expected);
});

test("a lifetime of part of a second is a whole second, not none", () => {
  expect(parseDurationSeconds("1ms")).toBe(1);
  expect(parseDurationSeconds("1500ms")).toBe(2);
  expect(parseDurationSeconds("0ms")).toBe(0);
});

test.each([
  ["64KiB", 65_536],
  ["10MB", 10_000_000],
  ["1GiB", 1_073_741_824],
  ["7B", 7],
  ["7", null],
  ["7kb", null],
])("the size %s is %s bytes", (text, expected) => {
  expect(parseSizeBytes(text)).toBe(expected);
});

test.each([
  ["200", [200, 200]],
  ["200-399", [200, 399]],
  ["2xx", [200, 299]],
  ["399-200", null],
  ["600", null],
  ["6xx", null],
  ["20x", null],
])("the status range %s is %j", (text, expected) => {
  expect(parseStatusRange(text)).toEqual(expected);
});

test.each([
  ["2027-01-31", Date.UTC(2027, 1, 1)],
  ["2028-02-29", Date.UTC(2028, 2, 1)],
  ["2027-01-31T18:00:00Z", Date.UTC(2027, 0, 31, 18)],
  ["2027-01-31T18:00Z", Date.UTC(2027, 0, 31, 18)],
  ["2027-02-29", null],
  ["2027-13-01", null],
  ["2027-02-30T10:00:00Z", null],
  ["31.01.2027", null],
])("what is valid through %s ends at %s", (text, expected) => {
  expect(parseExpiryMs(text)).toBe(expected);
});
