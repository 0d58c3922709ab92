// Builds the Worker into dist/ exactly as `wrangler deploy` would upload it, and says how large it is. A build is skipped when
// nothing that it is made of has changed. Used by start, serve, check and the end-to-end tests; it never talks to a network.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { runMain } from "./local/main.ts";
import { failure } from "./output/failure.ts";

export const PROJECT_ROOT: string = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** Of the Worker, compressed as Cloudflare counts it. The free plan takes 3 MiB; what costs start-up time is far below. */
export const BUNDLE_GZIP_BYTES_MAX: number = 130 * 1024;

export interface Build {
  /** The built module, an absolute path. */
  readonly scriptPath: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  /** False when the last build was still good. */
  readonly rebuilt: boolean;
}

/**
 * Builds `<root>/src` into `<root>/dist` unless the build there was made of the same content. Builds of several processes may
 * run at once: each writes a folder of its own and puts it in place whole.
 *
 * @throws a failure with wrangler's output when the code does not build.
 */
export async function build(options: { readonly root?: string } = {}): Promise<Build> {
  const root = options.root ?? PROJECT_ROOT;
  const dist = join(root, "dist");
  const fingerprint = await fingerprintOf(root);
  const current = await readFile(join(dist, "fingerprint"), "utf8").catch(() => null);
  if (current !== fingerprint) await buildInto(root, dist, fingerprint);
  const scriptPath = join(dist, "index.js");
  const script = await readFile(scriptPath);
  return { scriptPath, bytes: script.length, gzipBytes: gzipSync(script).length, rebuilt: current !== fingerprint };
}

async function buildInto(root: string, dist: string, fingerprint: string): Promise<void> {
  const fresh = `${dist}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  await wranglerDryRun(root, fresh);
  await writeFile(join(fresh, "fingerprint"), fingerprint);
  await rm(dist, { recursive: true, force: true });
  await rename(fresh, dist).catch(async () => {
    // Another process put the same build in place between the two calls above.
    await rm(fresh, { recursive: true, force: true });
  });
}

async function wranglerDryRun(root: string, outdir: string): Promise<void> {
  const wrangler = join(PROJECT_ROOT, "node_modules/wrangler/bin/wrangler.js");
  const args = [wrangler, "deploy", "--dry-run", "--outdir", outdir];
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "true" };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code === 0) return;
  await rm(outdir, { recursive: true, force: true });
  throw failure({ what: "the Worker does not build", details: [Buffer.concat(output).toString("utf8").trim()], fix: "npm run check" });
}

/** SHA-256 over the names and contents of everything that a build is made of. */
async function fingerprintOf(root: string): Promise<string> {
  const hash = createHash("sha256");
  const sources = await readdir(join(root, "src"), { recursive: true, withFileTypes: true });
  const files = sources.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of [...files.sort(), join(root, "wrangler.toml"), join(PROJECT_ROOT, "package-lock.json")]) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(await readFile(path))
      .update("\0");
  }
  return hash.digest("hex");
}

/** One line about a build, for people. */
export function describeBuild(result: Build): string {
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
  const share = `${Math.round((result.gzipBytes / BUNDLE_GZIP_BYTES_MAX) * 100)} % of the budget`;
  return `${result.rebuilt ? "Built" : "Unchanged:"} dist/index.js, ${kib(result.bytes)}, ${kib(result.gzipBytes)} gzipped (${share})`;
}

if (import.meta.main) runMain(async () => console.log(describeBuild(await build())));
