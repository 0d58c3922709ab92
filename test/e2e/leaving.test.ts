// Visitors who leave before they have their answer: the platform ends their requests where they stand, and still nothing of theirs may
// stay behind, neither at the origin nor in what the isolate counts against it.

import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import { startRawOrigin } from "./raw-origin.ts";
import type { RawOrigin } from "./raw-origin.ts";

let edge: Edge;
let origin: RawOrigin;

beforeAll(async () => {
  origin = await startRawOrigin();
  edge = await startEdge({
    config: () => `
sites:
  - name: all
    hosts: ["*"]
    routes: [{ path: /*, pool: web }]
pools:
  web: { origins: ["http://localhost:${origin.port}"] }
`,
  });
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

interface Counted {
  readonly inFlight: number;
  readonly bad: number;
}

async function counted(): Promise<Counted> {
  const { pools } = (await edge.admin("GET", "origins")).json() as {
    pools: { origins: { inFlight: number; recent: { seen: number; good: number } }[] }[];
  };
  const [one] = pools[0]?.origins ?? [];
  if (one === undefined) throw new Error("the Worker does not tell of its origin");
  return { inFlight: one.inFlight, bad: one.recent.seen - one.recent.good };
}

/** Only a reset is noticed by workerd before it has anything to send. */
async function leave(headers: readonly string[]): Promise<void> {
  const { hostname, port } = new URL(edge.directUrl);
  const before = origin.seen.length;
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(["GET /page HTTP/1.1", "Host: edge.test", "CF-Connecting-IP: 198.51.100.7", ...headers, "", ""].join("\r\n"));
  await eventually(
    "the origin is asked",
    async () => origin.seen.length > before && origin.seen.at(-1)?.text.includes("\r\n\r\n") === true,
  );
  socket.resetAndDestroy();
}

/** A credential keeps the request from being shared, and whoever asks alone takes the request along. */
const ALONE = ["Authorization: Bearer x"];

test.each<[string, string | null]>([
  ["before the origin answers", null],
  ["while a small answer is read", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"],
])("visitors who leave %s leave nothing behind", async (_, begun) => {
  origin.answer = (_head, socket) => {
    if (begun !== null) socket.write(begun);
    return null;
  };
  for (let n = 0; n < 4; n += 1) await leave(ALONE);
  await eventually("the origin's connections are closed", async () => origin.seen.every(({ closed }) => closed));
  await eventually("nothing is in flight", async () => (await counted()).inFlight === 0);
  expect((await counted()).bad).toBe(0);
});
