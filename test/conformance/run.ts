// `npm run conformance`: the public suite http-cache-tests against the built Worker on a direct workerd socket, with the suite's
// origin behind it and the default policy, as `npm run serve` starts it. Every result that expected-failures.ts does not expect is
// printed and makes the exit code 1. The last line is `required N/157, optimal N/86`.
//
//   --store-set-cookie   a route that stores answers with Set-Cookie, which the default policy refuses
//   --test ID            this test alone, with all requests and answers; no score

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { runMain } from "../../scripts/local/main.ts";
import { usageFailure } from "../../scripts/output/failure.ts";
import { EXPECTED_FAILURES } from "./expected-failures.ts";
import { hasPassed, loadSuite } from "./suite.ts";
import type { SuiteGroup, SuiteResults, SuiteTest } from "./suite.ts";

const USAGE = "npm run conformance -- [--store-set-cookie] [--test ID]";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { "store-set-cookie": { type: "boolean" }, test: { type: "string" } } });
  const storeSetCookie = values["store-set-cookie"] === true;
  const suite = await loadSuite();
  const groups = values.test === undefined ? suite.groups : [only(suite.groups, values.test)];
  const origin = await suite.startOrigin();
  const folder = await mkdtemp(join(tmpdir(), "breakwater-conformance-"));
  const edge = await startEdge(origin.url, { folder, storeSetCookie });
  try {
    if (values.test === undefined) console.log(`${countTests(groups)} tests against ${edge.url}`);
    const results = await quietly(values.test === undefined, () => suite.run(groups, edge.url));
    if (values.test === undefined) report(groups, results, storeSetCookie);
    else console.log(describe(results[values.test]));
  } finally {
    await edge.stop();
    await origin.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function only(groups: readonly SuiteGroup[], id: string): SuiteGroup {
  for (const group of groups) {
    const test = group.tests.find((one) => one.id === id);
    if (test !== undefined) return { ...group, tests: [{ ...test, dump: true }] };
  }
  throw usageFailure(`--test ${id} is no test of the suite`, USAGE);
}

function countTests(groups: readonly SuiteGroup[]): number {
  return groups.reduce((sum, { tests }) => sum + tests.length, 0);
}

/** The suite's origin prints a warning for each test that it has not heard of yet. */
async function quietly<T>(quiet: boolean, work: () => Promise<T>): Promise<T> {
  const { log } = console;
  if (quiet) console.log = () => undefined;
  try {
    return await work();
  } finally {
    console.log = log;
  }
}

interface Edge {
  readonly url: string;
  stop(): Promise<void>;
}

/** `npm run serve` in a process of its own. */
async function startEdge(originUrl: string, options: { readonly folder: string; readonly storeSetCookie: boolean }): Promise<Edge> {
  const args = ["--origin", originUrl];
  if (options.storeSetCookie) {
    const config = join(options.folder, "breakwater.yaml");
    await writeFile(config, configThatStores(originUrl));
    args.push("--config", config);
  }
  const script = fileURLToPath(new URL("../../scripts/serve.ts", import.meta.url));
  const child = fork(script, args, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const stop = (): Promise<void> => ended(child);
  const url = await servedAt(child).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}

function configThatStores(originUrl: string): string {
  const base = originUrl.replace("127.0.0.1", "localhost");
  return [
    'sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: origin, cache: { setCookie: store } }] }]',
    `pools: { origin: { origins: [${JSON.stringify(base)}] } }`,
    "",
  ].join("\n");
}

/** The line that says where it serves; what it says before it is shown when it ends instead. */
async function servedAt(child: ChildProcess): Promise<string> {
  let output = "";
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`npm run serve ended with code ${code}:\n${output}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
      const url = /^Serving \S+ at (http:\/\/\S+)/m.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await gone;
}

/** Prints what was not expected, then the score; sets the exit code. */
function report(groups: readonly SuiteGroup[], results: SuiteResults, storeSetCookie: boolean): void {
  const tests = new Map(groups.flatMap((group) => group.tests.map((test): [string, SuiteTest] => [test.id, test])));
  const scored = [...tests.values()].filter((test) => kindOf(test) !== "check");
  const passed = new Set(scored.map(({ id }) => id).filter((id) => hasPassed(id, tests, results)));
  const surprises = [
    ...scored.flatMap((test) => surprise(test, { passed: passed.has(test.id), results, storeSetCookie })),
    ...unknownTests(tests),
  ];
  for (const line of surprises) console.log(line);
  if (surprises.length > 0) process.exitCode = 1;
  const expected = scored.length - passed.size - surprises.length;
  console.log(surprises.length > 0 ? `${surprises.length} not as expected` : `${expected} expected failures, no others`);
  const score = (["required", "optimal"] as const).map((kind) => {
    const all = scored.filter((test) => kindOf(test) === kind);
    return `${kind} ${all.filter(({ id }) => passed.has(id)).length}/${all.length}`;
  });
  console.log(score.join(", "));
}

function kindOf(test: SuiteTest): "required" | "optimal" | "check" {
  return test.kind ?? "required";
}

function surprise(test: SuiteTest, run: { passed: boolean; results: SuiteResults; storeSetCookie: boolean }): readonly string[] {
  const failure = EXPECTED_FAILURES.get(test.id);
  const expected = failure !== undefined && !(run.storeSetCookie && failure.byDefaultOnly === true);
  if (run.passed && expected) return [`PASSED, though expected to fail: ${test.id} (${failure.reason})`];
  if (run.passed || expected) return [];
  const result = run.results[test.id];
  const blame = result === true ? `depends on ${(test.depends_on ?? []).join(", ")}` : describe(result);
  return [`FAILED: ${test.id} (${kindOf(test)}): ${test.name}\n        ${blame}`];
}

function unknownTests(tests: ReadonlyMap<string, SuiteTest>): readonly string[] {
  return [...EXPECTED_FAILURES.keys()]
    .filter((id) => !tests.has(id))
    .map((id) => `expected-failures.ts names ${id}, which is no test of the suite`);
}

function describe(result: SuiteResults[string] | undefined): string {
  if (result === undefined) return "was not run";
  return result === true ? "passed" : `${result[0]}: ${result[1]}`;
}

runMain(main);
