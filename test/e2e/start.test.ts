// `npm start` as a new user runs it: what it prints works as printed, Ctrl-C leaves nothing running, and what goes wrong is said in
// words. Ports are free ones, the state is in a folder of its own.

import { execFile, execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, test } from "vitest";

import { PROJECT_ROOT } from "../../scripts/build.ts";
import { eventually } from "./harness.ts";
import { send } from "./http-client.ts";

let folder: string;
let started: ChildProcess | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "breakwater-start-"));
});
afterEach(async () => {
  if (started?.pid !== undefined) killGroup(started.pid);
  started = null;
  await rm(folder, { recursive: true, force: true });
});

/** Whatever a failed test has left running. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing was left.
  }
}

interface Started {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

/** In a process group of its own, as a terminal would start it. */
function npmStart(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn("npm", ["start", "--", "--folder", folder, ...args], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, PORT: "0", DEMO_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  started = child;
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text, exited: new Promise((resolve) => child.once("exit", resolve)) };
}

async function ready(run: Started): Promise<string> {
  await eventually(
    "npm start prints its address",
    async () => /Ctrl-C stops everything/.test(run.output()) || run.child.exitCode !== null,
    60_000,
  );
  const url = /Breakwater runs at (http:\S+)/.exec(run.output())?.[1];
  if (url === undefined) throw new Error(`npm start printed no address:\n${run.output()}`);
  return url;
}

/** All processes below one, by process id. */
function descendants(root: number): number[] {
  const rows = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] => rows.flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid, ...below(pid)] : []));
  return below(root);
}

function isAlive(pid: number): boolean {
  const state = execFileSync("sh", ["-c", `ps -o stat= -p ${pid} || true`], { encoding: "utf8" }).trim();
  return state !== "" && !state.startsWith("Z");
}

test("what npm start prints works as printed, and Ctrl-C leaves nothing running", async () => {
  const run = npmStart();
  const url = await ready(run);
  expect((await send(url, "/api/time")).status).toBe(200);
  const states = [await send(url, "/static/app.css"), await send(url, "/static/app.css")].map((answer) => answer.header("x-cache"));
  expect(states).toEqual(["MISS", "HIT"]);
  expect((await send(url, "/wp-login.php")).status).toBe(403);

  const origin = Number(/\(pid (\d+)\)/.exec(run.output())?.[1]);
  process.kill(origin, "SIGKILL");
  const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await send(url, "/")).status));
  expect(new Set(statuses)).toEqual(new Set([200]));

  for (const secret of ["admin-token", "signing-key"]) expect(((await stat(join(folder, secret))).mode & 0o777).toString(8)).toBe("600");

  const pids = descendants(run.child.pid ?? 0);
  expect(pids.length).toBeGreaterThan(4);
  process.kill(-(run.child.pid ?? 0), "SIGINT");
  await run.exited;
  await eventually("all processes have ended", async () => !pids.some(isAlive), 8_000);
  expect(pids.filter(isAlive)).toEqual([]);
  await expect(send(url, "/")).rejects.toThrow("ECONNREFUSED");
});

test("the commands that npm start prints do what it says: a rule is added, blocks at once, and goes again", async () => {
  const run = npmStart();
  const url = await ready(run);
  const adminToken = (await readFile(join(folder, "admin-token"), "utf8")).trim();
  const printed = (what: RegExp): string =>
    run
      .output()
      .split("\n")
      .map((line) => line.trim())
      .find((line) => what.test(line)) ?? `echo no ${what}; false`;
  const shell = async (command: string): Promise<string> => {
    const env = { ...process.env, BREAKWATER_ADMIN_TOKEN: adminToken, NO_COLOR: "1" };
    const { stdout, stderr } = await promisify(execFile)("sh", ["-c", command], { cwd: PROJECT_ROOT, env });
    return stdout + stderr;
  };
  expect(await shell(printed(/^curl -s \S+ \| grep Hello/))).toContain("Hello from");
  expect(await shell(printed(/^curl -i \S+wp-login/))).toContain("403 Forbidden");
  expect(await shell(printed(/breakwater -- explain/))).toContain("demo * /static/*");
  expect((await send(url, "/api/time")).status).toBe(200);
  expect(await shell(printed(/breakwater -- rule add/))).toContain("403 Forbidden");
  await shell(printed(/breakwater -- rule remove/));
  await eventually("the rule is gone", async () => (await send(url, "/api/time")).status === 200, 2_000);
});

test.each(["SIGTERM", "SIGKILL"] as const)("%s to npm alone leaves nothing running", async (signal) => {
  const run = npmStart();
  await ready(run);
  const pids = descendants(run.child.pid ?? 0);
  process.kill(run.child.pid ?? 0, signal);
  await eventually("all processes have ended", async () => !pids.some(isAlive), 8_000);
  expect(pids.filter(isAlive)).toEqual([]);
});

test("SIGKILL of the script itself leaves no workerd and no origin behind", async () => {
  const run = npmStart();
  await ready(run);
  const pids = descendants(run.child.pid ?? 0);
  const script = pids.find((pid) =>
    execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" }).includes("scripts/start.ts"),
  );
  process.kill(script ?? 0, "SIGKILL");
  await eventually("all processes have ended", async () => !pids.some(isAlive), 8_000);
  expect(pids.filter(isAlive)).toEqual([]);
});

test("a port in use is named, with the way out", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const run = npmStart([], { PORT: String(port) });
  expect(await run.exited).not.toBe(0);
  server.close();
  expect(run.output()).toContain(`port ${port} is in use`);
  expect(run.output()).toContain("PORT=");
});

test("--config runs the user's own config, and a broken one is shown with its line", async () => {
  const file = join(folder, "mine.yaml");
  await writeFile(file, 'sites:\n  - { name: mine, hosts: ["*"], routes: [{ path: /*, respond: { status: 200, body: "mine" } }] }\n');
  const run = npmStart(["--config", file]);
  expect((await send(await ready(run), "/")).text()).toBe("mine");
  process.kill(-(run.child.pid ?? 0), "SIGINT");
  await run.exited;

  await writeFile(file, 'sites:\n  - { name: mine, hosts: ["*"], routs: [] }\n');
  const broken = npmStart(["--config", file]);
  expect(await broken.exited).not.toBe(0);
  expect(broken.output()).toMatch(/mine\.yaml:2/);
  expect(broken.output()).toContain("routes");
});
