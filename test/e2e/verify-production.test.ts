// The script that checks a deployment, tried on the local one and on a server that is not Breakwater at all: it must be able to
// say both yes and no.

import { spawn } from "node:child_process";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { PROJECT_ROOT } from "../../scripts/build.ts";
import { ADMIN_TOKEN, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    config: ([web]) => `
sites:
  - name: all
    hosts: ["*"]
    routes:
      - { path: /*, pool: web }
      - { path: /dead/*, pool: dead, cache: bypass }
pools:
  web: { origins: [${web}] }
  dead: { origins: ["http://localhost:9"] }
`,
  });
});
afterAll(() => edge?.stop());

function verify(base: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const script = join(PROJECT_ROOT, "scripts/verify-production.ts");
  const env = { ...process.env, BREAKWATER_ADMIN_TOKEN: ADMIN_TOKEN };
  const child = spawn(process.execPath, [script, "--http", "--host", new URL(base).host, ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

test("on a Breakwater everything holds", async () => {
  const { code, output } = await verify(edge.url, ["--echo", "/api/echo", "--dead", "/dead/page"]);
  expect(output).toMatch(/12 hold, 0 fail, 0 not checked/);
  expect(code).toBe(0);
});

test("what was not asked is listed as not checked, with the option that asks it", async () => {
  const { output } = await verify(edge.url, []);
  expect(output).toMatch(/8 hold, 0 fail, 4 not checked/);
  expect(output).toContain("--echo PATH");
  expect(output).toContain("--dead PATH");
});

test("on another server it fails, and says what is missing", async () => {
  const { code, output } = await verify(edge.origins[0]?.url ?? "", ["--echo", "/api/echo"]);
  expect(output).toContain("is the Worker on this host?");
  expect(code).toBe(1);
});
