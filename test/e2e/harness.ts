// A whole edge on this machine for one test file: the built Worker in workerd, real origin processes, and a config published by
// the code of the command line. Everything is on free ports and in a folder of its own, and ends with `stop`.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build, PROJECT_ROOT } from "../../scripts/build.ts";
import { runCli } from "../../scripts/local/cli.ts";
import type { CliResult } from "../../scripts/local/cli.ts";
import { startOriginProcess } from "../../scripts/local/origins.ts";
import type { OriginProcess } from "../../scripts/local/origins.ts";
import { startWorker } from "../../scripts/local/worker.ts";
import type { LocalWorker } from "../../scripts/local/worker.ts";
import { send } from "./http-client.ts";
import type { Answer, SendOptions } from "./http-client.ts";

export const ADMIN_TOKEN = "e2e-token-0123456789abcdef0123456789abcdef";

export const SIGNING_KEY = "e2e-signing-0123456789abcdef0123456789abcdef";

export interface EdgeOptions {
  /** The config file's text, given the origins' addresses (`http://localhost:PORT`). */
  readonly config: (origins: readonly string[]) => string;
  /** How many origins to start; one by default. */
  readonly origins?: number;
  /** Runs the cron handler in the background; off by default, so that nothing happens that a test did not ask for. */
  readonly publish?: boolean;
  /** Secrets of the Worker besides its own two. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Other Workers by the name of their binding, as the text of a module. */
  readonly services?: Readonly<Record<string, string>>;
}

export interface Edge {
  /** The entry port, like Cloudflare's edge. */
  readonly url: string;
  /** The direct socket: bytes reach the Worker as sent. */
  readonly directUrl: string;
  readonly origins: readonly OriginProcess[];
  readonly folder: string;
  /** Lines that the Worker logged so far. */
  readonly log: readonly string[];
  /** Sends on the direct socket, with Host `edge.test` unless given. */
  get(target: string, options?: SendOptions): Promise<Answer>;
  /** Calls the control API with the admin token. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Writes a config file and publishes it. */
  publish(yaml: string): Promise<void>;
  /** Runs `breakwater ARGS --local` as a process of its own. */
  cli(...args: string[]): Promise<CliResult>;
  /** Reads and writes KV behind the Worker's back. */
  readonly kv: KvAccess;
  runCron(): Promise<void>;
  /** Starts the Worker again on the same stores, as a cold isolate. */
  restart(options?: { readonly remoteKv?: URL; readonly forgetCache?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export interface KvAccess {
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-e2e-"));
  const names = Array.from({ length: options.origins ?? 1 }, (_, i) => `origin-${i + 1}`);
  const origins = await Promise.all(names.map((name) => startOriginProcess({ name, port: 0, journal: join(folder, `${name}.log`) })));
  const log: string[] = [];
  let worker = await startBuiltWorker(folder, { log, options });
  const edge: Edge = {
    get url() {
      return worker.url;
    },
    get directUrl() {
      return worker.directUrl;
    },
    origins,
    folder,
    log,
    get: (target, sendOptions = {}) =>
      send(worker.directUrl, target, { ...sendOptions, headers: withEdgeHeaders(sendOptions.headers ?? []) }),
    admin: (method, path, body) => callAdmin(worker.directUrl, { method, path, body }),
    publish: async (yaml) => {
      const file = join(folder, "breakwater.yaml");
      await writeFile(file, yaml);
      const result = await edge.cli("publish", file, "--yes");
      if (result.code !== 0) throw new Error(`publish failed with exit code ${result.code}:\n${result.stdout}\n${result.stderr}`);
    },
    cli: (...args) => runCli({ workerUrl: worker.url, adminToken: ADMIN_TOKEN, signingKey: SIGNING_KEY }, args),
    kv: kvAccess(() => worker.url),
    runCron: () => worker.runCron(),
    restart: async (restart = {}) => {
      await worker.dispose();
      if (restart.forgetCache === true) await rm(join(folder, "state/cache"), { recursive: true, force: true });
      worker = await startBuiltWorker(folder, { log, options, remoteKv: restart.remoteKv });
    },
    stop: async () => {
      await worker.dispose();
      await Promise.all(origins.map((origin) => origin.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (options.publish !== false) await publishOrStop(edge, options.config(origins.map(({ port }) => `http://localhost:${port}`)));
  return edge;
}

interface Start {
  readonly log: string[];
  readonly options: EdgeOptions;
  readonly remoteKv?: URL | undefined;
}

async function startBuiltWorker(folder: string, { log, options, remoteKv }: Start): Promise<LocalWorker> {
  const { scriptPath } = await build();
  return startWorker({
    scriptPath,
    configPath: join(PROJECT_ROOT, "wrangler.toml"),
    port: 0,
    persist: join(folder, "state"),
    // An edit must show at once, and nothing may be read from a copy that a test has just gone behind.
    vars: { STATE_POLL_MS: "100", STATE_QUIET_MS: "1000", STATE_COPY_MS: "0" },
    secrets: { ADMIN_TOKEN, SIGNING_KEY, ...options.secrets },
    ...(options.services === undefined ? {} : { services: options.services }),
    ...(remoteKv === undefined ? {} : { remoteKv }),
    onLog: (line) => log.push(line),
  });
}

async function publishOrStop(edge: Edge, yaml: string): Promise<void> {
  try {
    await edge.publish(yaml);
  } catch (error) {
    await edge.stop();
    throw error;
  }
}

/** What Cloudflare's edge adds and the direct socket does not. A header given by the test wins. */
function withEdgeHeaders(headers: SendOptions["headers"] = []): NonNullable<SendOptions["headers"]> {
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  const defaults: (readonly [string, string])[] = [
    ["Host", "edge.test"],
    ["CF-Connecting-IP", "198.51.100.7"],
    ["MF-CF-Blob", '{"country":"JP","asn":64500,"colo":"NRT"}'],
  ];
  return [...defaults.filter(([name]) => !given.has(name.toLowerCase())), ...headers];
}

function callAdmin(base: string, call: { method: string; path: string; body: unknown }): Promise<Answer> {
  const body = call.body === undefined ? {} : { body: JSON.stringify(call.body) };
  const headers: [string, string][] = [["Authorization", `Bearer ${ADMIN_TOKEN}`]];
  if (call.body !== undefined) headers.push(["Content-Type", "application/json"]);
  return send(base, `/_breakwater/${call.path}`, { method: call.method, headers: withEdgeHeaders(headers), ...body });
}

/** The explorer of the local Worker speaks the shape of Cloudflare's REST API for KV. */
function kvAccess(url: () => string): KvAccess {
  const at = (key: string): string => `${url()}/cdn-cgi/local/explorer/api/storage/kv/namespaces/CONFIG/values/${encodeURIComponent(key)}`;
  return {
    get: async (key) => {
      const response = await fetch(at(key));
      return response.status === 404 ? null : response.text();
    },
    put: async (key, value) => expectOk(await fetch(at(key), { method: "PUT", body: value })),
    delete: async (key) => expectOk(await fetch(at(key), { method: "DELETE" })),
  };
}

async function expectOk(response: Response): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new Error(`the KV explorer answered ${response.status}: ${text}`);
}

/** Waits until a condition holds, by asking again; a condition that never holds fails with its description. */
export async function eventually(what: string, holds: () => Promise<boolean>, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
