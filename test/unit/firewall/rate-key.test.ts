// The key that a visitor is counted under.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { CharacteristicSnapshot } from "../../../src/config/rule-snapshot.ts";
import type { ClientFacts } from "../../../src/facts.ts";
import { ruleContext } from "../../../src/firewall/context.ts";
import { loadRateKey } from "../../../src/firewall/rate-key.ts";
import { RATE_JWT_CHARS_MAX, RATE_KEY_CHARS_MAX } from "../../../src/limits.ts";
import { factsOf } from "./facts.ts";

interface Visitor {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: Partial<ClientFacts>;
}

function keyOf(by: readonly CharacteristicSnapshot[], { url = "http://shop.test/", headers = {}, client = {} }: Visitor = {}): string {
  return loadRateKey(by, new Map())(ruleContext({ facts: factsOf(url, { headers, client }) }));
}

const ADDRESS: CharacteristicSnapshot = { kind: "address" };
const SUB: CharacteristicSnapshot = { kind: "jwt", name: "sub" };
const LOWER_AGENT: CharacteristicSnapshot = {
  kind: "expression",
  value: { kind: "call", name: "lower", args: [{ kind: "field", name: "http.user_agent", type: "Bytes" }], type: "Bytes" },
};

const at = (address: string): Visitor => ({ client: { address } });
const header = (name: string, value: string): Visitor => ({ headers: { [name]: value } });
const url = (text: string): Visitor => ({ url: text });

test.each<readonly [string, CharacteristicSnapshot, Visitor, Visitor]>([
  ["an IPv6 network of 64 bits", ADDRESS, at("2001:db8:0:1::1"), at("2001:DB8:0:1:ffff:ffff:ffff:ffff")],
  ["an IPv4 address in IPv6 form", ADDRESS, at("192.0.2.1"), at("::ffff:192.0.2.1")],
  ["a host", { kind: "host" }, url("http://shop.test/a"), url("https://shop.test/b")],
  ["a host, whatever port a visitor writes behind it", { kind: "host" }, url("http://shop.test/"), url("http://shop.test:8080/")],
  ["a cookie, encoded or not", { kind: "cookie", name: "s" }, header("cookie", "s=ab"), header("cookie", "s=%61b")],
  ["a cookie, quoted or not", { kind: "cookie", name: "s" }, header("cookie", "s=ab"), header("cookie", 's="ab"')],
  ["a path", { kind: "path" }, url("http://shop.test/a?x=1"), url("http://other.test/a?x=2")],
  ["the first of two cookies of one name", { kind: "cookie", name: "s" }, header("cookie", "s=1; t=2"), header("cookie", "t=3; s=1; s=2")],
  ["a parameter, encoded or not", { kind: "query", name: "token" }, url("http://s.test/?token=ab"), url("http://s.test/?x=1&%74oken=%61b")],
  ["an expression", LOWER_AGENT, header("user-agent", "Curl/8"), header("user-agent", "cURL/8")],
])("%s is one visitor", (_, by, left, right) => {
  expect(keyOf([by], left)).toBe(keyOf([by], right));
});

test.each<readonly [string, CharacteristicSnapshot, Visitor, Visitor]>([
  ["IPv4 addresses side by side", ADDRESS, at("192.0.2.1"), at("192.0.2.2")],
  ["IPv6 networks of 64 bits side by side", ADDRESS, at("2001:db8:0:1::1"), at("2001:db8:0:2::1")],
  ["no address", ADDRESS, at("192.0.2.1"), at("")],
  ["hosts", { kind: "host" }, url("http://shop.test/"), url("http://www.shop.test/")],
  ["paths", { kind: "path" }, url("http://shop.test/a"), url("http://shop.test/b")],
  ["countries", { kind: "country" }, { client: { country: "DE" } }, { client: { country: "FR" } }],
  ["networks", { kind: "asn" }, { client: { asn: 64_496 } }, { client: { asn: 64_497 } }],
  ["headers", { kind: "header", name: "x-api-key" }, header("x-api-key", "a"), header("x-api-key", "b")],
  ["a header that is empty and one that is not there", { kind: "header", name: "x-api-key" }, header("x-api-key", ""), {}],
  ["cookies", { kind: "cookie", name: "s" }, header("cookie", "s=1"), header("cookie", "s=2")],
  ["parameters", { kind: "query", name: "t" }, url("http://s.test/?t=1"), url("http://s.test/?t=2")],
  ["an empty parameter and none", { kind: "query", name: "t" }, url("http://s.test/?t="), url("http://s.test/")],
  ["results of an expression", LOWER_AGENT, header("user-agent", "a"), header("user-agent", "b")],
])("%s are two visitors", (_, by, left, right) => {
  expect(keyOf([by], left)).not.toBe(keyOf([by], right));
});

