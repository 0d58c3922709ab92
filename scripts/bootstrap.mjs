// The first thing every npm script runs: installs what is missing, then runs the task on the project's own Node 24. Plain
// JavaScript with Node built-ins only, because it runs before anything is installed and on Node 20. It leaves
// package-lock.json as it is; an install that would change what is installed here ends with an error.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR_MIN = 20;
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const MODULES = join(ROOT, "node_modules");
const STAMP = ".breakwater-installed";

/** Each task is a command line; what follows the task's name is added to it. */
const TASKS = {
  start: ["node", "scripts/start.ts"],
  serve: ["node", "scripts/serve.ts"],
  build: ["node", "scripts/build.ts"],
  check: ["node", "scripts/check.ts"],
  test: ["vitest", "run"],
  breakwater: ["node", "scripts/breakwater.mjs"],
  conformance: ["node", "test/conformance/run.ts"],
  bench: ["node", "test/bench/main.ts"],
  simulate: ["node", "test/simulation/main.ts"],
  faults: ["node", "test/faults/main.ts"],
  docs: ["node", "scripts/generate-docs.ts"],
  types: ["wrangler", "types", "--include-runtime=false"],
  format: ["oxfmt"],
  deploy: ["node", "scripts/deploy.ts"],
  "verify:production": ["node", "scripts/verify-production.ts"],
};

/** Tasks that end when this process disappears, even by SIGKILL: the channel to them closes. */
const LINKED = new Set(["start", "serve"]);

/** Tasks that need a folder with dependencies and a lock of its own, installed when the task is run. */
const FOLDERS = { conformance: "test/conformance" };

/** Options that change what a task does. npm takes them for itself when there is no `--` before them, and the task would never know. */
const SWALLOWED = [
  "dry-run",
  "json",
  "remote",
  "worker",
  "base",
  "config",
  "origin",
  "host",
  "fault",
  "uncached",
  "short",
  "alone",
  "rate",
  "seconds",
  "markdown",
  "seed",
];

main(process.argv[2], process.argv.slice(3));

function main(task, args) {
  requireNode();
  refuseSwallowed(task, args);
  const command = Object.hasOwn(TASKS, task ?? "") ? TASKS[task] : undefined;
  if (command === undefined) {
    fail(`there is no task "${task ?? ""}"`, `Tasks: ${Object.keys(TASKS).join(", ")}. For example: npm start, or npm run check`);
  }
  if (!isInstalled(ROOT) || !existsSync(join(MODULES, ".bin", "node"))) install(ROOT);
  const folder = Object.hasOwn(FOLDERS, task) ? join(ROOT, FOLDERS[task]) : ROOT;
  if (!isInstalled(folder)) install(folder);
  run(task, [...command, ...args]);
}

