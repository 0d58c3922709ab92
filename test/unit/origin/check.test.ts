// One check of one origin, as it is sent. What answers make of it is tested in scheduled.test.ts and against real servers in
// test/e2e/checks.test.ts.

import { expect, test } from "vitest";
import type { HealthCheckSnapshot, OriginAuthSnapshot } from "../../../src/config/pool-snapshot.ts";
import { CHECK_BODY_BYTES_MAX } from "../../../src/limits.ts";
import { createAuthKeys } from "../../../src/origin/auth.ts";
import { checkOrigin, type CheckInput, type CheckResult } from "../../../src/origin/check.ts";
import type { FetchInit } from "../../../src/ports.ts";
import { CHECK, origin } from "./fixtures.ts";
import { virtualTime } from "./virtual-time.ts";

const HTTP: HealthCheckSnapshot = { ...CHECK, rise: 1, fall: 1 };

interface Options {
  readonly base?: string;
  readonly health?: Partial<HealthCheckSnapshot>;
  readonly auth?: OriginAuthSnapshot;
  readonly answer?: () => Response;
  readonly connect?: (signal: AbortSignal) => Promise<void>;
}

async function check(options: Options) {
  const time = virtualTime();
  const asked: { readonly url: string; readonly init: FetchInit }[] = [];
  const connected: { readonly hostname: string; readonly port: number; readonly signal: AbortSignal }[] = [];
  const ports: CheckInput["ports"] = {
    fetcher: { fetch: (url, init) => (asked.push({ url, init }), Promise.resolve(options.answer?.() ?? new Response("fine"))) },
    connector: {
      connect: (hostname, port, signal) => {
        connected.push({ hostname, port, signal });
        return options.connect?.(signal) ?? Promise.resolve();
      },
    },
    secrets: { get: () => "s3cret" },
    clock: time.clock,
    log: { write: () => undefined },
  };
  const result: CheckResult = await time.run(
    checkOrigin({
      pool: { name: "web", auth: options.auth ?? null },
      origin: origin("a", { base: options.base ?? "https://a.example", basePath: "/base" }),
      health: { ...HTTP, ...options.health },
      ports,
      auth: createAuthKeys(),
      sleep: time.sleep,
    }),
  );
  return { result, asked, connected };
}

test.each([
  ["https://a.example", "a.example", 443],
  ["http://a.example", "a.example", 80],
  ["https://a.example:8443", "a.example", 8443],
  ["http://localhost:9101", "localhost", 9101],
])("a TCP check of %s connects to %s, port %i, and asks for nothing", async (base, hostname, port) => {
  const { result, asked, connected } = await check({ base, health: { kind: "tcp" } });
  expect(connected).toMatchObject([{ hostname, port }]);
  expect(asked).toEqual([]);
  expect(result).toEqual({ passed: true, why: "ok", detail: "connection accepted", rttMs: 0 });
});

test("a TCP check that nobody accepts is over with its time, and gives the connection up", async () => {
  const { result, connected } = await check({ health: { kind: "tcp" }, connect: () => new Promise(() => undefined) });
  expect(result).toMatchObject({ passed: false, why: "timeout", detail: "no answer in 2000 ms" });
  expect(connected[0]?.signal.aborted).toBe(true);
});

test.each([
  ["proxy request failed, cannot connect to the specified address", "connect-error"],
  ["connect ECONNREFUSED", "connect-error"],
  ["Network connection lost.", "reset"],
  ["DNS lookup failed", "dns"],
])("a TCP check that fails with %j is down for %s, without the error's own words", async (message, why) => {
  const { result } = await check({ health: { kind: "tcp" }, connect: () => Promise.reject(new Error(message)) });
  expect(result).toMatchObject({ passed: false, why, rttMs: null });
  expect(result.detail).not.toContain(message);
});

test("a check for a host of one's own is sent to the origin under that host", async () => {
  const { asked } = await check({ base: "https://origin.example.com:8443", health: { host: "www.example.com" } });
  expect(asked).toMatchObject([{ url: "https://www.example.com:8443/base/healthz", init: { resolveOverride: "origin.example.com" } }]);
});

test("a check is signed like a request of a visitor", async () => {
  const { asked } = await check({ auth: { kind: "shared", header: "x-edge", secret: "S" }, health: { headers: [["x-edge", "mine"]] } });
  expect(asked[0]?.init.headers.get("x-edge")).toBe("s3cret");
});

test.each([[1], [7], [CHECK_BODY_BYTES_MAX / 2]])("the expected text is found where the body comes in pieces of %i bytes", async (size) => {
  const bytes = new TextEncoder().encode(`${"é".repeat(20_000)}all reädy${"x".repeat(10)}`);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (sent >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(sent, (sent += size)));
    },
  });
  const { result } = await check({ health: { expectBody: "reädy" }, answer: () => new Response(body) });
  expect(result).toMatchObject({ passed: true });
});

test("a body is read no further than the expected text", async () => {
  let pulls = 0;
  const never = new Promise<void>(() => undefined);
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => ((pulls += 1) === 1 ? controller.enqueue(new TextEncoder().encode("ready")) : never) },
    { highWaterMark: 0 },
  );
  const { result } = await check({ health: { expectBody: "ready" }, answer: () => new Response(body) });
  expect([result.passed, pulls]).toEqual([true, 1]);
});
