// `npm start`: a whole Breakwater on this machine. Builds the Worker and runs it in workerd with local KV, cache and cron, starts
// three origins that can be told to fail, publishes the example config with the command line, and says what to try. With
// `--config FILE` it runs the user's own config against the user's own origins instead. Ends on Ctrl-C and leaves nothing running.

import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { parse } from "yaml";

import { build, describeBuild, PROJECT_ROOT } from "./build.ts";
import { localAdminToken, localSigningKey } from "./local/admin-token.ts";
import { claimFolder } from "./local/claim-folder.ts";
import { runCli } from "./local/cli.ts";
import { startCron } from "./local/cron.ts";
import { runMain } from "./local/main.ts";
import { startOriginProcess } from "./local/origins.ts";
import type { OriginProcess } from "./local/origins.ts";
import { stopOnSignals } from "./local/stop.ts";
import { tour } from "./local/tour.ts";
import { startWorker } from "./local/worker.ts";
import type { LocalWorker } from "./local/worker.ts";
import { failure, usageFailure } from "./output/failure.ts";

const PORT_DEFAULT = 8787;
const DEMO_PORT_DEFAULT = 9101;
const DEMO_ORIGINS = ["one", "two", "three"];

/** Health is checked more often than a real cron can: a demonstration should not make one wait a minute. */
const CRON_INTERVAL_MS = 10_000;

/** An edit shows at once: the Worker looks at KV every second and keeps no copies of it. */
const LOCAL_VARS = { STATE_POLL_MS: "1000", STATE_QUIET_MS: "1000", STATE_COPY_MS: "0", PURGE_EVERYWHERE_MS: "2000" };

/** Exit code of `publish` when somebody else published in between. */
const REFUSED = 4;

const USAGE = "npm start    or, for a config of your own: npm start -- --config FILE [--folder DIR]";

interface StartOptions {
  readonly port: number;
  /** Of the first demo origin; the others follow. 0: free ports. */
  readonly demoPort: number;
  /** The user's config, an absolute path; null runs the demonstration. */
  readonly config: string | null;
  /** Folder for KV, cache, token. */
  readonly folder: string;
}

async function main(): Promise<void> {
  const options = readOptions();
  await claimFolder(options.folder);
  console.log(describeBuild(await build()));
  const adminToken = await localAdminToken(options.folder);
  const origins = options.config === null ? await startDemoOrigins(options.demoPort) : [];
  const worker = await startWorker({
    scriptPath: join(PROJECT_ROOT, "dist/index.js"),
    configPath: join(PROJECT_ROOT, "wrangler.toml"),
    port: options.port,
    persist: join(options.folder, "state"),
    vars: LOCAL_VARS,
    secrets: { ADMIN_TOKEN: adminToken, SIGNING_KEY: await localSigningKey(options.folder) },
    onLog: (line) => appendFileSync(join(options.folder, "worker.log"), `${line}\n`),
  });
  let stopCron: () => void = () => undefined;
  stopOnSignals(async () => {
    stopCron();
    await worker.dispose();
    await Promise.all(origins.map((origin) => origin.kill()));
    console.log("\nStopped; nothing is left running.");
  });
  const config = options.config ?? (await demoConfig(options.folder, origins));
  await publish({ worker, adminToken, config, folder: options.folder });
  stopCron = startCron(worker, CRON_INTERVAL_MS, (error) =>
    console.error(`cron: ${error instanceof Error ? error.message : String(error)}`),
  );
  console.log(
    tour({
      url: worker.url,
      config: options.config,
      host: await firstHost(options.config),
      origins,
      logFile: join(options.folder, "worker.log"),
    }),
  );
}

function readOptions(): StartOptions {
  const values = readArguments();
  return {
    port: portFrom("PORT", PORT_DEFAULT),
    demoPort: portFrom("DEMO_PORT", DEMO_PORT_DEFAULT),
    config: values.config === undefined ? null : resolve(process.env["INIT_CWD"] ?? ".", values.config),
    folder: resolve(values.folder ?? join(PROJECT_ROOT, ".breakwater")),
  };
}

