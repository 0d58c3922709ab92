import fc from "fast-check";
import { expect, test } from "vitest";
import { formatHttpDate, parseHttpDate } from "../../../src/http/date.ts";

const now = Date.UTC(2026, 5, 15);
const example = Date.UTC(1994, 10, 6, 8, 49, 37);

test.each(["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])("%s is read", (text) => {
  expect(parseHttpDate(text, now)).toBe(example);
});

test.each([
  "",
  "0",
  "-1",
  "1994-11-06T08:49:37Z",
  "Sun, 6 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 94 08:49:37 GMT",
  "sun, 06 Nov 1994 08:49:37 GMT",
  "Sun, 06 NOV 1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 08:49:37 gmt",
  "Sun, 06 Nov 1994 08:49:37 UTC",
  "Sun, 06 Nov 1994 08:49:37 +0000",
  "Sun, 06 Nov 1994 08:49:37",
  "Sun 06 Nov 1994 08:49:37 GMT",
  "Sun,  06 Nov 1994 08:49:37 GMT",
  "Sun, 06-Nov-1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 8:49:37 GMT",
  "Sun, 06 Nov 1994 24:00:00 GMT",
  "Sun, 06 Nov 1994 08:60:37 GMT",
  "Sun, 06 Nov 1994 08:49:61 GMT",
  "Sun, 31 Jun 1994 08:49:37 GMT",
  "Sun, 00 Jun 1994 08:49:37 GMT",
  "Sun, 29 Feb 2025 08:49:37 GMT",
  "Sun, 06 Nov 1994 08:49:37 GMT, Mon, 07 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-1994 08:49:37 GMT",
  "Sun Nov 6 08:49:37 1994",
  "Sun Nov 06 08:49:37 94",
])("%s is no date", (text) => {
  expect(parseHttpDate(text, now)).toBeNull();
});

test.each([
  ["94", 2026, 1994],
  ["26", 2026, 2026],
  ["75", 2026, 2075],
  ["76", 2026, 2076],
  ["77", 2026, 1977],
  ["00", 2099, 2100],
  ["49", 2099, 2149],
  ["50", 2099, 2050],
])("the two-digit year %s read in %i is %i", (digits, current, year) => {
  expect(parseHttpDate(`Monday, 01-Jan-${digits} 00:00:00 GMT`, Date.UTC(current, 0, 2))).toBe(Date.UTC(year, 0, 1));
});

test("a two-digit year is in the past from one second beyond fifty years on", () => {
  expect(parseHttpDate("Monday, 15-Jun-76 00:00:00 GMT", now)).toBe(Date.UTC(2076, 5, 15));
  expect(parseHttpDate("Monday, 15-Jun-76 00:00:01 GMT", now)).toBe(Date.UTC(1976, 5, 15, 0, 0, 1));
});

test("a leap second is the next second, and 29 February exists in leap years", () => {
  expect(parseHttpDate("Sat, 31 Dec 2016 23:59:60 GMT", now)).toBe(Date.UTC(2017, 0, 1));
  expect(parseHttpDate("Thu, 29 Feb 2024 00:00:00 GMT", now)).toBe(Date.UTC(2024, 1, 29));
});

test("years below 100 are not taken for 19xx", () => {
  expect(new Date(parseHttpDate("Mon, 01 Jan 0099 00:00:00 GMT", now) ?? Number.NaN).getUTCFullYear()).toBe(99);
});

test("what is written is read again", () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
      expect(parseHttpDate(formatHttpDate(seconds * 1000), now)).toBe(seconds * 1000);
    }),
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 9e15])("%s is written as a date all the same", (ms) => {
  expect(parseHttpDate(formatHttpDate(ms), now)).not.toBeNull();
});

test("garbage is no date and throws nothing", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseHttpDate(text, now)).toBeNull();
    }),
  );
});
