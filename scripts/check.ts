// `npm run check`: everything that can be said about the code without running it. All checks run, also after one has failed, so
// that one call shows all there is to fix; the exit code is 1 when any failed. Called by people and by .ci/run.

import { spawn } from "node:child_process";
import { join } from "node:path";

import { build, BUNDLE_GZIP_BYTES_MAX, describeBuild, PROJECT_ROOT } from "./build.ts";
import { runMain } from "./local/main.ts";

interface Check {
  readonly name: string;
  /** Shown when it fails. */
  readonly fix: string;
  run(): Promise<Outcome>;
}

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

const CHECKS: readonly Check[] = [
  command("format", ["oxfmt", "--check", "."], "npm run format"),
  command("lint", ["oxlint", "--type-aware", "--deny-warnings", "."], "change what it names; the rules are in oxlint.config.ts"),
  command("types of the Worker", ["tsc", "-p", "tsconfig.json"], "change what it names"),
  command("types of scripts", ["tsc", "-p", "scripts/tsconfig.json"], "change what it names"),
  command("types of tests in Node", ["tsc", "-p", "test/tsconfig.json"], "change what it names"),
  command("types of tests in workerd", ["tsc", "-p", "test/worker/tsconfig.json"], "change what it names"),
  command("generated types", ["wrangler", "types", "--include-runtime=false", "--check"], "npm run types"),
  command("generated docs", ["node", "scripts/generate-docs.ts", "--check"], "npm run docs"),
  command("dead code", ["knip"], "delete what it names, or use it; the entry files are in knip.json"),
  { name: "size of the Worker", fix: "find what grew: npx esbuild --bundle --analyze src/index.ts", run: checkSize },
];

function command(name: string, [file = "", ...args]: readonly string[], fix: string): Check {
  return { name, fix, run: () => execute(join(PROJECT_ROOT, "node_modules/.bin", file), args) };
}

function execute(file: string, args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false" };
  const child = spawn(file, args, { cwd: PROJECT_ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output: Buffer.concat(output).toString("utf8").trim() }));
  });
}

async function checkSize(): Promise<Outcome> {
  const result = await build();
  return { ok: result.gzipBytes <= BUNDLE_GZIP_BYTES_MAX, output: describeBuild(result) };
}

async function main(): Promise<void> {
  const failed: Check[] = [];
  for (const check of CHECKS) {
    const startedMs = Date.now();
    const { ok, output } = await check.run().catch((error: unknown) => ({ ok: false, output: String(error) }));
    console.log(`${ok ? "ok  " : "FAIL"}  ${check.name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
    if (ok) continue;
    failed.push(check);
    console.log(`${output}\n      Fix: ${check.fix}\n`);
  }
  console.log(failed.length === 0 ? "All checks hold." : `Failed: ${failed.map(({ name }) => name).join(", ")}`);
  if (failed.length > 0) process.exitCode = 1;
}

runMain(main);