function portFrom(name: string, otherwise: number): number {
  const text = process.env[name] ?? "";
  if (text === "") return otherwise;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw usageFailure(
    `${name} is "${text}", which is not a port`,
    `a number from 1 to 65535, or 0 for any free one: ${name}=${otherwise} npm start`,
  );
}

async function startDemoOrigins(firstPort: number): Promise<readonly OriginProcess[]> {
  const started: OriginProcess[] = [];
  for (const [i, name] of DEMO_ORIGINS.entries())
    started.push(await startOriginProcess({ name, port: firstPort === 0 ? 0 : firstPort + i }));
  return started;
}

/** The example config; with other ports than its own, a copy that names them. */
async function demoConfig(folder: string, origins: readonly OriginProcess[]): Promise<string> {
  const examples = join(PROJECT_ROOT, "examples");
  if (origins.every(({ port }, i) => port === DEMO_PORT_DEFAULT + i)) return join(examples, "breakwater.yaml");
  const copy = join(folder, "examples");
  await cp(examples, copy, { recursive: true });
  const text = await readFile(join(examples, "breakwater.yaml"), "utf8");
  const adapted = text.replaceAll(
    /localhost:(910[1-3])/g,
    (_, port: string) => `localhost:${origins[Number(port) - DEMO_PORT_DEFAULT]?.port ?? port}`,
  );
  const file = join(copy, "breakwater.yaml");
  await writeFile(file, adapted);
  return file;
}

/** For the commands that are printed: a host that the config answers for. Null when it answers for any, or for this machine. */
async function firstHost(config: string | null): Promise<string | null> {
  if (config === null) return null;
  const parsed: unknown = parse(await readFile(config, "utf8"));
  const hosts = (parsed as { sites?: { hosts?: readonly string[] }[] } | null)?.sites?.flatMap((site) => site.hosts ?? []) ?? [];
  const local = hosts.some((host) => host === "*" || host === "127.0.0.1" || host === "localhost");
  return local ? null : (hosts[0]?.replace(/^\*\./, "www.") ?? null);
}

function readArguments(): { readonly config?: string | undefined; readonly folder?: string | undefined } {
  try {
    return parseArgs({ options: { config: { type: "string" }, folder: { type: "string" } } }).values;
  } catch (error) {
    throw usageFailure(error instanceof Error ? error.message : String(error), USAGE);
  }
}

/**
 * Publishes, unless this very file was the last to be published by a start: what was edited from the command line since then stays
 * in force. Another file than the last one replaces what is there, as was asked for.
 */
async function publish(input: { worker: LocalWorker; adminToken: string; config: string; folder: string }): Promise<void> {
  const text = await readFile(input.config, "utf8").catch((error: unknown) => {
    throw failure({ what: `the config ${input.config} cannot be read`, why: String(error), fix: "npm start -- --config FILE" });
  });
  const hash = createHash("sha256").update(text).digest("hex");
  const stampFile = join(input.folder, "published");
  const [lastConfig = "", lastHash = ""] = (await readFile(stampFile, "utf8").catch(() => "")).split("\n");
  if (lastConfig === input.config && lastHash === hash) {
    console.log(`${basename(input.config)} has not changed since it was published; edits made since then stay in force`);
    return;
  }
  const target = { workerUrl: input.worker.url, adminToken: input.adminToken };
  const base = lastConfig === "" || lastConfig === input.config ? [] : ["--base", "current"];
  const result = await runCli(target, ["publish", input.config, "--yes", "--message", `npm start: ${basename(input.config)}`, ...base]);
  const details = [result.stdout.trim(), result.stderr.trim()].filter(Boolean);
  if (result.code === REFUSED) {
    // The Worker stays up with what is in force, so that the printed way out can be taken.
    console.error([`${basename(input.config)} was not published; what was edited since stays in force.`, ...details].join("\n"));
    return;
  }
  if (result.code !== 0) throw failure({ what: `${input.config} was not published`, details });
  await writeFile(stampFile, `${input.config}\n${hash}\n`);
  console.log(`Published ${input.config}`);
}

runMain(main);
