// `npm run deploy`: `wrangler deploy` with the release in force inside the bundle. What cannot be read is left out and said; a
// deployment never fails for it, since the bundled release is only the last resort. Arguments are handed to wrangler.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bakeRelease, bakedSources, type BakeResult } from "./bake.ts";
import { runMain } from "./local/main.ts";
import { isFailure } from "./output/failure.ts";
import { shortHash } from "./store/documents.ts";
import { openTarget } from "./store/target.ts";

const PROJECT_ROOT = join(import.meta.dirname, "..");
/** Inside the project, so that the copy finds the same node_modules; ignored by git. */
const BAKED_SOURCES = join(PROJECT_ROOT, ".wrangler/deploy/src");

async function main(): Promise<void> {
  const result = await bake();
  const entry: string[] = [];
  if (result.kind === "baked") {
    const { pointer } = result.release;
    entry.push(bakedSources(join(PROJECT_ROOT, "src"), BAKED_SOURCES, result.release));
    console.log(`Bundling release ${pointer.number} (${shortHash(pointer.release)}), for isolates that start while KV is down.`);
  } else {
    console.log(`Deploying without a bundled release: ${result.why}.`);
    console.log("That is fine for a first deployment; deploy again after the first publish.");
  }
  process.exitCode = await run(["deploy", ...entry, ...process.argv.slice(2)]);
}

async function bake(): Promise<BakeResult> {
  const wait = (ms: number): Promise<void> => sleep(ms);
  try {
    const { store } = await openTarget({ options: { remote: true }, env: process.env, nowMs: Date.now(), sleep: wait });
    return await bakeRelease(store);
  } catch (error) {
    if (!isFailure(error)) throw error;
    const { what, why } = error.parts;
    return { kind: "nothing", why: why === undefined ? what : `${what} (${why})` };
  }
}

function run(args: readonly string[]): Promise<number> {
  const child = spawn(join(PROJECT_ROOT, "node_modules/.bin/wrangler"), args, { cwd: PROJECT_ROOT, stdio: "inherit" });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`wrangler did not start: ${error.message}`);
      resolve(1);
    });
    child.on("close", (code) => resolve(code ?? 1));
  });
}

runMain(main);
