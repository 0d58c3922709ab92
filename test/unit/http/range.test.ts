import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatContentRange, formatUnsatisfiedRange, parseContentRange, parseRange, rangeLength } from "../../../src/http/range.ts";
import { RANGE_COUNT_MAX } from "../../../src/limits.ts";

describe("one range of 1000 bytes", () => {
  test.each([
    ["bytes=0-499", 0, 499],
    ["bytes=500-", 500, 999],
    ["bytes=-200", 800, 999],
    ["bytes=-5000", 0, 999],
    ["bytes=0-5000", 0, 999],
    ["bytes=999-999", 999, 999],
    ["BYTES=0-0", 0, 0],
    ["bytes=0-0,", 0, 0],
    ["bytes= 0-0", 0, 0],
    ["bytes=0-0, 2000-3000", 0, 0],
    ["bytes=0-99999999999999999999", 0, 999],
  ])("%s is %i to %i", (header, start, end) => {
    expect(parseRange(header, 1000)).toEqual({ kind: "single", range: { start, end } });
  });

  test.each(["bytes=1000-", "bytes=1000-2000, 5000-", "bytes=-0", "bytes=99999999999999999999-"])("%s cannot be satisfied", (header) => {
    expect(parseRange(header, 1000)).toEqual({ kind: "unsatisfiable" });
  });

  test.each([
    [null, "absent"],
    ["", "invalid"],
    ["bytes", "invalid"],
    ["bytes=", "invalid"],
    ["bytes=-", "invalid"],
    ["bytes=a-b", "invalid"],
    ["bytes=5-2", "invalid"],
    ["bytes=0-1, 5-2", "invalid"],
    ["bytes=0 - 1", "invalid"],
    ["bytes=0-1-2", "invalid"],
    ["bytes =0-1", "invalid"],
    ["bytes=+1-2", "invalid"],
    ["lines=0-1", "other-unit"],
  ])("%s is ignored: %s", (header, reason) => {
    expect(parseRange(header, 1000)).toEqual({ kind: "ignored", reason });
  });

  test("of nothing, nothing can be had; the end of nothing is all of it", () => {
    expect(parseRange("bytes=0-", 0)).toEqual({ kind: "unsatisfiable" });
    expect(parseRange("bytes=-5", 0)).toEqual({ kind: "ignored", reason: "empty" });
  });
});

describe("several ranges", () => {
  test("come in the order of the request", () => {
    expect(parseRange("bytes=900-909, 0-9", 1000)).toEqual({
      kind: "multiple",
      ranges: [
        { start: 900, end: 909 },
        { start: 0, end: 9 },
      ],
    });
  });

  test("two may overlap, three may not", () => {
    expect(parseRange("bytes=0-10, 5-15", 10_000)).toMatchObject({ kind: "multiple" });
    expect(parseRange("bytes=0-10, 5-15, 9-20", 10_000)).toEqual({ kind: "ignored", reason: "overlapping" });
  });

  test("are ignored when together they are larger than the whole", () => {
    expect(parseRange("bytes=0-5, 4-7", 10)).toMatchObject({ kind: "multiple" });
    expect(parseRange("bytes=0-6, 4-7", 10)).toEqual({ kind: "ignored", reason: "too-costly" });
  });

  test(`of more than ${RANGE_COUNT_MAX} the whole is sent`, () => {
    const ranges = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, index) => `${index * 10}-${index * 10 + 1}`).join(",")}`;
    expect(parseRange(ranges(RANGE_COUNT_MAX), 1_000_000)).toMatchObject({ kind: "multiple" });
    expect(parseRange(ranges(RANGE_COUNT_MAX + 1), 1_000_000)).toEqual({ kind: "ignored", reason: "too-many" });
  });
});

test("whatever is asked, ranges lie in the representation and cost no more than it", () => {
  const spec = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."0123456789-, ".split("")) }),
    fc.tuple(fc.nat(2000), fc.nat(2000)).map(([a, b]) => `${a}-${b}`),
    fc.nat(2000).map((n) => `-${n}`),
  );
  fc.assert(
    fc.property(fc.array(spec, { maxLength: 5 }), fc.nat(1500), (specs, size) => {
      const parsed = parseRange(`bytes=${specs.join(",")}`, size);
      const ranges = parsed.kind === "single" ? [parsed.range] : parsed.kind === "multiple" ? parsed.ranges : [];
      for (const { start, end } of ranges) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end).toBeLessThan(size);
      }
      expect(ranges.reduce((sum, range) => sum + rangeLength(range), 0)).toBeLessThanOrEqual(size);
    }),
  );
});

test("garbage throws nothing", () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      expect(["ignored", "single", "multiple", "unsatisfiable"]).toContain(parseRange(header, 100).kind);
      expect(parseContentRange(header)).toBeNull();
    }),
  );
});

describe("Content-Range", () => {
  test.each([
    ["bytes 0-9/100", { kind: "range", range: { start: 0, end: 9 }, size: 100 }],
    ["bytes 0-9/*", { kind: "range", range: { start: 0, end: 9 }, size: null }],
    ["bytes */100", { kind: "unsatisfied", size: 100 }],
    ["bytes */*", null],
    ["bytes 9-0/100", null],
    ["bytes 0-100/100", null],
    ["bytes 0-9", null],
    ["items 0-9/100", null],
    ["bytes=0-9/100", null],
    [null, null],
  ])("%s is %o", (value, parsed) => {
    expect(parseContentRange(value)).toEqual(parsed);
  });

  test("is written as it is read", () => {
    expect(formatContentRange({ start: 0, end: 9 }, 100)).toBe("bytes 0-9/100");
    expect(formatContentRange({ start: 0, end: 9 }, null)).toBe("bytes 0-9/*");
    expect(formatUnsatisfiedRange(100)).toBe("bytes */100");
  });
});
