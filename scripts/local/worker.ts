// Runs the built Worker in workerd on this machine, with KV, the Cache API and Durable Objects simulated and kept on disk. It
// offers two ways in: the entry port behaves like Cloudflare's edge (client address, geography, KV explorer, cron trigger), the
// direct socket hands every byte to the Worker as it came. Used by start, serve, the end-to-end tests and benchmarks.

import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";

import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

import { failure } from "../output/failure.ts";
import { guardChildren } from "./watchdog.ts";

export interface WorkerOptions {
  /** Of the built Worker, an absolute path. */
  readonly scriptPath: string;
  /** wrangler.toml, an absolute path: bindings, compatibility date and flags come from there. */
  readonly configPath: string;
  /** Of the entry port; 0 takes a free one. */
  readonly port: number;
  /** Of the direct socket; 0 (the default) takes a free one. */
  readonly directPort?: number;
  /** Folder that KV, cache and Durable Objects are kept in. */
  readonly persist: string;
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Other Workers that are bound as services: by the name of the binding, the text of a module. */
  readonly services?: Readonly<Record<string, string>>;
  /** Puts the KV binding on the far side of this address instead of the simulator (see faulty-kv.ts in the tests). */
  readonly remoteKv?: URL;
  /** Called with each line that the Worker logs. Without it lines are printed. */
  readonly onLog?: (line: string) => void;
}

export interface LocalWorker {
  /** The entry port, like Cloudflare's edge. No trailing slash. */
  readonly url: string;
  /** The direct socket: requests reach the Worker as they were sent. No trailing slash. */
  readonly directUrl: string;
  /** Runs the cron handler once, and resolves when it has finished. */
  runCron(): Promise<void>;
  dispose(): Promise<void>;
}

const HOST = "127.0.0.1";

/** What rules did shows at once: nobody waits 20 s for a count on his own machine. */
const LOCAL_VARS = { RULE_STATS_MS: "1000" };

/**
 * Starts the Worker and waits until it answers.
 *
 * @throws a failure when the port is taken.
 */
export async function startWorker(options: WorkerOptions): Promise<LocalWorker> {
  if (options.port !== 0) await requireFreePort(options.port);
  await mkdir(options.persist, { recursive: true });
  const miniflare = new Miniflare(miniflareOptions(options));
  const url = (await miniflare.ready).origin;
  const directUrl = (await miniflare.unsafeGetDirectURL()).origin;
  const release = await guardChildren();
  return {
    url,
    directUrl,
    runCron: () => runCron(url),
    dispose: async () => {
      await miniflare.dispose();
      release();
    },
  };
}

function miniflareOptions(options: WorkerOptions): ConstructorParameters<typeof Miniflare>[0] {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(options.configPath);
  const { modulesRules: _rules, ...worker } = workerOptions;
  const services = Object.entries(options.services ?? {}).map(([binding, script]) => ({ binding, script, name: `service-${binding}` }));
  const kv =
    options.remoteKv === undefined ? {} : { kvNamespaces: { CONFIG: { id: "CONFIG", remoteProxyConnectionString: options.remoteKv } } };
  return convertV4MiniflareOptions({
    host: HOST,
    port: options.port,
    cf: false,
    unsafeLocalExplorer: true,
    unsafeTriggerHandlers: true,
    resourcePersistencePath: options.persist,
    log: new Log(LogLevel.ERROR),
    ...(options.onLog === undefined ? {} : { handleStructuredLogs: forwardLogs(options.onLog) }),
    workers: [
      {
        ...worker,
        ...kv,
        // Other Workers of the account are not on this machine: an origin behind such a binding counts as unreachable.
        serviceBindings: Object.fromEntries(services.map(({ binding, name }) => [binding, name])),
        bindings: { ...LOCAL_VARS, ...(worker.bindings as Record<string, string> | undefined), ...options.vars, ...options.secrets },
        modules: true,
        scriptPath: options.scriptPath,
        unsafeDirectSockets: [{ host: HOST, port: options.directPort ?? 0 }],
      },
      ...services.map(({ name, script }) => ({ name, script, modules: true, compatibilityDate: worker.compatibilityDate })),
    ],
  } as Parameters<typeof convertV4MiniflareOptions>[0]);
}

function forwardLogs(onLog: (line: string) => void): (log: { readonly message: string }) => void {
  return ({ message }) => onLog(message);
}

/** The trigger runs the handler to its end, which takes up to a minute when it checks in rounds. */
async function runCron(url: string): Promise<void> {
  const response = await fetch(`${url}/cdn-cgi/local/scheduled`);
  const body = await response.text();
  if (!response.ok) throw new Error(`the cron handler failed with status ${response.status}: ${body.slice(0, 500)}`);
}

async function requireFreePort(port: number): Promise<void> {
  const server = createServer();
  const problem = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once("error", resolve).listen(port, HOST, () => resolve(null));
  });
  await new Promise((resolve) => server.close(resolve));
  if (problem === null) return;
  const what = problem.code === "EADDRINUSE" ? `port ${port} is in use by another program` : `port ${port} cannot be used`;
  throw failure({ what, why: problem.message, fix: "choose another port above 1023, for example: PORT=8788 npm start" });
}
