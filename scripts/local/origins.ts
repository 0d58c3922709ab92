// Starts demo origins as processes of their own and talks to their control paths. Each ends with the process that started it.
// Used by start.ts and the end-to-end tests.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { CannedAnswer, FailMode, SeenRequest } from "./demo-origin.ts";
import { failure } from "../output/failure.ts";

export interface OriginOptions {
  readonly name: string;
  readonly port: number;
  /** File that survives SIGKILL with one JSON line (a SeenRequest) per request. */
  readonly journal?: string;
}

export interface OriginProcess {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Without a trailing slash. */
  readonly url: string;
  /** Makes every request but control ones fail in this way, until `off`. */
  fail(mode: FailMode, ms?: number): Promise<void>;
  /** Puts an answer at a path (with or without query). */
  answer(path: string, answer: Partial<CannedAnswer>): Promise<void>;
  /** Requests that arrived since the last `forget`. */
  seen(): Promise<readonly SeenRequest[]>;
  forget(): Promise<void>;
  /** Resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts one origin; port 0 takes a free one.
 *
 * @throws a failure when the port is taken.
 */
export async function startOriginProcess(options: OriginOptions): Promise<OriginProcess> {
  const script = fileURLToPath(new URL("demo-origin.ts", import.meta.url));
  const journal = options.journal === undefined ? [] : ["--journal", options.journal];
  const child = fork(script, ["--name", options.name, "--port", String(options.port), ...journal], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const port = await listeningPort(child, options.port);
  const url = `http://127.0.0.1:${port}`;
  const post = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${options.name} refused ${path}: ${await response.text()}`);
  };
  return {
    name: options.name,
    pid: child.pid ?? 0,
    port,
    url,
    fail: (mode, ms) => post("/__fail", ms === undefined ? { mode } : { mode, ms }),
    answer: (path, answer) => post("/__answer", { path, answer: { status: 200, headers: [], body: "", ...answer } }),
    seen: async () => (await (await fetch(`${url}/__seen`)).json()) as readonly SeenRequest[],
    forget: () => post("/__forget", {}),
    kill: (signal = "SIGKILL") => killed(child, signal),
  };
}

function listeningPort(child: ChildProcess, wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`a demo origin ended with code ${code} before it listened`)));
    child.once("message", (message: { port?: number; error?: string; code?: string }) => {
      if (message.port !== undefined) resolve(message.port);
      else reject(portError(wanted, message.code, message.error ?? "unknown error"));
    });
  });
}

function portError(port: number, code: string | undefined, message: string): Error {
  const taken = code === "EADDRINUSE";
  return failure({
    what: taken ? `port ${port}, which a demo origin wants, is in use by another program` : `a demo origin cannot listen on port ${port}`,
    why: message,
    fix: "end that program (is another `npm start` running?), or choose other ports, for example: DEMO_PORT=9201 npm start",
  });
}

async function killed(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}
