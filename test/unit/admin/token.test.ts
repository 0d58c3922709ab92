import { expect, test } from "vitest";
import { bearerToken, createTokenGuard, type Caller } from "../../../src/admin/token.ts";
import { ADMIN_FAILURES_MAX, ADMIN_FAILURE_ADDRESSES_MAX, ADMIN_FAILURE_WINDOW_MS } from "../../../src/limits.ts";

const caller: Caller = { token: "the-right-one", clientAddress: "192.0.2.7", nowMs: 1_000_000 };

test("the token lets in", async () => {
  expect(await createTokenGuard().allows(withToken("the-right-one"), caller)).toBe(true);
});

test.each([["the-right-on"], ["the-right-one1"], ["THE-RIGHT-ONE"], ["x"]])("%s does not", async (token) => {
  expect(await createTokenGuard().allows(withToken(token), caller)).toBe(false);
});

test.each([[null], [""]])("with the token configured as %j nobody gets in, not even with an empty one", async (token) => {
  const guard = createTokenGuard();
  for (const request of [withToken("x"), withAuthorization("Bearer "), withAuthorization("Bearer"), new Request("https://shop.test/")]) {
    expect(await guard.allows(request, { ...caller, token })).toBe(false);
  }
});

const headers: readonly (readonly [string | null, string | null])[] = [
  ["Bearer abc", "abc"],
  ["bearer abc", "abc"],
  ["BEARER   abc", "abc"],
  [" Bearer abc ", "abc"],
  ["Basic abc", null],
  ["Bearerabc", null],
  ["Bearer a b", null],
  ["abc", null],
  ["", null],
  [null, null],
];

test.each(headers)("Authorization %j has the token %j", (header, token) => {
  expect(bearerToken(header)).toBe(token);
});

test("an address that sent too many wrong tokens is refused even with the right one, until the window ends", async () => {
  const guard = createTokenGuard();
  for (let count = 0; count < ADMIN_FAILURES_MAX; count++) await guard.allows(withToken("wrong"), caller);
  expect(await guard.allows(withToken("the-right-one"), caller)).toBe(false);
  expect(await guard.allows(withToken("the-right-one"), { ...caller, nowMs: caller.nowMs + ADMIN_FAILURE_WINDOW_MS - 1 })).toBe(false);
  expect(await guard.allows(withToken("the-right-one"), { ...caller, nowMs: caller.nowMs + ADMIN_FAILURE_WINDOW_MS })).toBe(true);
});

test("one wrong token less, and the right one lets in and clears the count", async () => {
  const guard = createTokenGuard();
  for (let round = 0; round < 2; round++) {
    for (let count = 0; count < ADMIN_FAILURES_MAX - 1; count++) await guard.allows(withToken("wrong"), caller);
    expect(await guard.allows(withToken("the-right-one"), caller)).toBe(true);
  }
});

test("requests without a token are not counted: scanners do not lock the operator out", async () => {
  const guard = createTokenGuard();
  for (let count = 0; count < ADMIN_FAILURES_MAX * 2; count++)
    await guard.allows(new Request("https://shop.test/_breakwater/status"), caller);
  expect(await guard.allows(withToken("the-right-one"), caller)).toBe(true);
});

const neighbours: readonly (readonly [string, string, boolean])[] = [
  ["192.0.2.7", "192.0.2.8", false],
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true],
  ["2001:db8:1:2::1", "2001:0DB8:0001:0002::9", true],
  ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
  ["2001:db8::1", "2001:db8::2", true],
  ["::1", "::2", true],
];

test.each(neighbours)("wrong tokens of %s count for %s: %s", async (one, other, together) => {
  const guard = createTokenGuard();
  for (let count = 0; count < ADMIN_FAILURES_MAX; count++) await guard.allows(withToken("wrong"), { ...caller, clientAddress: one });
  expect(await guard.allows(withToken("the-right-one"), { ...caller, clientAddress: other })).toBe(!together);
});

test("the table of addresses is bounded, and the oldest failure makes room", async () => {
  const guard = createTokenGuard();
  const fail = (clientAddress: string): Promise<boolean> => guard.allows(withToken("wrong"), { ...caller, clientAddress });
  for (let count = 0; count < ADMIN_FAILURES_MAX; count++) await fail("first");
  for (let count = 0; count < ADMIN_FAILURE_ADDRESSES_MAX - 1; count++) await fail(`other-${count}`);
  expect(await guard.allows(withToken("the-right-one"), { ...caller, clientAddress: "first" })).toBe(false);
  await fail("one more");
  expect(await guard.allows(withToken("the-right-one"), { ...caller, clientAddress: "first" })).toBe(true);
});

function withToken(token: string): Request {
  return withAuthorization(`Bearer ${token}`);
}

function withAuthorization(authorization: string): Request {
  return new Request("https://shop.test/_breakwater/status", { headers: { authorization } });
}
