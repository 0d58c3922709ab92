// `npm run bench`: what a request costs in Breakwater and in a bare caching Worker, measured in turn in one run; then what rules,
// lists and hostile regular expressions cost. `-- requests`, `rules`, `lists` or `regex` runs parts of it. The figure to quote is the
// ratio: machines differ, and this one may be busy. Prints Markdown tables; asserts nothing.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { build, PROJECT_ROOT } from "../../scripts/build.ts";
import { runCli } from "../../scripts/local/cli.ts";
import { startWorker } from "../../scripts/local/worker.ts";
import type { LoadResult } from "./load.ts";
import { cpuMs, runScript, startScript, workerdChildren } from "./processes.ts";

interface Scenario {
  readonly name: string;
  /** `#` is the number of the request. */
  readonly target: string;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "hit, 1 KiB", target: "/cached/1k" },
  { name: "hit, 100 KiB", target: "/cached/100k" },
  { name: "miss and store, 1 KiB", target: "/cached/1k?n=RUN-#" },
  { name: "revalidated, 1 KiB", target: "/checked/1k" },
  { name: "not cacheable, 1 KiB", target: "/dynamic/1k" },
];

interface Subject {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

interface Measured {
  readonly perSecond: number;
  readonly cpuMsPerRequest: number;
  readonly p99Ms: number;
}

const { values, positionals } = parseArgs({
  options: { requests: { type: "string" }, rounds: { type: "string" }, connections: { type: "string" } },
  allowPositionals: true,
});
const PARTS = ["requests", "rules", "lists", "regex"] as const;
const REQUESTS = Number(values.requests ?? "2000");
const ROUNDS = Number(values.rounds ?? "5");
const CONNECTIONS = Number(values.connections ?? "8");

async function main(): Promise<void> {
  const unknown = positionals.find((name) => !PARTS.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`there is no part "${unknown}"; there are ${PARTS.join(", ")}`);
  for (const part of PARTS) {
    if (positionals.length > 0 && !positionals.includes(part)) continue;
    console.log(`\n## ${part}\n`);
    if (part === "requests") await requests();
    else await runPart(part);
  }
}

/** Each in a process of its own: what one has compiled or left in memory is no help and no burden to the next. */
async function runPart(part: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${part}.ts`)], { stdio: "inherit" });
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`the part ${part} failed`);
}

async function requests(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-bench-"));
  const origin = await startScript(join(import.meta.dirname, "origin.ts"));
  const subjects = [await startBreakwater(origin.line, folder), await startBare(origin.line)] as const;
  try {
    console.log(
      `${REQUESTS} requests over ${CONNECTIONS} connections, ${ROUNDS} rounds in turn; medians; ratio is Breakwater to bare Worker`,
    );
    console.log("");
    console.log("| scenario | requests/s | bare | ratio | CPU ms per request | bare | ratio | p99 ms | bare |");
    console.log("|---|---|---|---|---|---|---|---|---|");
    for (const scenario of SCENARIOS) console.log(await row(scenario, subjects));
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()));
    origin.child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function row(scenario: Scenario, [own, bare]: readonly [Subject, Subject]): Promise<string> {
  const pairs: { readonly own: Measured; readonly bare: Measured }[] = [];
  // The first round warms caches, connections and the compiler, and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const pair = { own: await measure(own, scenario, round), bare: await measure(bare, scenario, round) };
    if (round > 0) pairs.push(pair);
  }
  const of = (pick: (pair: (typeof pairs)[number]) => number): number => median(pairs.map(pick));
  return [
    "",
    scenario.name,
    of(({ own: { perSecond } }) => perSecond).toFixed(0),
    of(({ bare: { perSecond } }) => perSecond).toFixed(0),
    of((pair) => pair.own.perSecond / pair.bare.perSecond).toFixed(2),
    of((pair) => pair.own.cpuMsPerRequest).toFixed(2),
    of((pair) => pair.bare.cpuMsPerRequest).toFixed(2),
    of((pair) => pair.own.cpuMsPerRequest / pair.bare.cpuMsPerRequest).toFixed(2),
    of((pair) => pair.own.p99Ms).toFixed(1),
    of((pair) => pair.bare.p99Ms).toFixed(1),
    "",
  ]
    .join(" | ")
    .trim();
}

async function measure(subject: Subject, { target }: Scenario, round: number): Promise<Measured> {
  const url = subject.url + target.replace("RUN", String(round));
  const before = await cpuMs(subject.pid);
  const result = await runScript<LoadResult>(join(import.meta.dirname, "load.ts"), [url, String(REQUESTS), String(CONNECTIONS)]);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests to ${subject.name} failed: ${url}`);
  const used = (await cpuMs(subject.pid)) - before;
  return { perSecond: result.requests / result.seconds, cpuMsPerRequest: used / result.requests, p99Ms: result.p99Ms };
}

async function startBreakwater(originUrl: string, folder: string): Promise<Subject> {
  const { scriptPath } = await build();
  const adminToken = "bench-0123456789abcdef0123456789abcdef";
  const [worker, pid] = await withNewWorkerd(() =>
    startWorker({
      scriptPath,
      configPath: join(PROJECT_ROOT, "wrangler.toml"),
      port: 0,
      persist: join(folder, "state"),
      // The bare Worker logs nothing either.
      vars: { ACCESS_LOG: "off" },
      secrets: { ADMIN_TOKEN: adminToken },
      onLog: () => undefined,
    }),
  );
  const config = join(folder, "bench.yaml");
  await writeFile(
    config,
    `sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: one }] }]\npools: { one: { origins: ["${originUrl}"] } }\n`,
  );
  const published = await runCli({ workerUrl: worker.url, adminToken }, ["publish", config, "--yes"]);
  if (published.code !== 0) throw new Error(published.stderr);
  return { name: "Breakwater", url: worker.directUrl, pid, stop: () => worker.dispose() };
}

async function startBare(originUrl: string): Promise<Subject> {
  const [miniflare, pid] = await withNewWorkerd(async () => {
    const options = {
      host: "127.0.0.1",
      port: 0,
      cf: false,
      workers: [
        {
          name: "bare",
          modules: true,
          scriptPath: join(import.meta.dirname, "bare-worker.js"),
          compatibilityDate: "2026-11-02",
          bindings: { ORIGIN: originUrl },
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
        },
      ],
    };
    const started = new Miniflare(convertV4MiniflareOptions(options));
    await started.ready;
    return started;
  });
  const url = (await miniflare.unsafeGetDirectURL()).origin;
  return { name: "the bare Worker", url, pid, stop: () => miniflare.dispose() };
}

async function withNewWorkerd<T>(start: () => Promise<T>): Promise<readonly [T, number]> {
  const before = await workerdChildren();
  const started = await start();
  const pid = (await workerdChildren()).find((candidate) => !before.includes(candidate));
  if (pid === undefined) throw new Error("no new workerd process was found");
  return [started, pid];
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

await main();
