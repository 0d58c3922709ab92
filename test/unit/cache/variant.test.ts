// Secondary keys: requests that ask for the same thing share one, others never do.

import fc from "fast-check";
import { expect, test } from "vitest";
import { variantKey } from "../../../src/cache/variant.ts";

const of = (field: string, value: string | null): string => variantKey([field], new Headers(value === null ? {} : { [field]: value }));

test.each([
  ["accept-encoding", "gzip, br", "br,gzip;q=0.5"],
  ["accept-encoding", "GZIP", "x-gzip"],
  ["accept-encoding", "br;q=0, gzip", "gzip"],
  ["accept-language", "de , en;q=0.5", "DE,en;q=0.5"],
  ["accept-language", "de, en", "en, de"],
  ["accept-language", "en;q=0.5, de", "de, en;q=0.500"],
  ["x-list", "1, 2", "1,2"],
])("%s: `%s` and `%s` are one variant", (field, one, other) => {
  expect(of(field, one)).toBe(of(field, other));
});

test.each([
  ["accept-encoding", "gzip", null],
  ["accept-encoding", "deflate", ""],
  ["accept-encoding", "gzip", "gzip, identity;q=0"],
  ["accept-encoding", "gzip", "gzip, *;q=0"],
  ["accept-language", "de, en;q=0.5", "en, de;q=0.5"],
  ["accept-language", "de, en;q=0.5", "de, en;q=0.4"],
  ["accept-language", "de, en;q=2", "en;q=2, de"],
  ["cookie", "a=1, 2", "a=1,2"],
  ["authorization", "Basic a, b", "Basic a,b"],
  ["x-list", '"1, 2"', '"1,2"'],
  ["x-list", "", null],
  ["user-agent", "A", "a"],
])("%s: `%s` and `%s` are two", (field, one, other) => {
  expect(of(field, one)).not.toBe(of(field, other));
});

test("cookies share a variant only when they are the same, byte for byte", () => {
  const cookie = fc.stringMatching(/^[ -~]{1,20}$/).map((text) => text.trim());
  fc.assert(
    fc.property(cookie, cookie, (one, other) => {
      expect(of("cookie", one) === of("cookie", other)).toBe(one === other);
    }),
  );
});

test("without Vary there is one variant", () => {
  expect(variantKey([], new Headers({ a: "1" }))).toBe("");
});