/** `npm run breakwater publish --dry-run` would publish: npm hands such options over in the environment only. */
function refuseSwallowed(task, args) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const lost = SWALLOWED.filter((name) => process.env[`npm_config_${name.replace("-", "_")}`] !== undefined);
  const missing = lost.filter((name) => !args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`)));
  if (missing.length === 0) return;
  const npm = task === "start" || task === "test" ? `npm ${task}` : `npm run ${task}`;
  fail(
    `npm has taken --${missing[0]} for itself, so the command would run without it; nothing was done`,
    `Put -- before the options: ${npm} -- ... --${missing[0]} ...`,
    2,
  );
}

function requireNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < NODE_MAJOR_MIN) {
    fail(
      `this is Node ${process.versions.node}, and Breakwater needs Node ${NODE_MAJOR_MIN} or newer`,
      "Install a newer Node (https://nodejs.org, or your version manager) and run the same command again.",
    );
  }
}

/** What an install depends on: the lock, the manifest, and the machine that native binaries are chosen for. */
function fingerprint(folder) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const name of ["package.json", "package-lock.json"]) hash.update(dependencyPart(folder, name));
  return hash.digest("hex");
}

/** Of package.json only what decides the install, so that editing a script does not reinstall. */
function dependencyPart(folder, name) {
  const text = readFileSync(join(folder, name), "utf8");
  if (name !== "package.json") return text;
  const { dependencies, devDependencies, optionalDependencies, overrides } = JSON.parse(text);
  return JSON.stringify({ dependencies, devDependencies, optionalDependencies, overrides });
}

function isInstalled(folder) {
  const stamp = join(folder, "node_modules", STAMP);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint(folder);
}

function install(folder) {
  const where = folder === ROOT ? "" : ` of ${relative(ROOT, folder)}`;
  process.stderr.write(`Installing dependencies${where} (once, and again when package-lock.json changes) ...\n`);
  const lock = join(folder, "package-lock.json");
  const before = readFileSync(lock, "utf8");
  const npm = npmCommand();
  const result = spawnSync(npm[0], [...npm.slice(1), "install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "pipe"],
    encoding: "utf8",
    env: process.env,
  });
  if (result.error !== undefined || result.status !== 0) failInstall(result);
  const after = readFileSync(lock, "utf8");
  // npm notes which binaries for other platforms a registry happens to have: that differs from registry to registry.
  if (after !== before && differsInOptionalOnly(before, after)) writeFileSync(lock, before);
  else if (after !== before) {
    fail(
      `npm install changed ${relative(ROOT, lock)}: it does not fit package.json`,
      `If you edited package.json, keep the new lock and run the command again. If not: git checkout ${relative(ROOT, lock)}`,
    );
  }
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  writeFileSync(join(folder, "node_modules", STAMP), fingerprint(folder));
}

/** True when two locks name the same packages but for optional ones, which an install may do without. */
function differsInOptionalOnly(before, after) {
  const [one, other] = [before, after].map(requiredPackages);
  return one !== null && one === other;
}

function requiredPackages(lock) {
  try {
    const { packages, ...rest } = JSON.parse(lock);
    const required = Object.entries(packages ?? {}).filter(([, { optional }]) => optional !== true);
    return JSON.stringify([rest, required]);
  } catch {
    return null;
  }
}

/** The npm that runs this script when there is one; else the one in PATH. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && /npm-cli\.c?js$/.test(cli)) return [process.execPath, cli];
  return [process.platform === "win32" ? "npm.cmd" : "npm"];
}

function failInstall(result) {
  const output = `${result.error?.message ?? ""}${result.stderr ?? ""}`;
  process.stderr.write(output.endsWith("\n") ? output : `${output}\n`);
  if (result.error?.code === "ENOENT") fail("npm was not found", "It comes with Node: install Node again, or put npm in PATH.");
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(output)) {
    fail(
      "the package registry could not be reached",
      "Check the network, and `npm config get registry` and `npm config get proxy`; then run the same command again.",
    );
  }
  if (/EACCES|EPERM/.test(output)) fail("npm may not write here", `Make ${ROOT} writable for you, and run the same command again.`);
  if (/ENOSPC/.test(output)) fail("the disk is full", "An installation takes about 650 MB.");
  fail("npm install failed (its output is above)", "Once that is solved, run the same command again.");
}

function run(task, command) {
  const bin = join(MODULES, ".bin");
  const file = join(bin, process.platform === "win32" ? `${command[0]}.cmd` : command[0]);
  const linked = LINKED.has(task);
  const child = spawn(file, command.slice(1), {
    cwd: ROOT,
    stdio: linked ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
    shell: process.platform === "win32",
    env: {
      ...process.env,
      PATH: bin + delimiter + (process.env.PATH ?? ""),
      // A local run neither asks Cloudflare for sample request data nor reports usage.
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_SEND_METRICS: "false",
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  if (process.env.npm_lifecycle_event !== undefined) stopWithParent(child);
  child.on("error", (error) =>
    fail(`${command[0]} could not be started: ${error.message}`, "Delete node_modules and run the command again."),
  );
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1)));
}

/** npm may be killed without its child being told; then the child would keep the ports. Between the two there may be a shell. */
function stopWithParent(child) {
  const parent = process.ppid;
  const shell = spawnSync("ps", ["-o", "ppid=,comm=", "-p", String(parent)], { encoding: "utf8" });
  const [, above = "", command = ""] = /^\s*(\d+)\s+(.*)$/m.exec(shell.stdout ?? "") ?? [];
  const npm = /(^|\/)(da|ba|z|k)?sh$/.test(command.trim()) ? Number(above) : parent;
  setInterval(() => {
    if (process.ppid !== parent || !exists(npm)) child.kill("SIGTERM");
  }, 500).unref();
}

function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function fail(problem, fix, code = 1) {
  process.stderr.write(`\nbreakwater: ${problem}.\n${fix}\n`);
  process.exit(code);
}
