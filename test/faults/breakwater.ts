// Breakwater as a subject of the table: the built Worker in workerd, started afresh for every row so that no circuit is left over,
// with a config that says nothing but where the origins are.

import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build, PROJECT_ROOT } from "../../scripts/build.ts";
import { runCli } from "../../scripts/local/cli.ts";
import { startWorker } from "../../scripts/local/worker.ts";
import type { LocalWorker } from "../../scripts/local/worker.ts";
import type { HealthDocument } from "../../src/origin/health.ts";
import { freePort } from "./processes.ts";
import type { Running, Subject, World } from "./subject.ts";

const ADMIN_TOKEN = "faults-0123456789abcdef0123456789abcdef";

/** Of the pool's first origin, see `originKey`. */
const FIRST_ORIGIN = "web/origin-1";

export async function breakwater(world: World): Promise<Subject> {
  const script = await ownBuild(world);
  let published: Promise<string> | null = null;
  return {
    name: "Breakwater",
    start: async ({ setting }) => {
      published ??= publish(world, { script, persist: join(world.folder, "state") });
      const persist = await copyOf(world, await published);
      if (setting === "wrong-down") await putHealth(world, { script, persist });
      if (setting === "kv-dead") return start(world, { script, persist, remoteKv: new URL(`http://127.0.0.1:${await freePort()}`) });
      return start(world, { script, persist });
    },
  };
}

/** As it was published: what the Worker of another row noted in the data centre's cache, such as open circuits, would be heard here. */
async function copyOf(world: World, state: string): Promise<string> {
  const folder = await mkdtemp(join(world.folder, "row-"));
  await cp(state, folder, { recursive: true });
  return folder;
}

/** One build for the whole run, also when the source is edited meanwhile. In the project, beyond which workerd's modules may not be. */
async function ownBuild(world: World): Promise<string> {
  const folder = join(PROJECT_ROOT, `dist.faults-${process.pid}`);
  await mkdir(folder);
  world.whenEnding(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, "index.js");
  await copyFile((await build()).scriptPath, script);
  return script;
}

interface Start {
  readonly script: string;
  readonly persist: string;
  /** Where nobody answers for KV. */
  readonly remoteKv?: URL;
}

async function start(world: World, { script, persist, remoteKv }: Start): Promise<Running & { readonly worker: LocalWorker }> {
  const log: string[] = [];
  const worker = await startWorker({
    scriptPath: script,
    configPath: join(PROJECT_ROOT, "wrangler.toml"),
    port: 0,
    persist,
    secrets: { ADMIN_TOKEN },
    ...(remoteKv === undefined ? {} : { remoteKv }),
    onLog: (line) => log.push(line),
  });
  world.takeSignals();
  const end = world.whenEnding(() => worker.dispose());
  return { url: worker.directUrl, log, worker, stop: end };
}

/** Publishes into a folder of state, and serves one request so that the data centre has its copy. Resolves with the folder. */
async function publish(world: World, on: Start): Promise<string> {
  const { persist } = on;
  await mkdir(persist, { recursive: true });
  const config = join(persist, "breakwater.yaml");
  await writeFile(config, configFor(world.ports));
  const running = await start(world, on);
  const result = await runCli({ workerUrl: running.worker.url, adminToken: ADMIN_TOKEN }, ["publish", config, "--yes"]);
  if (result.code !== 0) throw new Error(`publishing ended with code ${result.code}:\n${result.stdout}\n${result.stderr}`);
  const answer = await fetch(`${running.url}/healthz`);
  if (answer.status !== 200) throw new Error(`after publishing, the Worker answers ${answer.status}: ${await answer.text()}`);
  await running.stop();
  return persist;
}

function configFor(ports: readonly number[]): string {
  const origins = ports.map((port, i) => `{ name: origin-${i + 1}, url: "http://localhost:${port}" }`);
  return `sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }]\npools: { web: { origins: [${origins.join(", ")}] } }\n`;
}

/** Writes what a cron would have written that saw the first origin down, as the last thing it did. */
async function putHealth(world: World, on: Start): Promise<void> {
  const running = await start(world, on);
  const nowMs = Date.now();
  const seen = { sinceMs: nowMs, detail: "", rttMs: null, checkedAtMs: nowMs };
  const up = { ...seen, state: "up", why: "ok", passes: 1, failures: 0 } as const;
  const document: HealthDocument = {
    format: 1,
    generation: 1,
    asOfMs: nowMs,
    region: "unknown",
    origins: {
      ...Object.fromEntries(world.ports.map((_, i) => [`web/origin-${i + 1}`, up])),
      [FIRST_ORIGIN]: { ...seen, state: "down", why: "timeout", passes: 0, failures: 3 },
    },
  };
  const key = `${running.worker.url}/cdn-cgi/local/explorer/api/storage/kv/namespaces/CONFIG/values/health`;
  const answer = await fetch(key, { method: "PUT", body: JSON.stringify(document) });
  if (!answer.ok) throw new Error(`KV took no health document: ${answer.status} ${await answer.text()}`);
  await running.stop();
  // The data centre's copies are older than the document.
  await rm(join(on.persist, "cache"), { recursive: true, force: true });
}
