// The webhook on the built Worker: a real receiver that verifies with the code of docs/alerts.md, origins that die, receivers that
// misbehave, and `breakwater alert test`. What the runs of an hour cost is tested in test/unit/origin/alerts.test.ts.

import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import type { AlertEvent } from "../../src/origin/alert.ts";
import { moduleOf } from "./doc-code.ts";
import { flood } from "./flood.ts";
import type { Flood } from "./flood.ts";
import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { startScriptedOrigin } from "./scripted-origin.ts";
import type { ScriptedOrigin } from "./scripted-origin.ts";

const SECRET = "e2e-webhook-0123456789abcdef";

type Verify = (body: string, signature: string | undefined, secret: string, nowMs?: number) => boolean;

interface Received {
  readonly event: AlertEvent;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

let edge: Edge;
let hook: ScriptedOrigin;
let isFromBreakwater: Verify;
let received: Received[] = [];
let answer: (response: ServerResponse) => void;

function config(demo: string, webhook: string): string {
  return `
sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }]
pools:
  web: { origins: [{ url: "${demo}", name: app-1 }], health: { path: /healthz, interval: 60s, timeout: 2s, rise: 1, fall: 1 } }
${webhook}
`;
}

beforeAll(async () => {
  isFromBreakwater = (await moduleOf("alerts.md"))["isFromBreakwater"] as Verify;
  hook = await startScriptedOrigin();
  hook.at("/hook", async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    received.push({ body, event: JSON.parse(body) as AlertEvent, headers: request.headers });
    answer(response);
  });
  edge = await startEdge({
    secrets: { WEBHOOK_SECRET: SECRET },
    config: ([demo = ""]) => config(demo, `alerts: { webhook: "${hook.url}/hook?team=edge", secret: WEBHOOK_SECRET }`),
  });
});
beforeEach(async () => {
  answer = (response) => void response.writeHead(204).end();
  await edge.origins[0]?.fail("off");
  await edge.runCron();
  received = [];
});
afterAll(async () => {
  await edge?.stop();
  await hook?.stop();
});

test("an origin that goes down and comes up is told once each, and the receiver's code knows the sender", async () => {
  await edge.origins[0]?.fail("503");
  await edge.runCron();
  await edge.runCron();
  await edge.origins[0]?.fail("off");
  await edge.runCron();
  expect(received.map(({ event }) => event.transitions.map(({ origin, from, to }) => `${origin} ${from} ${to}`))).toEqual([
    ["web/app-1 up down"],
    ["web/app-1 down up"],
  ]);
  expect(received.map(({ event }) => event.poolsDown)).toEqual([["web"], []]);
  for (const { body, headers, event } of received) {
    const signature = String(headers["x-breakwater-signature"]);
    expect(isFromBreakwater(body, signature, SECRET)).toBe(true);
    expect(isFromBreakwater(body, signature, "another")).toBe(false);
    expect(isFromBreakwater(body.replace("app-1", "app-2"), signature, SECRET)).toBe(false);
    expect(isFromBreakwater(body, signature, SECRET, Date.now() + 301_000)).toBe(false);
    expect(isFromBreakwater(body, undefined, SECRET)).toBe(false);
    expect([headers["idempotency-key"], headers["x-breakwater-event-id"]]).toEqual([event.id, event.id]);
    expect(body).not.toMatch(/localhost|127\.0\.0\.1/);
  }
});

test("what a receiver does not take is told again with the same id, in the same run and in the next one", async () => {
  answer = (response) => void response.writeHead(503).end();
  await edge.origins[0]?.fail("503");
  await edge.runCron();
  const inOneRun = received.length;
  expect(inOneRun).toBe(3);
  expect(await edge.kv.get("health")).toContain('"undelivered"');
  answer = (response) => void response.writeHead(200).end();
  await edge.runCron();
  await edge.runCron();
  expect(received).toHaveLength(inOneRun + 1);
  expect(new Set(received.map(({ event }) => event.id)).size).toBe(1);
  expect(await edge.kv.get("health")).not.toContain('"undelivered"');
});

test("a redirect is not followed", async () => {
  hook.at("/elsewhere", (_, response) => void response.writeHead(204).end());
  answer = (response) => void response.writeHead(307, { Location: `${hook.url}/elsewhere` }).end();
  const ran = await edge.cli("alert", "test");
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("status 307, redirects are not followed")]);
  expect(hook.asked("/elsewhere", "POST")).toBe(0);
});

test("an answer without end is taken for its status and cut off", async () => {
  let sent: Flood | null = null;
  answer = (response) => {
    response.writeHead(200);
    sent = flood(response);
  };
  expect((await edge.cli("alert", "test")).code).toBe(0);
  await eventually("the receiver sees the connection closed", () => Promise.resolve(sent?.closed === true));
  expect(sent).toMatchObject({ bytes: expect.toSatisfy((bytes: number) => bytes < 16 * 1024 * 1024) });
});

test("alert test: the Worker sends a signed event that says that nothing happened", async () => {
  const ran = await edge.cli("alert", "test", "--json");
  expect(ran.code).toBe(0);
  const [post] = received;
  expect(post?.event).toMatchObject({ format: 1, test: true, transitions: [], poolsDown: [] });
  expect(JSON.parse(ran.stdout)).toMatchObject({ ok: true, alert: { outcome: "delivered", signed: true, id: post?.event.id } });
  expect(isFromBreakwater(post?.body ?? "", String(post?.headers["x-breakwater-signature"]), SECRET)).toBe(true);
});

test.each([
  [403, "refused: status 403"],
  [500, "failed: status 500"],
])("alert test against a receiver that answers %i fails and says so, after one try", async (status, why) => {
  answer = (response) => void response.writeHead(status).end();
  const ran = await edge.cli("alert", "test");
  expect([ran.code, ran.stdout]).toEqual([1, ""]);
  expect(ran.stderr).toContain(why);
  expect(ran.stderr).toMatch(/^ {2}fix: /m);
  expect(received).toHaveLength(1);
});

test("alert test against a receiver that never answers ends and says so", async () => {
  answer = () => undefined;
  const ran = await edge.cli("alert", "test");
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("no answer in 5000 ms")]);
});

test("alert test says what is missing: the secret, and then the webhook", async () => {
  const demo = `http://localhost:${edge.origins[0]?.port}`;
  await edge.publish(config(demo, `alerts: { webhook: "${hook.url}/hook", secret: NOT_THERE }`));
  const unsigned = await edge.cli("alert", "test");
  expect([unsigned.code, unsigned.stderr]).toEqual([1, expect.stringContaining("the Worker has no secret NOT_THERE")]);
  await edge.publish(config(demo, ""));
  const none = await edge.cli("alert", "test");
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("names no webhook")]);
  expect(received).toEqual([]);
});
