import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { OriginAuthSnapshot } from "../../../src/config/pool-snapshot.ts";
import { authHeader, authorize, createAuthKeys, withoutAuthHeaders, targetOf } from "../../../src/origin/auth.ts";
import { originRequest } from "../../../src/origin/request.ts";
import { origin } from "./fixtures.ts";

const HMAC: OriginAuthSnapshot = { kind: "hmac", header: "x-breakwater-auth", secret: "ORIGIN_SECRET" };
const SHARED: OriginAuthSnapshot = { ...HMAC, kind: "shared" };

function context(secret: string | null = "s3cret") {
  const log: unknown[] = [];
  const asked: string[] = [];
  const secrets = { get: (name: string) => (asked.push(name), secret) };
  return { memory: createAuthKeys(), ports: { secrets, log: { write: (line: unknown) => void log.push(line) } }, log, asked };
}

function signature(secret: string, seconds: number, method: string, target: string): string {
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}\n${method}\n${target}`).digest("hex")}`;
}

test("shared sends the secret itself", async () => {
  expect(await authHeader(SHARED, { method: "GET", target: "/", nowMs: 0 }, context())).toEqual(["x-breakwater-auth", "s3cret"]);
});

test("hmac signs the time in seconds, the method and the target", async () => {
  const here = context();
  const request = { method: "POST", target: "/base/a?b=1", nowMs: 1_700_000_123_999 };
  const value = signature("s3cret", 1_700_000_123, "POST", "/base/a?b=1");
  expect(await authHeader(HMAC, request, here)).toEqual(["x-breakwater-auth", value]);
  expect(await authHeader(HMAC, request, here)).toEqual(["x-breakwater-auth", value]);
  expect(here.asked).toEqual(["ORIGIN_SECRET", "ORIGIN_SECRET"]);
});

test("another method, target or time gives another signature", async () => {
  const of = async (method: string, target: string, nowMs: number): Promise<unknown> =>
    (await authHeader(HMAC, { method, target, nowMs }, context()))?.[1];
  const all = await Promise.all([of("GET", "/a", 1000), of("POST", "/a", 1000), of("GET", "/b", 1000), of("GET", "/a", 2000)]);
  expect(new Set(all).size).toBe(4);
});

test("a missing secret sends nothing, and is told once per secret, not per request", async () => {
  const here = context(null);
  for (let i = 0; i < 3; i += 1) expect(await authHeader(HMAC, { method: "GET", target: "/", nowMs: 0 }, here)).toBeNull();
  expect(here.log).toEqual([{ event: "secret-missing", secret: "ORIGIN_SECRET", use: "auth" }]);
  await authHeader({ ...HMAC, secret: "OTHER" }, { method: "GET", target: "/", nowMs: 0 }, here);
  expect(here.log).toHaveLength(2);
});

function requestFor(target: string, more: { readonly headers?: Headers; readonly visitorHostname?: string } = {}) {
  return originRequest({
    pool: "web",
    origin: origin("a", { base: "https://a.example:8443", basePath: "/base" }),
    method: "GET",
    target,
    headers: more.headers ?? new Headers(),
    body: null,
    signal: null,
    timeoutMs: null,
    visitorHostname: more.visitorHostname ?? null,
  });
}

test("what is signed is the target as the origin sees it, with its base path and the platform's own spelling", async () => {
  const request = requestFor("/x/%2e%2e/a b?q=ä#f");
  await authorize(request, HMAC, { ...context(), nowMs: 5000 });
  expect(request.init.headers.get("x-breakwater-auth")).toBe(signature("s3cret", 5, "GET", "/base/a%20b?q=%C3%A4"));
});

test("a request that carries the visitor's host is signed for the same target", async () => {
  const request = requestFor("/a", { visitorHostname: "www.example.com" });
  await authorize(request, HMAC, { ...context(), nowMs: 5000 });
  expect(request.init.headers.get("x-breakwater-auth")).toBe(signature("s3cret", 5, "GET", "/base/a"));
});

test.each([
  ["hmac", HMAC, null, null],
  ["shared", SHARED, null, null],
  ["shared", SHARED, "s3cret", "s3cret"],
] as const)("what a visitor sends under that name is never sent on: %s with secret %s", async (_, auth, secret, expected) => {
  const request = requestFor("/", { headers: new Headers({ "X-Breakwater-Auth": "forged" }) });
  await authorize(request, auth, { ...context(secret), nowMs: 0 });
  expect(request.init.headers.get("x-breakwater-auth")).toBe(expected);
});

test("a pool without auth changes nothing and reads no secret", async () => {
  const here = context();
  const request = requestFor("/", { headers: new Headers({ "X-Breakwater-Auth": "theirs" }) });
  await authorize(request, null, { ...here, nowMs: 0 });
  expect([request.init.headers.get("x-breakwater-auth"), here.asked]).toEqual(["theirs", []]);
});

test("visitors' headers in our name are taken away in every spelling that servers read as the same", () => {
  const sent = { "X-Breakwater-Auth": "1", X_Breakwater_Auth: "2", "x_breakwater-auth": "3", "X-Edge": "4", "X-Breakwater-Author": "5" };
  const headers = new Headers(sent);
  expect([...withoutAuthHeaders(headers, ["x-breakwater-auth", "x-edge"]).keys()]).toEqual(["x-breakwater-author"]);
  expect([...headers.keys()]).toHaveLength(5);
});

test.each([[[]], [["x-other"]]])("a request without one of %j is passed on as the object that it is", (names) => {
  const headers = new Headers({ "x-breakwater-auth": "1" });
  expect(withoutAuthHeaders(headers, names)).toBe(headers);
});

test("a target begins with a slash and never holds a line break or a fragment", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      const target = targetOf(`https://a.example/base/${text}`);
      expect(target).toMatch(/^\/[^\n\r#]*$/);
      expect(targetOf(`https://a.example${target}`)).toBe(target);
    }),
  );
});
