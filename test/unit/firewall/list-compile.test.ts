import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileList, type TimedEntry } from "../../../src/firewall/list-compile.ts";
import { formatAddress, parseAddress } from "../../../src/expression/ip.ts";
import type { ListKind } from "../../../src/config/snapshot.ts";

const FOREVER = null;

function entry(value: string, expiresAtMs: number | null = FOREVER): TimedEntry {
  return { value, expiresAtMs };
}

/** `10.0.0.0-10.0.0.9@5`, for people. */
function segments(entries: readonly (string | TimedEntry)[]): readonly string[] {
  const { list } = compileList("ip", entries);
  if (list.kind !== "ip") throw new Error("not a list of addresses");
  const until = new Map<number, number>();
  for (let at = 0; at < list.until.length; at += 2) until.set(list.until[at] ?? -1, list.until[at + 1] ?? -1);
  const bounds: readonly (number | string)[] = [...list.v4, ...list.v6];
  return Array.from({ length: bounds.length / 2 }, (_, at) => {
    const [from, to] = [bounds[2 * at] ?? "", bounds[2 * at + 1] ?? ""];
    return `${formatAddress(from)}-${formatAddress(to)}${until.has(at) ? `@${until.get(at)}` : ""}`;
  });
}

describe("addresses become disjoint ranges, each with the latest expiry of what holds it", () => {
  const cases: readonly (readonly [name: string, entries: readonly (string | TimedEntry)[], ranges: readonly string[]])[] = [
    ["no entries", [], []],
    ["a block holds an address in it", ["10.0.0.5", "10.0.0.0/24"], ["10.0.0.0-10.0.0.255"]],
    ["blocks that touch stay two", ["10.0.0.0/25", "10.0.0.128/25"], ["10.0.0.0-10.0.0.127", "10.0.0.128-10.0.0.255"]],
    ["ranges that overlap are one", ["10.0.0.0..10.0.0.9", "10.0.0.5..10.0.0.20"], ["10.0.0.0-10.0.0.20"]],
    ["a permanent block outlives one that expires in it", ["10.0.0.0/24", entry("10.0.0.5", 5)], ["10.0.0.0-10.0.0.255"]],
    [
      "a permanent address splits a block that expires",
      [entry("10.0.0.0/30", 5), "10.0.0.1"],
      ["10.0.0.0-10.0.0.0@5", "10.0.0.1-10.0.0.1", "10.0.0.2-10.0.0.3@5"],
    ],
    [
      "at a block's edges nothing is left over",
      [entry("10.0.0.0/30", 5), "10.0.0.0", "10.0.0.3"],
      ["10.0.0.0-10.0.0.0", "10.0.0.1-10.0.0.2@5", "10.0.0.3-10.0.0.3"],
    ],
    ["of two expiries of one address the later counts", [entry("10.0.0.1", 9), entry("10.0.0.1", 5)], ["10.0.0.1-10.0.0.1@9"]],
    [
      "three deep, the inner longer",
      [entry("10.0.0.0..10.0.0.9", 1), entry("10.0.0.2..10.0.0.7", 2), entry("10.0.0.4..10.0.0.5", 3)],
      ["10.0.0.0-10.0.0.1@1", "10.0.0.2-10.0.0.3@2", "10.0.0.4-10.0.0.5@3", "10.0.0.6-10.0.0.7@2", "10.0.0.8-10.0.0.9@1"],
    ],
    [
      "a range that ends later and expires earlier goes on behind",
      [entry("10.0.0.0..10.0.0.5", 9), entry("10.0.0.3..10.0.0.8", 4)],
      ["10.0.0.0-10.0.0.5@9", "10.0.0.6-10.0.0.8@4"],
    ],
    ["all there is", ["0.0.0.0/0", "255.255.255.255"], ["0.0.0.0-255.255.255.255"]],
    [
      "the last address twice, with two expiries",
      [entry("255.255.255.254..255.255.255.255", 1), entry("255.255.255.255", 2)],
      ["255.255.255.254-255.255.255.254@1", "255.255.255.255-255.255.255.255@2"],
    ],
    [
      "the last address of IPv6 twice, with two expiries",
      [entry("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", 1), entry("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2)],
      [
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe@1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff@2",
      ],
    ],
    ["IPv4-mapped is IPv4", ["::ffff:10.0.0.1", "10.0.0.0/31", "::ffff:10.0.0.0/127"], ["10.0.0.0-10.0.0.1"]],
    [
      "IPv6",
      [entry("2001:db8::/126", 7), "2001:db8::1"],
      ["2001:db8::-2001:db8::@7", "2001:db8::1-2001:db8::1", "2001:db8::2-2001:db8::3@7"],
    ],
  ];
  test.each(cases)("%s", (_name, entries, ranges) => {
    expect(segments(entries)).toEqual(ranges);
    expect(segments(entries.toReversed())).toEqual(ranges);
  });

  const range = (max: number): fc.Arbitrary<TimedEntry & { readonly from: number; readonly to: number }> =>
    fc.tuple(fc.nat(max), fc.nat(max), fc.option(fc.integer({ min: 1, max: 4 }), { nil: null })).map(([a, b, expiresAtMs]) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      return { from, to, expiresAtMs, value: "" };
    });

  test.each([
    ["IPv4", (number: number): string => formatAddress(number)],
    ["IPv6", (number: number): string => `2001:db8::${number.toString(16)}`],
  ] as const)("%s: each address ends when the last entry that holds it ends, and ranges are sorted and disjoint", (_family, text) => {
    fc.assert(
      fc.property(fc.array(range(24), { maxLength: 14 }), (ranges) => {
        const entries = ranges.map(({ from, to, expiresAtMs }) =>
          entry(from === to ? text(from) : `${text(from)}..${text(to)}`, expiresAtMs),
        );
        const { list, redundant } = compileList("ip", entries);
        if (list.kind !== "ip") throw new Error("not a list of addresses");
        const bounds: readonly (number | string)[] = list.v4.length > 0 ? list.v4 : list.v6;
        for (let at = 1; at < bounds.length; at += 1) {
          const [before = 0, here = 0] = [bounds[at - 1], bounds[at]];
          expect(at % 2 === 1 ? before <= here : before < here).toBe(true);
        }
        const until = (address: number | string): number => {
          for (let at = 0; at < bounds.length; at += 2) {
            if (address < (bounds[at] ?? 0) || address > (bounds[at + 1] ?? 0)) continue;
            for (let pair = 0; pair < list.until.length; pair += 2) if (list.until[pair] === at / 2) return list.until[pair + 1] ?? 0;
            return Number.POSITIVE_INFINITY;
          }
          return 0;
        };
        const naive = (among: readonly (typeof ranges)[number][], number: number): number =>
          Math.max(
            0,
            ...among.filter(({ from, to }) => from <= number && number <= to).map((one) => one.expiresAtMs ?? Number.POSITIVE_INFINITY),
          );
        const left = ranges.filter((_range, index) => !redundant.some((one) => one.index === index));
        for (let number = 0; number <= 24; number += 1) {
          expect(until(parseAddress(text(number)) ?? "")).toBe(naive(ranges, number));
          // What is called redundant can all be left out at once.
          expect(naive(left, number)).toBe(naive(ranges, number));
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe("values are sorted and unique, each with its latest expiry", () => {
  const cases: readonly (readonly [
    kind: ListKind,
    entries: readonly (string | TimedEntry)[],
    values: readonly unknown[],
    until: readonly number[],
  ])[] = [
    ["asn", ["9", "10", "AS9"], [9, 10], []],
    ["asn", [entry("AS10", 5), "9", entry("10", 7)], [9, 10], [1, 7]],
    ["country", [entry("fr", 5), "DE", "FR"], ["DE", "FR"], []],
    ["string", ["b", entry("a", 3), "b "], ["a", "b", "b "], [0, 3]],
    ["host", ["a.example.com", "*.example.com", "example.com"], ["*.example.com", "example.com"], []],
    ["host", ["a.example.com", entry("*.example.com", 3)], ["*.example.com", "a.example.com"], [0, 3]],
    ["host", ["*.a.b.example.com", "*.b.example.com", "b.example.com"], ["*.b.example.com", "b.example.com"], []],
    ["host", ["*.example.com", "*.example.com", "notexample.com"], ["*.example.com", "notexample.com"], []],
  ];
  test.each(cases)("%s %j", (kind, entries, values, until) => {
    expect(compileList(kind, entries).list).toEqual({ kind, entries: values, until });
    expect(compileList(kind, entries.toReversed()).list).toEqual({ kind, entries: values, until });
  });
});

describe("entries that could be left out", () => {
  const cases: readonly (readonly [
    kind: ListKind,
    entries: readonly (string | TimedEntry)[],
    redundant: readonly (readonly [number, number])[],
  ])[] = [
    ["ip", ["10.0.0.1", "10.0.0.2"], []],
    ["ip", ["10.0.0.1", "10.0.0.1"], [[1, 0]]],
    ["ip", ["10.0.0.1", "10.0.0.0/8"], [[0, 1]]],
    ["ip", [entry("10.0.0.1", 9), entry("10.0.0.0/8", 5)], []],
    ["ip", [entry("10.0.0.1", 5), entry("10.0.0.0/8", 5)], [[0, 1]]],
    ["ip", ["2001:db8::1", "10.0.0.0/8", "2001:db8::/32"], [[0, 2]]],
    ["asn", ["1", "AS1"], [[1, 0]]],
    ["asn", [entry("1", 5), "1"], [[0, 1]]],
    ["host", ["a.example.com", "*.example.com"], [[0, 1]]],
    ["string", ["a", "A"], []],
  ];
  test.each(cases)("%s %j: %j", (kind, entries, redundant) => {
    expect(compileList(kind, entries).redundant).toEqual(redundant.map(([index, by]) => ({ index, by })));
  });
});

test.each([
  ["ip", "203.0.113.1/24", /write 203.0.113.0\/24/],
  ["ip", "example.com", /not an IP address/],
  ["asn", "AS", /64496/],
  ["asn", "4294967296", /64496/],
  ["country", "Germany", /two letters/],
  ["host", "https://example.com", /not a host name/],
  ["host", "example.com:80", /not a host name/],
  ["host", "a.*.com", /not a host name/],
  ["host", "", /not a host name/],
] as const)("in a list of kind %s the entry %j is a problem, and is left out", (kind, bad, message) => {
  const { problems, list } = compileList(kind, [bad]);
  expect(problems).toEqual([{ index: 0, entry: bad, message: expect.stringMatching(message) as string }]);
  expect(list).toEqual(compileList(kind, []).list);
});
