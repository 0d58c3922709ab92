import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareAddresses,
  compileRanges,
  formatAddress,
  formatRange,
  isInRanges,
  networkOf,
  parseAddress,
  parseRange,
} from "../../../src/expression/ip.ts";

const v4Text = fc.ipV4();
const v6Text = fc.ipV6().filter((text) => !text.toLowerCase().startsWith("::ffff:"));

test.each([
  ["0.0.0.0", 0],
  ["255.255.255.255", 0xffffffff],
  ["1.2.3.4", 0x01020304],
  ["::", "0".repeat(32)],
  ["::1", "1".padStart(32, "0")],
  ["2001:DB8::1", "20010db8000000000000000000000001"],
  ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
  ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
  ["64:ff9b::1.2.3.4", "0064ff9b000000000000000001020304"],
  ["::ffff:1.2.3.4", 0x01020304],
  ["::FFFF:0102:0304", 0x01020304],
])("%s is an address", (text, address) => {
  expect(parseAddress(text)).toBe(address);
});

test.each([
  "",
  "1.2.3",
  "1.2.3.4.5",
  "256.1.1.1",
  "01.2.3.4",
  "1.2.3.4 ",
  "1.2.3.a",
  ":",
  ":::",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "1::2::3",
  "12345::",
  "fe80::1%eth0",
  "[::1]",
  "::1.2.3",
  "1.2.3.4::",
  "::g",
  "localhost",
])("%j is no address", (text) => {
  expect(parseAddress(text)).toBeNull();
});

test("whatever Node takes for an address is one, and its canonical text parses to the same", () => {
  fc.assert(
    fc.property(fc.oneof(v4Text, v6Text), (text) => {
      const address = parseAddress(text);
      expect(address).not.toBeNull();
      const canonical = formatAddress(address ?? 0);
      expect(isIP(canonical)).toBe(isIP(text));
      expect(parseAddress(canonical)).toBe(address);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["2001:db8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["1:0:0:0:0:0:0:0", "1::"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
])("%s is written %s (RFC 5952)", (text, canonical) => {
  expect(formatAddress(parseAddress(text) ?? 0)).toBe(canonical);
});

test.each([
  ["10.1.2.3", 8, "10.0.0.0"],
  ["10.1.2.3", 0, "0.0.0.0"],
  ["10.1.2.3", 32, "10.1.2.3"],
  ["255.255.255.255", 1, "128.0.0.0"],
  ["2001:db8:ffff::1", 33, "2001:db8:8000::"],
  ["2001:db8:ffff::1", 0, "::"],
  ["2001:db8:ffff::1", 128, "2001:db8:ffff::1"],
  ["ffff::", 1, "8000::"],
])("the network of %s with %i bits is %s", (text, bits, network) => {
  expect(formatAddress(networkOf(parseAddress(text) ?? 0, bits))).toBe(network);
});

test.each([
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["1.2.3.4/32", "1.2.3.4"],
  ["::/0", "::/0"],
  ["2001:db8::/32", "2001:db8::/32"],
  ["10.0.0.0..10.255.255.255", "10.0.0.0/8"],
  ["10.0.0.1..10.0.0.3", "10.0.0.1..10.0.0.3"],
  ["10.0.0.1..10.0.0.1", "10.0.0.1"],
  ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
])("the range %s is written %s", (text, canonical) => {
  const parsed = parseRange(text);
  expect("range" in parsed && formatRange(parsed.range)).toBe(canonical);
});

test.each([
  ["10.0.0.1/8", /write 10.0.0.0\/8/],
  ["2001:db8::1/32", /write 2001:db8::\/32/],
  ["10.0.0.0/33", /\/0 to \/32/],
  ["::/129", /\/0 to \/128/],
  ["10.0.0.0/", /prefix length/],
  ["10.0.0.0/-1", /prefix length/],
  ["10.0.0.0/8/8", /prefix length/],
  ["x/8", /"x" is not an IP address/],
  ["10.0.0.2..10.0.0.1", /write 10.0.0.1..10.0.0.2/],
  ["10.0.0.1..::1", /mixes/],
  ["1.1.1.1..2.2.2.2..3.3.3.3", /not an IP address/],
  ["::ffff:0.0.0.0/95", /apart/],
  ["", /not an IP address/],
])("the range %j is refused", (text, message) => {
  const parsed = parseRange(text);
  expect("problem" in parsed && parsed.problem).toMatch(message);
});

test("ranges are merged where they overlap or touch", () => {
  const { ranges, problems } = compileRanges([
    "10.0.0.128/25",
    "10.0.0.0/25",
    "10.0.1.0",
    "10.0.3.0",
    "2001:db8::2",
    "2001:db8::1",
    "2001:db8::",
    "bad",
  ]);
  expect(ranges.v4).toEqual([0x0a000000, 0x0a000100, 0x0a000300, 0x0a000300]);
  expect(ranges.v6).toEqual(["20010db8000000000000000000000000", "20010db8000000000000000000000002"]);
  expect(problems).toEqual([{ index: 7, entry: "bad", message: '"bad" is not an IP address' }]);
});

test("the last address of each family is held, and nothing wraps round", () => {
  const { ranges } = compileRanges(["255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0"]);
  expect(isInRanges("255.255.255.255", ranges)).toBe(true);
  expect(isInRanges("0.0.0.0", ranges)).toBe(true);
  expect(isInRanges("0.0.0.1", ranges)).toBe(false);
  expect(isInRanges("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ranges)).toBe(true);
  expect(isInRanges("::", ranges)).toBe(false);
});

test("an address in mapped form is looked up as the IPv4 address", () => {
  const { ranges } = compileRanges(["10.0.0.0/8"]);
  expect(isInRanges("::ffff:10.1.2.3", ranges)).toBe(true);
  expect(isInRanges("not an address", ranges)).toBe(false);
});

test("membership agrees with Node's block list", () => {
  const subnet = fc.oneof(fc.tuple(v4Text, fc.integer({ min: 0, max: 32 })), fc.tuple(v6Text, fc.integer({ min: 0, max: 128 })));
  fc.assert(
    fc.property(
      fc.array(subnet, { maxLength: 12 }),
      fc.array(fc.oneof(v4Text, v6Text), { minLength: 1, maxLength: 8 }),
      (subnets, samples) => {
        // Node looks an IPv4 address up in IPv6 blocks too, in its mapped form; here the families are apart.
        const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
        const entries = subnets.map(([text, bits]) => {
          const network = formatAddress(networkOf(parseAddress(text) ?? 0, bits));
          const family = text.includes(":") ? "ipv6" : "ipv4";
          lists[family].addSubnet(network, bits, family);
          return `${network}/${bits}`;
        });
        const { ranges, problems } = compileRanges(entries);
        expect(problems).toEqual([]);
        for (const sample of [...samples, ...subnets.map(([text]) => text)]) {
          const family = sample.includes(":") ? "ipv6" : "ipv4";
          expect(isInRanges(sample, ranges), `${sample} in ${entries.join(" ")}`).toBe(lists[family].check(sample, family));
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("addresses of two families have no order", () => {
  expect(compareAddresses(1, "1".padStart(32, "0"))).toBeNull();
  expect(compareAddresses(1, 2)).toBe(-1);
  expect(compareAddresses("b".repeat(32), "a".repeat(32))).toBe(1);
  expect(compareAddresses(5, 5)).toBe(0);
});
