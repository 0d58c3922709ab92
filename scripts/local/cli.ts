// Runs the command line as a process of its own against a Worker on this machine. Used by start.ts, which publishes with it, and
// by the end-to-end tests.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliTarget {
  /** The Worker's entry port. */
  readonly workerUrl: string;
  readonly adminToken: string;
  /** Only drills need it. */
  readonly signingKey?: string;
}

/** `breakwater ARGS --local`, without questions and colours. Never throws for an exit code. */
export function runCli(target: CliTarget, args: readonly string[]): Promise<CliResult> {
  const env = {
    ...process.env,
    BREAKWATER_URL: target.workerUrl,
    BREAKWATER_ADMIN_TOKEN: target.adminToken,
    ...(target.signingKey === undefined ? {} : { BREAKWATER_SIGNING_KEY: target.signingKey }),
    BREAKWATER_SETTLE_MS: "0",
    NO_COLOR: "1",
  };
  const script = fileURLToPath(new URL("../breakwater.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, ...args, "--local"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") });
    });
  });
}
