// The key that signs drills, the Worker's secret SIGNING_KEY: from the environment, else where `npm start` and wrangler keep the one
// of the Worker on this machine. It signs here and is never sent or printed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { failure } from "../output/failure.ts";
import type { Env } from "./credentials.ts";

export interface SigningKeyInput {
  readonly env: Env;
  /** Where the local key may be. */
  readonly folders: readonly string[];
  /** The files are of the Worker on this machine; a deployed one has another key. */
  readonly mayUseFiles: boolean;
}

/** @throws a CLI failure when there is none. */
export function requireSigningKey({ env, folders, mayUseFiles }: SigningKeyInput): string {
  const given = env["BREAKWATER_SIGNING_KEY"]?.trim() ?? "";
  if (given !== "") return given;
  for (const folder of mayUseFiles ? folders : []) {
    const key = keyIn(folder);
    if (key !== null) return key;
  }
  throw failure({
    what: "no drill was signed",
    why: "there is no signing key",
    fix: mayUseFiles
      ? "start the Worker with npm start, which makes one, or set BREAKWATER_SIGNING_KEY to the Worker's secret SIGNING_KEY"
      : "set BREAKWATER_SIGNING_KEY to the Worker's secret SIGNING_KEY (npx wrangler secret put SIGNING_KEY)",
  });
}

function keyIn(folder: string): string | null {
  const started = readText(join(folder, ".breakwater", "signing-key"))?.trim() ?? "";
  if (started !== "") return started;
  const variables = readText(join(folder, ".dev.vars")) ?? "";
  return /^\s*(?:export\s+)?SIGNING_KEY\s*=\s*(["']?)([^\s"']+)\1\s*$/m.exec(variables)?.[2] ?? null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
