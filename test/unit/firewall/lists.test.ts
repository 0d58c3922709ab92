import { expect, test } from "vitest";
import { compileList, listType, listTypes, loadList, loadLists } from "../../../src/firewall/lists.ts";
import { parseAddress } from "../../../src/expression/ip.ts";
import type { ListKind } from "../../../src/firewall/lists.ts";

const holds = (kind: ListKind, entries: readonly string[], value: string | number): boolean =>
  loadList(compileList(kind, entries).list)(value);

test.each([
  ["country", ["de", "FR"], "DE", true],
  ["country", ["de"], "de", false],
  ["country", ["T1"], "T1", true],
  ["asn", ["AS64496", "64497", "as1"], 64_496, true],
  ["asn", ["64496"], 64_497, false],
  ["asn", ["007"], 7, true],
  ["string", ["a", "é"], "\u00c3\u00a9", true],
  ["string", [" a "], "a", false],
  ["string", [" a "], " a ", true],
  ["string", ["a"], "A", false],
  ["host", ["Shop.Example.com."], "shop.example.com", true],
  ["host", ["*.example.com"], "a.b.example.com", true],
  ["host", ["*.example.com"], "example.com", false],
  ["host", ["*.example.com"], "notexample.com", false],
  ["host", ["example.com"], "a.example.com", false],
  ["host", ["example.com"], "EXAMPLE.com", true],
] as const)("a list of kind %s with %j holds %j: %s", (kind, entries, value, answer) => {
  expect(holds(kind, entries, value)).toBe(answer);
});

test("an IP list takes addresses, blocks and ranges of both families", () => {
  const entries = ["203.0.113.0/24", "198.51.100.7", "10.0.0.1..10.0.0.9", "2001:db8::/32", " ::ffff:192.0.2.1 "];
  const { list, problems } = compileList("ip", entries);
  expect(problems).toEqual([]);
  const membership = loadList(list);
  const has = (text: string): boolean => membership(parseAddress(text) ?? "");
  expect(["203.0.113.255", "198.51.100.7", "10.0.0.9", "2001:db8:ffff::1", "192.0.2.1"].map(has)).toEqual([true, true, true, true, true]);
  expect(["203.0.114.0", "198.51.100.8", "10.0.0.10", "2001:db9::", "::"].map(has)).toEqual([false, false, false, false, false]);
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
] as const)("in a list of kind %s the entry %j is a problem", (kind, entry, message) => {
  const { problems } = compileList(kind, [entry]);
  expect(problems).toEqual([{ index: 0, entry, message: expect.stringMatching(message) as string }]);
});

test("bad entries are left out, good ones are sorted and unique", () => {
  expect(compileList("asn", ["9", "x", "10", "AS9"])).toEqual({
    list: { kind: "asn", entries: [9, 10] },
    problems: [expect.objectContaining({ index: 1, entry: "x" })],
  });
  expect(compileList("country", ["fr", "DE", "FR"]).list).toEqual({ kind: "country", entries: ["DE", "FR"] });
});

test("100,000 entries survive being stored as JSON, and each is found", () => {
  const entries = Array.from({ length: 100_000 }, (_, index) => `${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.1`);
  const { list, problems } = compileList("ip", entries);
  expect(problems).toEqual([]);
  const membership = loadList(JSON.parse(JSON.stringify(list)) as typeof list);
  expect(entries.every((entry) => membership(parseAddress(entry) ?? ""))).toBe(true);
  expect(entries.some((entry) => membership(parseAddress(entry.replace(/1$/, "2")) ?? ""))).toBe(false);
});

test("each kind is looked up with values of its type", () => {
  expect((["ip", "asn", "country", "string", "host"] as const).map(listType)).toEqual(["Ip", "Int", "Bytes", "Bytes", "Bytes"]);
  const lists = { office: compileList("ip", ["10.0.0.0/8"]).list, nets: compileList("asn", ["1"]).list };
  expect([...listTypes(lists)]).toEqual([
    ["office", "Ip"],
    ["nets", "Int"],
  ]);
  expect([...loadLists(lists).keys()]).toEqual(["office", "nets"]);
});
