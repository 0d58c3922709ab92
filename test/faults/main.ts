// `npm run faults`: the fault table, measured. Breakwater and, where they are installed, nginx and HAProxy, one after the other in
// front of the same three origins, with each fault in turn. `--short` is the part that CI runs: Breakwater alone, counts only.
// The exit code is 1 when Breakwater misses a goal; the last line is `N of N rows at goal`.

import { access, constants, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { runMain } from "../../scripts/local/main.ts";
import { failure } from "../../scripts/output/failure.ts";
import { breakwater } from "./breakwater.ts";
import { readOptions } from "./options.ts";
import type { Options } from "./options.ts";
import { startOrigins } from "./origins.ts";
import type { Origins } from "./origins.ts";
import { asMarkdown, asText, LEGEND, verdict } from "./report.ts";
import type { Report, Result } from "./report.ts";
import { rivals } from "./rivals.ts";
import { runRow } from "./row-run.ts";
import { ROWS } from "./rows.ts";
import type { World } from "./subject.ts";
import { createWorld } from "./world.ts";

async function main(): Promise<void> {
  const options = readOptions(
    process.argv.slice(2),
    ROWS.map(({ name }) => name),
  );
  const markdown = options.markdown === null ? null : await writable(options.markdown);
  const { world, end } = await createWorld();
  try {
    const origins = await startOrigins(world.processes, world.folder);
    const report = await runRows({ ...world, ports: origins.ports }, origins, options);
    console.log(`\n${asText(report)}\n`);
    if (markdown !== null) await writeFile(markdown, asMarkdown(report));
    console.log(verdict(report));
    if (report.results.some((result) => result.missed.length > 0)) process.exitCode = 1;
  } finally {
    await end();
  }
}

async function runRows(world: World, origins: Origins, options: Options): Promise<Report> {
  const own = await breakwater(world);
  const others = options.alone ? [] : rivals(world);
  const rows = ROWS.filter(({ name, short }) => (options.only === null ? short || !options.short : options.only.includes(name)));
  console.log(
    `${rows.length} of ${ROWS.length} rows at ${options.pace.perSecond} requests/s, with ${[own, ...others].map(({ name }) => name).join(", ")}`,
  );
  console.log(LEGEND);
  const results: Result[] = [];
  for (const row of rows) results.push(await runRow(row, { own, others, world, origins, options }));
  return { subjects: [own.name, ...others.map(({ name }) => name)], results };
}

/** Looked at before a quarter of an hour is spent. Relative to where npm was called. */
async function writable(file: string): Promise<string> {
  const path = resolve(process.env["INIT_CWD"] ?? ".", file);
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw failure({
      what: `--markdown ${file} cannot be written`,
      why: String(error),
      fix: "name a file in a folder that exists",
      exit: 2,
    });
  });
  return path;
}

runMain(main);
