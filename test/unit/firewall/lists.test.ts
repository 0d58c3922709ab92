import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ListContent, ListKind } from "../../../src/config/snapshot.ts";
import { formatAddress, parseAddress } from "../../../src/expression/ip.ts";
import { ruleContext } from "../../../src/firewall/context.ts";
import { packList, textHash, unpackList } from "../../../src/firewall/list-arrays.ts";
import { compileList, type TimedEntry } from "../../../src/firewall/list-compile.ts";
import { decodeList, encodeList, LIST_FORMAT } from "../../../src/firewall/list-document.ts";
import { lookup } from "../../../src/firewall/list-lookup.ts";
import { listType, listTypes, loadList } from "../../../src/firewall/lists.ts";
import type { Facts } from "../../../src/facts.ts";

const NOW = Date.UTC(2027, 0, 1);

const at = (receivedAtMs: number) => ruleContext({ facts: { receivedAtMs } as Facts });

function holds(kind: ListKind, entries: readonly (string | TimedEntry)[], value: string | number, nowMs = NOW): boolean {
  const { list, problems } = compileList(kind, entries);
  expect(problems).toEqual([]);
  return loadList(list)(value, at(nowMs));
}

const address = (text: string): string | number => parseAddress(text) ?? expect.fail(`${text} is no address`);

