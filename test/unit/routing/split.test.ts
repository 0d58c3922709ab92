// Sharing visitors out among pools: one visitor always comes to one pool, percentages are kept, and a canary that grows moves only the
// visitors that it grows by.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SplitSnapshot } from "../../../src/config/snapshot.ts";
import { chooseSplit, type SplitFacts } from "../../../src/routing/split.ts";

const ROUTE = { id: "shop * /*" };

function split(
  shares: Readonly<Record<string, number>>,
  by: Pick<SplitSnapshot, "by" | "name"> = { by: "client", name: "" },
): SplitSnapshot {
  return { ...by, shares: Object.entries(shares).map(([pool, percent]) => ({ pool, percent })) };
}

function visitor(address: string, headers: Readonly<Record<string, string>> = {}): SplitFacts {
  return { headers: new Headers(headers), client: { address } };
}

function poolOf(settings: SplitSnapshot, facts: SplitFacts, route = ROUTE): string | undefined {
  return chooseSplit({ split: settings }, route, facts)?.pool;
}

const ADDRESSES = Array.from({ length: 20_000 }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);

function members(settings: SplitSnapshot, pool: string): ReadonlySet<string> {
  return new Set(ADDRESSES.filter((address) => poolOf(settings, visitor(address)) === pool));
}

test("a route with one pool shares nothing out", () => {
  expect(chooseSplit({ split: null }, ROUTE, visitor("192.0.2.1"))).toBeNull();
});

describe("who a visitor is", () => {
  const byUser = split({ web: 50, canary: 50 }, { by: "header", name: "x-user" });
  const byCookie = split({ web: 50, canary: 50 }, { by: "cookie", name: "uid" });

  test.each<[string, SplitSnapshot, SplitFacts, { by: string; key: string | null }]>([
    ["an IPv4 address", split({ web: 100 }), visitor("192.0.2.1"), { by: "client", key: "192.0.2.1" }],
    ["an IPv6 network", split({ web: 100 }), visitor("2001:db8:1:2:3::4"), { by: "client", key: "2001:db8:1:2::/64" }],
    ["an IPv4 address inside IPv6", split({ web: 100 }), visitor("::ffff:192.0.2.1"), { by: "client", key: "192.0.2.1" }],
    ["no address", split({ web: 100 }), visitor(""), { by: "client", key: null }],
    ["a header", byUser, visitor("192.0.2.1", { "X-User": "kim" }), { by: "header", key: "kim" }],
    ["a missing header", byUser, visitor("192.0.2.1"), { by: "client", key: "192.0.2.1" }],
    ["an empty header", byUser, visitor("192.0.2.1", { "X-User": "" }), { by: "client", key: "192.0.2.1" }],
    ["a cookie", byCookie, visitor("192.0.2.1", { Cookie: "a=1; uid=7; uid=8" }), { by: "cookie", key: "7" }],
    ["a missing cookie", byCookie, visitor("192.0.2.1", { Cookie: "a=1" }), { by: "client", key: "192.0.2.1" }],
  ])("is told by %s", (_, settings, facts, expected) => {
    expect(chooseSplit({ split: settings }, ROUTE, facts)).toMatchObject(expected);
  });

  test("all addresses of one IPv6 network come to one pool", () => {
    const settings = split({ web: 50, canary: 50 });
    const pools = Array.from({ length: 50 }, (_, index) => poolOf(settings, visitor(`2001:db8::${(index * 1000).toString(16)}`)));
    expect(new Set(pools).size).toBe(1);
  });

  test("visitors of whom nothing is known are not for the canary", () => {
    for (const route of ["a", "b", "c", "d", "e"]) expect(poolOf(split({ canary: 49, web: 51 }), visitor(""), { id: route })).toBe("web");
  });
});

test.each([1, 5, 20, 50])("%i percent are that many, within a percent of all", (percent) => {
  const share = members(split({ web: 100 - percent, canary: percent }), "canary").size / ADDRESSES.length;
  expect(Math.abs(share * 100 - percent)).toBeLessThan(1);
});

test("three pools get their shares", () => {
  const settings = split({ web: 70, canary: 20, next: 10 });
  for (const [pool, percent] of [
    ["web", 70],
    ["canary", 20],
    ["next", 10],
  ] as const) {
    expect(Math.abs((members(settings, pool).size / ADDRESSES.length) * 100 - percent)).toBeLessThan(1.2);
  }
});

test("a canary that grows from 5 to 10 percent moves those 5 percent and nobody else", () => {
  const before = members(split({ web: 95, canary: 5 }), "canary");
  const after = members(split({ web: 90, canary: 10 }), "canary");
  expect([...before].every((address) => after.has(address))).toBe(true);
  expect(Math.abs(((after.size - before.size) / ADDRESSES.length) * 100 - 5)).toBeLessThan(1);
});

test("whatever two shares grow or shrink to, visitors only move to the pool that grew", () => {
  const percent = fc.integer({ min: 1, max: 99 });
  fc.assert(
    fc.property(percent, percent, fc.string(), (from, to, address) => {
      const before = poolOf(split({ web: 100 - from, canary: from }), visitor(address));
      const after = poolOf(split({ web: 100 - to, canary: to }), visitor(address));
      if (before !== after && address !== "") expect(after).toBe(to > from ? "canary" : "web");
    }),
  );
});

test("the order in the file, or a pool that has no visitors, moves nobody", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const facts = visitor(address);
      expect(poolOf(split({ canary: 5, web: 95 }), facts)).toBe(poolOf(split({ web: 95, canary: 5 }), facts));
    }),
  );
});

test("another route picks other visitors for its canary", () => {
  const settings = split({ web: 90, canary: 10 });
  const other = { id: "shop * /api/*" };
  const [here, there] = [ROUTE, other].map((route) => ADDRESSES.filter((each) => poolOf(settings, visitor(each), route) === "canary"));
  const both = (here ?? []).filter((address) => there?.includes(address)).length;
  // Independent choices of a tenth each meet in a hundredth of all.
  expect(both / ADDRESSES.length).toBeGreaterThan(0.005);
  expect(both / ADDRESSES.length).toBeLessThan(0.015);
});
