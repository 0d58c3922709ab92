// Runs the command line as its users do: a process of its own, in a folder of its own, with nothing of this machine's login.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { ACCOUNT, ADMIN_TOKEN, API_TOKEN, startKvServer, type KvServer } from "./kv-server.ts";

const SCRIPT = fileURLToPath(new URL("../../../scripts/breakwater.mjs", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON. */
  readonly json: () => Record<string, unknown>;
}

export interface Bench {
  /** The one server of the file, as if started for this test. */
  readonly server: () => KvServer;
  readonly folder: () => string;
  readonly write: (name: string, text: string) => void;
  /**
   * What a test starts from, not what it tests: publishes as `publish ARGS` does. The first time in a process; when the same is published
   * again from the same state, what that process left is put back. Nothing else than values, files and their order may matter then.
   */
  readonly published: (args?: readonly string[]) => Promise<void>;
  /** @param input - Standard input; without it there is none. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>, input?: string) => Promise<Ran>;
  /** Starts a command that goes on, and hands over its process while it runs. */
  readonly start: (args: readonly string[], running: (child: ChildProcess) => void) => Promise<Ran>;
  /** With --remote, the account's credentials and --yes. */
  readonly runRemote: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>;
}

/** Call it once at the top of a test file. */
export function bench(): Bench {
  // Each test starts several processes, on machines that may be busy.
  vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
  let server: KvServer;
  let folder = "";
  beforeAll(async () => {
    server = await startKvServer();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.reset();
    folder = mkdtempSync(join(tmpdir(), "breakwater-cli-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const baseEnv = (): Readonly<Record<string, string>> => ({
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    BREAKWATER_URL: server.url,
    BREAKWATER_ADMIN_TOKEN: ADMIN_TOKEN,
    BREAKWATER_AUTHOR: "kim",
    BREAKWATER_RETRY_MS: "1",
    BREAKWATER_SETTLE_MS: "0",
  });
  const run: Bench["run"] = (args, env = {}, input = "") => spawnCli(args, { cwd: folder, input, env: { ...baseEnv(), ...env } });
  const left = new Map<string, Left>();
  const published: Bench["published"] = async (args = []) => {
    const from = JSON.stringify([args, [...server.values], filesOf(folder)]);
    const known = left.get(from);
    if (known !== undefined) return putBack(known, server, folder);
    const writtenBefore = server.written.length;
    const ran = await run(["publish", ...args]);
    if (ran.code !== 0) throw new Error(ran.stderr);
    left.set(from, { values: [...server.values], written: server.written.slice(writtenBefore), files: filesOf(folder) });
  };
  return {
    server: () => server,
    folder: () => folder,
    write: (name, text) => writeFileSync(join(folder, name), text),
    published,
    run,
    start: (args, running) => spawnCli(args, { cwd: folder, input: "", env: baseEnv(), running }),
    runRemote: (args, env = {}) =>
      run([...args, "--remote", "--yes"], {
        CLOUDFLARE_API_TOKEN: API_TOKEN,
        CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
        CLOUDFLARE_API_BASE_URL: `${server.url}/client/v4`,
        ...env,
      }),
  };
}

/** What one publish leaves behind. */
interface Left {
  readonly values: readonly (readonly [key: string, value: string])[];
  readonly written: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

function putBack({ values, written, files }: Left, server: KvServer, folder: string): void {
  server.values.clear();
  for (const [key, value] of values) server.values.set(key, value);
  server.written.push(...written);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Their texts by name. */
function filesOf(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path, "utf8")]));
}

interface Start {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  readonly running?: (child: ChildProcess) => void;
}

function spawnCli(args: readonly string[], { cwd, env, input, running }: Start): Promise<Ran> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { cwd, env: { ...env }, stdio: ["pipe", "pipe", "pipe"] });
  // A command that does not read it may end first.
  child.stdin.on("error", () => undefined).end(input);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  running?.(child);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const stdout = Buffer.concat(out).toString("utf8");
      resolve({
        code: code ?? -1,
        stdout,
        stderr: Buffer.concat(err).toString("utf8"),
        json: () => parseJson(stdout),
      });
    });
  });
}

function parseJson(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** A small config that is valid in production; `rules` are lines of YAML below `firewall:`. */
export function config(rules = "", origin = "https://origin.example.net"): string {
  return `# Ours.
sites:
  - name: www   # the only one
    hosts: [www.example.com]
    routes:
      - path: /*
        pool: web
      - path: /old/*
        redirect: { to: "/new/{rest}" }
pools:
  web:
    origins:
      - ${origin}
      - { url: https://second.example.net, weight: 2 }
    health: { path: /healthz }
${rules === "" ? "" : `firewall:\n${rules}`}`;
}

export const BLOCK_WP = `  # Nobody runs it here.
  - id: wp
    when: http.request.uri.path contains "/wp-"
    action: block
`;