function token(claims: unknown, prefix = "Bearer "): Visitor {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return header("authorization", `${prefix}eyJhbGciOiJub25lIn0.${payload}.c2lnbmF0dXJl`);
}

test("a claim of the bearer token is the visitor, whatever else the token says, and without a look at its signature", () => {
  const ann = keyOf([SUB], token({ sub: "ann", exp: 1 }));
  expect(keyOf([SUB], token({ exp: 2, sub: "ann" }, "bearer  "))).toBe(ann);
  expect(keyOf([SUB], token({ sub: "bob" }))).not.toBe(ann);
  expect(keyOf([SUB], token({ sub: "Änn" }))).not.toBe(keyOf([SUB], token({ sub: "Önn" })));
  expect(keyOf([{ kind: "jwt", name: "org" }], token({ org: 7 }))).not.toBe(keyOf([{ kind: "jwt", name: "org" }], token({ org: 8 })));
});

test.each<readonly [string, Visitor]>([
  ["no token", {}],
  ["another scheme", token({ sub: "ann" }, "Basic ")],
  ["a token of two parts", header("authorization", "Bearer a.b")],
  ["a payload that is no base64", header("authorization", "Bearer a.b.c")],
  ["a payload that is no JSON", header("authorization", `Bearer a.${Buffer.from("{").toString("base64url")}.c`)],
  ["a payload that is no UTF-8", header("authorization", `Bearer a.${Buffer.from([0x22, 0xff, 0x22]).toString("base64url")}.c`)],
  ["a payload that is null", token(null)],
  ["a payload that is a text", token("sub")],
  ["a token without the claim", token({ subject: "ann" })],
  ["a name that every object has", token(JSON.parse("{}"))],
])("%s has no claim", (_, visitor) => {
  expect(keyOf([SUB], visitor)).toBe(keyOf([SUB]));
  expect(keyOf([{ kind: "jwt", name: "constructor" }], visitor)).toBe(keyOf([{ kind: "jwt", name: "constructor" }]));
});

test("a token is read up to its greatest length", () => {
  const ofLength = (chars: number): Visitor => {
    const base = token({ sub: "ann" }).headers?.["authorization"] ?? "";
    return header("authorization", base.padEnd(chars, "A"));
  };
  expect(keyOf([SUB], ofLength(RATE_JWT_CHARS_MAX))).not.toBe(keyOf([SUB]));
  expect(keyOf([SUB], ofLength(RATE_JWT_CHARS_MAX + 1))).toBe(keyOf([SUB]));
});

test("what may be a secret is not in the key; an address is", () => {
  expect(keyOf([ADDRESS], at("192.0.2.1"))).toContain("192.0.2.1");
  const secrets: readonly (readonly [CharacteristicSnapshot, Visitor])[] = [
    [{ kind: "header", name: "x-api-key" }, header("x-api-key", "geheim")],
    [{ kind: "cookie", name: "s" }, header("cookie", "s=geheim")],
    [{ kind: "query", name: "t" }, url("http://s.test/?t=geheim")],
    [SUB, token({ sub: "geheim" })],
    [LOWER_AGENT, header("user-agent", "geheim")],
  ];
  for (const [by, visitor] of secrets) expect(keyOf([ADDRESS, by], visitor)).toMatch(/^[0-9a-f]{32}$/);
});

test("a key is as it is up to its greatest length, and hashed beyond", () => {
  // Brackets and quotes are four characters.
  const path = (chars: number): string => keyOf([{ kind: "path" }], url(`http://s.test/${"a".repeat(chars - 5)}`));
  expect(path(RATE_KEY_CHARS_MAX)).toHaveLength(RATE_KEY_CHARS_MAX);
  expect(path(RATE_KEY_CHARS_MAX + 1)).toMatch(/^[0-9a-f]{32}$/);
  expect(path(RATE_KEY_CHARS_MAX + 1)).not.toBe(path(RATE_KEY_CHARS_MAX + 2));
});

test("no two lists of values have one key", () => {
  const value = fc.option(fc.string({ maxLength: 12, unit: fc.constantFrom("a", '"', ",", "[", "\\", "\u00e9", "\u0101") }), {
    nil: undefined,
  });
  const by = [
    { kind: "query", name: "a" },
    { kind: "query", name: "b" },
  ] as const;
  const key = (a: string | undefined, b: string | undefined): string => {
    const query = new URLSearchParams([...(a === undefined ? [] : [["a", a]]), ...(b === undefined ? [] : [["b", b]])]);
    return keyOf(by, url(`http://s.test/?${query.toString()}`));
  };
  fc.assert(
    fc.property(value, value, value, value, (a, b, c, d) => {
      expect(key(a, b) === key(c, d)).toBe(a === c && b === d);
    }),
  );
});
