// What a command loads before it does anything. The compiler of configs with its libraries is most of the code: only commands that
// compile or edit a config may load it, or every command waits for it.

import { expect, test } from "vitest";
import { bench, config } from "./harness.ts";

const { write, published, run } = bench();

const COMPILER = /\/node_modules\/(?:zod|yaml)\/|\/src\/config\/(?:check|schema|build)|\/scripts\/(?:docs|edit|import\/plan)/;

/** Writes the addresses of all modules, one on each line, to standard error when the process ends. */
const NOTE_MODULES = `--import=data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from "node:module";
   const loaded = [];
   registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
   process.on("exit", () => process.stderr.write(loaded.join("\\n")));`,
)}`;

async function loadedBy(args: readonly string[]): Promise<readonly string[]> {
  write("breakwater.yaml", config());
  await published();
  const ran = await run(args, { NODE_OPTIONS: NOTE_MODULES });
  return ran.stderr.split("\n").filter((line) => line.startsWith("file://"));
}

test.each([
  [["--help"]],
  [["rule", "import", "--help"]],
  [["publsh"]],
  [["status"]],
  [["health"]],
  [["history"]],
  [["show"]],
  [["rule", "list"]],
  [["origin", "list"]],
  [["origin", "drain", "web/second.example.net"]],
  [["purge", "--everything"]],
])("%j loads no compiler", async (args) => {
  const loaded = await loadedBy(args);
  expect(loaded.some((url) => url.endsWith("/scripts/commands/program.ts"))).toBe(true);
  expect(loaded.filter((url) => COMPILER.test(url))).toEqual([]);
});

test("a command that compiles does", async () => {
  expect((await loadedBy(["validate"])).some((url) => COMPILER.test(url))).toBe(true);
});