test.each([
  ["country", ["de", "FR"], "DE", true],
  ["country", ["de"], "de", false],
  ["country", ["T1"], "T1", true],
  ["asn", ["AS64496", "64497", "as1"], 64_496, true],
  ["asn", ["64496"], 64_497, false],
  ["asn", ["64496"], 64_495, false],
  ["asn", ["007"], 7, true],
  ["asn", ["0", "4294967295"], 4_294_967_295, true],
  ["asn", ["0"], -1, false],
  ["asn", [], 0, false],
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

describe("addresses at the borders of ranges", () => {
  const entries = [
    "203.0.113.0/24",
    "198.51.100.7",
    "10.0.0.1..10.0.0.9",
    "0.0.0.0",
    "255.255.255.255",
    "2001:db8::/32",
    " ::ffff:192.0.2.1 ",
    "::",
  ];
  const inside = ["203.0.113.0", "203.0.113.255", "198.51.100.7", "10.0.0.1", "10.0.0.9", "0.0.0.0", "255.255.255.255"];
  const insideV6 = ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "192.0.2.1", "::ffff:203.0.113.9", "::"];
  const outside = ["203.0.112.255", "203.0.114.0", "198.51.100.6", "198.51.100.8", "10.0.0.0", "10.0.0.10", "0.0.0.1", "255.255.255.254"];
  const outsideV6 = [
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "::1",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:0.0.0.1",
  ];
  test.each([...inside, ...insideV6])("%s is in", (text) => expect(holds("ip", entries, address(text))).toBe(true));
  test.each([...outside, ...outsideV6])("%s is not", (text) => expect(holds("ip", entries, address(text))).toBe(false));

  test("an empty list holds nothing", () => {
    expect(holds("ip", [], address("::"))).toBe(false);
    expect(holds("ip", [], address("0.0.0.0"))).toBe(false);
  });

  test("words of an IPv6 address are compared from the first to the last", () => {
    const ends = ["1:0:0:2::", "1::2:0:0:0", "1:0:ffff:ffff:ffff:ffff:ffff:ffff", "0:ffff::"];
    for (const one of ends) {
      const range = `${one}..${formatAddress(address(one))}`;
      for (const other of ends) expect(holds("ip", [range], address(other))).toBe(one === other);
    }
  });
});

describe("an entry holds until the millisecond of its expiry", () => {
  const until = { expiresAtMs: NOW };
  test.each([
    ["ip", { value: "10.0.0.0/8", ...until }, address("10.1.2.3")],
    ["ip", { value: "2001:db8::/32", ...until }, address("2001:db8::1")],
    ["asn", { value: "64496", ...until }, 64_496],
    ["country", { value: "DE", ...until }, "DE"],
    ["string", { value: "a b", ...until }, "a b"],
    ["host", { value: "a.example.com", ...until }, "a.example.com"],
    ["host", { value: "*.example.com", ...until }, "a.example.com"],
  ] as const)("%s %j", (kind, entry, value) => {
    expect(holds(kind, [entry], value, NOW - 1)).toBe(true);
    expect(holds(kind, [entry], value, NOW)).toBe(false);
    // One that stays, beside it and for the same.
    expect(holds(kind, [entry, entry.value], value, NOW)).toBe(true);
  });

  test("a host that expired is still held by the domain above it", () => {
    const entries = [
      { value: "a.example.com", expiresAtMs: NOW + 5 },
      { value: "*.example.com", expiresAtMs: NOW },
    ];
    expect([NOW - 1, NOW, NOW + 5].map((nowMs) => holds("host", entries, "a.example.com", nowMs))).toEqual([true, true, false]);
  });
});

/** Lists of every kind, small enough that values meet entries. */
const contents: fc.Arbitrary<{ readonly content: ListContent; readonly entries: readonly TimedEntry[]; readonly kind: ListKind }> = fc
  .record({
    kind: fc.constantFrom<ListKind>("ip", "asn", "country", "string", "host"),
    entries: fc.array(fc.tuple(fc.nat(40), fc.nat(12), fc.option(fc.constantFrom(NOW, NOW + 1), { nil: null })), { maxLength: 30 }),
  })
  .map(({ kind, entries }) => {
    const timed = entries.map(([number, length, expiresAtMs]) => ({ value: entryText(kind, number, length), expiresAtMs }));
    return { kind, entries: timed, content: compileList(kind, timed).list };
  });

function entryText(kind: ListKind, number: number, length: number): string {
  const letter = String.fromCharCode(97 + (number % 4));
  if (kind === "asn") return String(number);
  if (kind === "country") return `D${letter}`;
  if (kind === "string") return `${letter}é "${number}`;
  if (kind === "host") return `${length > 6 ? "*." : ""}${letter}.${number % 3}x.example.com`;
  return number % 2 === 0
    ? `10.0.0.${number}..10.0.0.${number + length}`
    : `2001:db8::${number.toString(16)}..2001:db8::${(number + length).toString(16)}`;
}

test("a document gives back the list, and equal lists have equal texts", () => {
  fc.assert(
    fc.property(contents, ({ content, entries, kind }) => {
      const decoded = decodeList(encodeList(packList(content)));
      if (!decoded.ok) throw new Error(decoded.error);
      expect(unpackList(decoded.value)).toEqual(content);
      expect(encodeList(packList(compileList(kind, entries.toReversed()).list))).toBe(encodeList(packList(content)));
    }),
  );
});

test("a look-up says what a scan of the entries says", () => {
  fc.assert(
    fc.property(contents, fc.nat(55), fc.constantFrom(NOW - 1, NOW, NOW + 1), ({ content, entries, kind }, number, nowMs) => {
      const inForce = entries.filter(({ expiresAtMs }) => expiresAtMs === null || nowMs < expiresAtMs).map(({ value }) => value);
      const value = valueOf(kind, number);
      const scanned = inForce.some((entry) => scanHolds(kind, entry, value));
      expect(loadList(content)(value, at(nowMs))).toBe(scanned);
      const decoded = decodeList(encodeList(packList(content)));
      expect(decoded.ok && lookup(decoded.value)(value, at(nowMs))).toBe(scanned);
    }),
    { numRuns: 2_000 },
  );
});

function valueOf(kind: ListKind, number: number): string | number {
  const letter = String.fromCharCode(97 + (number % 5));
  if (kind === "asn") return number;
  if (kind === "country") return `D${letter.toUpperCase()}`;
  if (kind === "string") return Buffer.from(`${letter}é "${number}`).toString("latin1");
  if (kind === "host") return `${number % 2 === 0 ? "deep." : ""}${letter}.${number % 3}x.example.com`;
  return address(number % 2 === 0 ? `10.0.0.${number}` : `2001:db8::${number.toString(16)}`);
}

function scanHolds(kind: ListKind, entry: string, value: string | number): boolean {
  if (kind === "asn") return Number(entry) === value;
  if (kind === "country") return entry.toUpperCase() === value;
  if (kind === "string") return Buffer.from(entry).toString("latin1") === value;
  if (kind === "host") return entry.startsWith("*") ? String(value).endsWith(entry.slice(1)) : entry === value;
  const [from = "", to = ""] = entry.split("..").map(address);
  return typeof from === typeof value && from <= value && value <= to;
}

test.each([
  ["", /is not JSON/],
  ["[]", /is not JSON/],
  [JSON.stringify({ format: LIST_FORMAT + 1, kind: "ip" }), /has format 2/],
  [JSON.stringify({ format: LIST_FORMAT, kind: "mac" }), /kind that this Worker does not know: mac/],
  [JSON.stringify({ format: LIST_FORMAT, kind: "string" }), /does not know/],
  [JSON.stringify({ format: LIST_FORMAT, kind: "ip", v4: "AAAA" }), /does not load/],
  [JSON.stringify({ format: LIST_FORMAT, kind: "asn", numbers: "%" }), /does not load/],
])("the document %j is refused", (text, message) => {
  expect(decodeList(text)).toEqual({ ok: false, error: expect.stringMatching(message) as string });
});

test("100,000 entries survive being stored, and each is found", () => {
  const v4 = Array.from({ length: 50_000 }, (_, index) => `${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.1`);
  const v6 = Array.from({ length: 50_000 }, (_, index) => `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::1`);
  const { list, problems } = compileList("ip", [...v4, ...v6]);
  expect(problems).toEqual([]);
  const decoded = decodeList(encodeList(packList(list)));
  if (!decoded.ok) throw new Error(decoded.error);
  const membership = lookup(decoded.value);
  const has = (text: string): boolean => membership(address(text), at(NOW));
  expect([...v4, ...v6].every(has)).toBe(true);
  expect([...v4, ...v6].some((entry) => has(entry.replace(/1$/, "2")))).toBe(false);
});

test("each kind is looked up with values of its type", () => {
  expect((["ip", "asn", "country", "string", "host"] as const).map(listType)).toEqual(["Ip", "Int", "Bytes", "Bytes", "Bytes"]);
  const lists = { office: compileList("ip", ["10.0.0.0/8"]).list, nets: { kind: "asn", hash: "0".repeat(64), count: 501 } } as const;
  expect([...listTypes(lists)]).toEqual([
    ["office", "Ip"],
    ["nets", "Int"],
  ]);
});

test("texts of one hash are told apart", () => {
  // Found by search: FNV-1a has pairs like any hash of 32 bits.
  const texts = collidingTexts();
  const others = Array.from({ length: 50 }, (_, index) => `x${index}`);
  for (const kind of ["string", "host"] as const) {
    for (let count = 0; count <= texts.length; count += 1) {
      const some = texts.slice(0, count);
      expect(texts.map((text) => holds(kind, [...others, ...some], text))).toEqual(texts.map((text) => some.includes(text)));
    }
  }
});

/** Three texts or more with hashes that are equal in pairs at least. */
function collidingTexts(): readonly string[] {
  const seen = new Map<number, string>();
  const found: string[] = [];
  for (let number = 0; found.length < 4; number += 1) {
    const text = `h${number.toString(36)}`;
    const other = seen.get(textHash(text));
    if (other !== undefined) found.push(other, text);
    seen.set(textHash(text), text);
  }
  return found;
}
