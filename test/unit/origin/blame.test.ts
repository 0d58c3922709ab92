// What is a request's own fault must not take an origin out: one broken page, or a body that pauses, is met by every origin alike.

import { afterEach, expect, test } from "vitest";
import { TIMEOUTS } from "./fixtures.ts";
import { ask, ok, scene, startOrigin, status } from "./origins.ts";
import type { Handler, Scene, TestOrigin } from "./origins.ts";

const started: TestOrigin[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.kill()));
});

async function scenery(...handlers: Handler[]): Promise<Scene> {
  const all = await Promise.all(handlers.map((handler, index) => startOrigin("abc"[index] ?? "?", handler)));
  started.push(...all);
  return scene(all);
}

function circuits(given: Scene): string[] {
  return given.table.describe(Date.now()).map(({ key, circuit }) => `${key} ${circuit}`);
}

const ALL_CLOSED = ["web/a closed", "web/b closed", "web/c closed"];

/** Says that more is coming than comes. */
const tooShort: Handler = (request, response) => {
  response.writeHead(200, { "content-length": "10" });
  response.write("short", () => request.socket.destroySoon());
};

/** Every other request is for a page on which every origin fails alike. */
test.each([
  ["answers 500", status(500)],
  ["is not as long as declared", tooShort],
])("one page that %s everywhere opens no circuit, though the route's other pages are well", async (_, bad) => {
  const page: Handler = (request, response, body) => (request.url === "/bad" ? bad : ok)(request, response, body);
  const given = await scenery(page, page, page);
  for (let n = 0; n < 20; n += 1) {
    await ask(given);
    await ask(given, { target: "/bad" });
  }
  expect(circuits(given)).toEqual(ALL_CLOSED);
});

test.each([
  ["answers 500", status(500)],
  ["is not as long as declared", tooShort],
])("an origin whose every page %s is found out even so", async (_, bad) => {
  const page =
    (own: Handler): Handler =>
    (request, response, body) =>
      (request.url === "/bad" ? bad : own)(request, response, body);
  const given = await scenery(page(bad), page(ok), page(ok));
  for (let n = 0; n < 4; n += 1) {
    await ask(given, { target: "/bad" });
    for (let turn = 0; turn < 3; turn += 1) await ask(given);
  }
  expect(circuits(given)).toEqual(["web/a open", "web/b closed", "web/c closed"]);
});

async function readAll(given: Scene, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const { outcome } = await ask(given);
    if (outcome.kind === "response") await outcome.response.text().catch(() => undefined);
  }
}

test("a body of unknown length that pauses for too long is nobody's fault, one of a known length is its origin's", async () => {
  const pausing =
    (headers: Record<string, string>): Handler =>
    (_, response) =>
      response.writeHead(200, headers).write("one\n");
  const live = await scenery(pausing({}), pausing({}), pausing({}));
  const file = await scenery(pausing({ "content-length": "100000" }), ok, ok);
  for (const given of [live, file]) {
    given.action = { timeouts: { ...TIMEOUTS, idleMs: 20 } };
    await readAll(given, 30);
  }
  expect(circuits(live)).toEqual(ALL_CLOSED);
  expect(circuits(file)).toEqual(["web/a open", "web/b closed", "web/c closed"]);
});
