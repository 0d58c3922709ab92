// The bootstrap in a small project of its own, with a stand-in for npm: when it installs, when it does not, and what it says when
// an install goes wrong. The real npm and registry are used by CI, which starts from a clean checkout.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, test } from "vitest";

const BOOTSTRAP = fileURLToPath(new URL("../../../scripts/bootstrap.mjs", import.meta.url));

/** Counts its calls, and then does what the test wrote into `behaviour`. */
const FAKE_NPM = `
const fs = require("node:fs");
fs.appendFileSync("calls", process.argv.slice(2).join(" ") + "\\n");
fs.mkdirSync("node_modules/.bin", { recursive: true });
if (!fs.existsSync("node_modules/.bin/node")) fs.symlinkSync(process.execPath, "node_modules/.bin/node");
const behaviour = fs.existsSync("behaviour") ? fs.readFileSync("behaviour", "utf8") : "";
if (behaviour === "offline") { console.error("npm error code ENOTFOUND"); process.exit(1); }
if (behaviour === "broken") { console.error("npm error something else"); process.exit(1); }
if (behaviour.startsWith("{")) fs.writeFileSync("package-lock.json", behaviour);
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "breakwater-bootstrap-"));
  mkdirSync(join(folder, "scripts"));
  copyFileSync(BOOTSTRAP, join(folder, "scripts/bootstrap.mjs"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ scripts: { a: "b" }, dependencies: { hono: "1" } }));
  writeFileSync(join(folder, "package-lock.json"), '{"lockfileVersion":3}');
  writeFileSync(join(folder, "npm-cli.cjs"), FAKE_NPM);
  writeFileSync(join(folder, "scripts/build.ts"), 'console.log("built", process.argv.slice(2).join(" ")); process.exit(7);');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly output: string;
}

function bootstrap(...args: string[]): Run {
  return bootstrapIn({}, ...args);
}

function bootstrapIn(npmEnv: Readonly<Record<string, string>>, ...args: string[]): Run {
  const env = { ...process.env, npm_execpath: join(folder, "npm-cli.cjs"), ...npmEnv };
  const result = spawnSync(process.execPath, [join(folder, "scripts/bootstrap.mjs"), ...args], { cwd: folder, env, encoding: "utf8" });
  return { code: result.status, output: result.stdout + result.stderr };
}

function installs(): number {
  const file = join(folder, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
}

function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

test("the first task installs, then runs with its arguments and gives its exit code back", () => {
  expect(bootstrap("build", "--x", "a b")).toMatchObject({ code: 7, output: expect.stringContaining("built --x a b") as string });
  expect(readFileSync(join(folder, "calls"), "utf8")).toBe("install --no-audit --no-fund --loglevel=error\n");
});

test("nothing is installed a second time", () => {
  bootstrap("build");
  bootstrap("build");
  expect(installs()).toBe(1);
});

test.each([
  { change: "the lock", file: "package-lock.json", text: '{"lockfileVersion":3,"packages":{}}', expected: 2 },
  { change: "a dependency", file: "package.json", text: JSON.stringify({ dependencies: { hono: "2" } }), expected: 2 },
  { change: "a script", file: "package.json", text: JSON.stringify({ scripts: { a: "c" }, dependencies: { hono: "1" } }), expected: 1 },
])("after a change of $change there are $expected installs", ({ file, text, expected }) => {
  bootstrap("build");
  write(file, text);
  bootstrap("build");
  expect(installs()).toBe(expected);
});

test("a task with a folder of its own installs that too, once, and other tasks do not", () => {
  mkdirSync(join(folder, "test/conformance"), { recursive: true });
  write("test/conformance/package.json", "{}");
  write("test/conformance/package-lock.json", "{}");
  write("test/conformance/run.ts", 'console.log("ran"); process.exit(7);');
  const own = join(folder, "test/conformance/calls");
  bootstrap("build");
  expect(existsSync(own)).toBe(false);
  for (let run = 0; run < 2; run++) {
    expect(bootstrap("conformance")).toMatchObject({ code: 7, output: expect.stringContaining("ran") as string });
  }
  expect(readFileSync(own, "utf8")).toBe("install --no-audit --no-fund --loglevel=error\n");
  expect(installs()).toBe(1);
});

test("an install that was cut short is done again", () => {
  write("behaviour", "broken");
  expect(bootstrap("build").code).toBe(1);
  write("behaviour", "");
  expect(bootstrap("build").code).toBe(7);
  expect(installs()).toBe(2);
});

test.each([
  { behaviour: "offline", says: "registry could not be reached" },
  { behaviour: "broken", says: "something else" },
  { behaviour: '{"lockfileVersion":3,"packages":{"node_modules/hono":{"version":"2"}}}', says: "changed package-lock.json" },
])("when npm is $behaviour the task does not run and the message says so", ({ behaviour, says }) => {
  write("behaviour", behaviour);
  const run = bootstrap("build");
  expect(run).toMatchObject({ code: 1, output: expect.stringContaining(says) as string });
  expect(run.output).not.toContain("built");
});

test("binaries for other platforms, which not every registry has, leave the lock as it was", () => {
  write("behaviour", '{"lockfileVersion":3,"packages":{"node_modules/workerd-darwin":{"version":"1","optional":true,"os":["darwin"]}}}');
  expect(bootstrap("build").code).toBe(7);
  expect(readFileSync(join(folder, "package-lock.json"), "utf8")).toBe('{"lockfileVersion":3}');
});

test.each([["nonsense"], ["toString"], []])(
  "an unknown task (%s) is answered with the list of tasks, and nothing is installed",
  (...args: string[]) => {
    expect(bootstrap(...args)).toMatchObject({ code: 1, output: expect.stringContaining("start, serve, build") as string });
    expect(installs()).toBe(0);
  },
);

test("without a way to run npm the message says where npm comes from", () => {
  const env = { ...process.env, npm_execpath: "", PATH: folder };
  const result = spawnSync(process.execPath, [join(folder, "scripts/bootstrap.mjs"), "build"], { cwd: folder, env, encoding: "utf8" });
  expect(result.stderr).toContain("npm was not found");
});

test.each([
  ["dry-run", "npm_config_dry_run"],
  ["remote", "npm_config_remote"],
  ["json", "npm_config_json"],
])("--%s that npm kept for itself stops the task before it does anything", (option, variable) => {
  const swallowed = { npm_lifecycle_event: "build", [variable]: "true" };
  const refused = bootstrapIn(swallowed, "build", "publish");
  expect(refused.code).toBe(2);
  expect(refused.output).toContain(`Put -- before the options: npm run build -- ... --${option}`);
  expect(installs()).toBe(0);
  expect(bootstrapIn(swallowed, "build", "publish", `--${option}`)).toMatchObject({ code: 7 });
});
