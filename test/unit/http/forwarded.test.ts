import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../src/http/address.ts";
import { clientAddress, setForwardingHeaders } from "../../../src/http/forwarded.ts";
import { FORWARDED_HOPS_MAX } from "../../../src/limits.ts";

const trusted = new Set(["192.0.2.1", "192.0.2.2", "2001:db8::1"]);

function client(headers: Record<string, string>, peerAddress = "192.0.2.1"): string {
  return clientAddress({ peerAddress, headers: new Headers(headers), isTrustedProxy: (address) => trusted.has(address) });
}

describe("who the visitor is", () => {
  test("without a trusted proxy in front, nothing that is claimed counts", () => {
    expect(client({ "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.9" }, "198.51.100.7")).toBe("198.51.100.7");
    expect(client({ "x-forwarded-for": "203.0.113.9" }, "")).toBe("");
  });

  test.each([
    [{}, "192.0.2.1"],
    [{ "x-forwarded-for": "203.0.113.9" }, "203.0.113.9"],
    [{ "x-forwarded-for": "10.0.0.1, 203.0.113.9" }, "203.0.113.9"],
    [{ "x-forwarded-for": "203.0.113.9, 192.0.2.2" }, "203.0.113.9"],
    [{ "x-forwarded-for": "192.0.2.2" }, "192.0.2.2"],
    [{ "x-forwarded-for": "203.0.113.9:4711" }, "203.0.113.9"],
    [{ "x-forwarded-for": "[2001:DB8::9]:4711" }, "2001:db8::9"],
    [{ "x-forwarded-for": "2001:db8:0:0:0:0:0:9" }, "2001:db8::9"],
    [{ "x-forwarded-for": "203.0.113.9, [2001:DB8:0::1]:80" }, "203.0.113.9"],
    [{ "x-forwarded-for": "::ffff:203.0.113.9" }, "203.0.113.9"],
    [{ "x-forwarded-for": "203.0.113.9, unknown" }, "192.0.2.1"],
    [{ "x-forwarded-for": "203.0.113.9, unknown, 192.0.2.2" }, "192.0.2.2"],
    [{ "x-forwarded-for": "203.0.113.9," }, "192.0.2.1"],
    [{ "x-forwarded-for": "203.0.113.9, 999.1.1.1" }, "192.0.2.1"],
    [{ "x-forwarded-for": "evil" }, "192.0.2.1"],
    [{ forwarded: "for=203.0.113.9;proto=https" }, "203.0.113.9"],
    [{ forwarded: 'for=10.0.0.1, For="[2001:db8::9]:80";by=x' }, "2001:db8::9"],
    [{ forwarded: "for=203.0.113.9, for=_hidden" }, "192.0.2.1"],
    [{ forwarded: "for=203.0.113.9, proto=https" }, "192.0.2.1"],
    [{ forwarded: "for=203.0.113.9;for=203.0.113.8" }, "192.0.2.1"],
    [{ forwarded: 'for="203.0.113.9' }, "192.0.2.1"],
    // The proxy wrote one of them, the visitor the other: X-Forwarded-For decides.
    [{ "x-forwarded-for": "203.0.113.9", forwarded: "for=203.0.113.8" }, "203.0.113.9"],
  ] as const)("%o: %s", (headers, address) => {
    expect(client(headers)).toBe(address);
  });

  test(`${FORWARDED_HOPS_MAX} hops are walked`, () => {
    const chain = (hops: number): string => ["203.0.113.9", ...Array.from({ length: hops - 1 }, () => "192.0.2.2")].join(", ");
    expect(client({ "x-forwarded-for": chain(FORWARDED_HOPS_MAX) })).toBe("203.0.113.9");
    expect(client({ "x-forwarded-for": chain(FORWARDED_HOPS_MAX + 1) })).toBe("192.0.2.2");
  });

  test("what a visitor puts in front of what the proxy appended changes nothing", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), (claim) => {
        expect(client({ "x-forwarded-for": `${claim}, 203.0.113.9` })).toBe("203.0.113.9");
        expect(client({ "x-forwarded-for": "203.0.113.9", forwarded: claim })).toBe("203.0.113.9");
      }),
    );
  });
});

describe("addresses", () => {
  test.each([
    "",
    "unknown",
    "_x",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "1.2.3.4:",
    "1.2.3.4:123456",
    "[1.2.3.4]",
    "[::1",
    "::1]",
    ":::",
    "12:34",
    "fe80::1%eth0",
    "[::1]x",
    "abc:def",
  ])("%s is none", (text) => {
    expect(addressOf(text)).toBeNull();
  });

  test("in any spelling an address is one", () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        const plain = addressOf(address);
        expect(plain).not.toBeNull();
        expect(addressOf(address.toUpperCase())).toBe(plain);
        expect(addressOf(`[${address}]:${port}`)).toBe(plain);
        expect(addressOf(plain ?? "")).toBe(plain);
      }),
    );
  });
});

describe("what an origin is told", () => {
  function told(
    input: { clientAddress: string; host: string; scheme: "http" | "https" },
    claims: Record<string, string> = {},
  ): Record<string, string> {
    const headers = new Headers(claims);
    setForwardingHeaders(headers, input);
    return Object.fromEntries(headers);
  }

  test("an IPv4 visitor over https", () => {
    expect(told({ clientAddress: "203.0.113.9", host: "shop.example.com", scheme: "https" })).toEqual({
      forwarded: "for=203.0.113.9;host=shop.example.com;proto=https",
      "x-forwarded-for": "203.0.113.9",
      "x-forwarded-host": "shop.example.com",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https",
      "x-real-ip": "203.0.113.9",
    });
  });

  test("an IPv6 visitor and a port: in quotes and brackets", () => {
    expect(told({ clientAddress: "2001:db8::9", host: "shop.test:8080", scheme: "http" })).toMatchObject({
      forwarded: 'for="[2001:db8::9]";host="shop.test:8080";proto=http',
      "x-forwarded-for": "2001:db8::9",
      "x-forwarded-port": "8080",
    });
  });

  test("an IPv6 host has no port of its own", () => {
    expect(told({ clientAddress: "", host: "[2001:db8::1]", scheme: "https" })).toMatchObject({
      forwarded: 'for=unknown;host="[2001:db8::1]";proto=https',
      "x-forwarded-port": "443",
    });
  });

  test("without an address nobody is named, and a claim does not fill the gap", () => {
    const headers = told(
      { clientAddress: "", host: "shop.test", scheme: "http" },
      { "x-forwarded-for": "1.2.3.4", "x-real-ip": "1.2.3.4", "x-client-ip": "1.2.3.4" },
    );
    expect(Object.keys(headers).toSorted()).toEqual(["forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"]);
    expect(JSON.stringify(headers)).not.toContain("1.2.3.4");
  });

  test("every claim is replaced", () => {
    const claims = {
      forwarded: "for=1.2.3.4",
      "x-forwarded-host": "evil",
      "x-forwarded-proto": "gopher",
      "x-forwarded-ssl": "on",
      "front-end-https": "on",
      "x-cluster-client-ip": "1.2.3.4",
    };
    const headers = told({ clientAddress: "203.0.113.9", host: "shop.test", scheme: "http" }, claims);
    expect(JSON.stringify(headers)).not.toMatch(/1\.2\.3\.4|evil|gopher|"on"/);
  });
});
