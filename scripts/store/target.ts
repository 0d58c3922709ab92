// Which Breakwater a command talks to: the one that runs on this machine, or the account's. Opens its KV with the one REST
// client and remembers the Worker's address. Every command with --local and --remote comes through here.

import { failure, usageFailure } from "../output/failure.ts";
import { accountFromEnv, findCredentials, type Env } from "./credentials.ts";
import { findAccount } from "./account.ts";
import type { KvStore } from "./kv.ts";
import { findNamespace } from "./namespaces.ts";
import { restStore, type RestTiming } from "./rest.ts";

export interface TargetOptions {
  readonly local?: boolean;
  readonly remote?: boolean;
  /** The Worker's address. */
  readonly worker?: string;
  readonly account?: string;
  readonly namespace?: string;
}

export interface Target {
  readonly kind: "local" | "remote";
  readonly store: KvStore;
  /** Tells this store from others, for the record of what a folder was last published to. Has no secret. */
  readonly id: string;
  /** Without a trailing slash; null when the account's Worker was not named. */
  readonly workerUrl: string | null;
  /** How long a publisher waits between its claim and its pointer, longer than a write takes to show. */
  readonly settleMs: number;
}

export interface TargetInput {
  readonly options: TargetOptions;
  readonly env: Env;
  readonly nowMs: number;
  sleep(ms: number): Promise<void>;
  /** Aborts what is under way. */
  readonly signal?: AbortSignal | undefined;
}

export const API_BASE = "https://api.cloudflare.com/client/v4";
const EXPLORER_PATH = "/cdn-cgi/local/explorer/api/storage/kv/namespaces";
const REQUEST_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 5_000;
const SETTLE_MS = { local: 50, remote: 1_500 } as const;

export async function openTarget(input: TargetInput): Promise<Target> {
  const { options } = input;
  if (options.local === true && options.remote === true)
    throw usageFailure("--local and --remote exclude each other", "give one of the two");
  return options.remote === true ? openRemote(input) : openLocal(input);
}

/** The address of the Worker on this machine when no other was named. */
export function defaultLocalUrl(env: Env): string {
  return `http://127.0.0.1:${env["PORT"] ?? "8787"}`;
}

async function openLocal(input: TargetInput): Promise<Target> {
  const { options, env } = input;
  const workerUrl = workerAddress(input) ?? defaultLocalUrl(env);
  const url = workerUrl + EXPLORER_PATH;
  await requireLocalWorker(workerUrl, url, options.local === true);
  const wanted = options.namespace ?? null;
  const namespace = await findNamespace({ url, headers: {}, wanted, timeoutMs: PROBE_TIMEOUT_MS });
  const namespaceUrl = `${url}/${encodeURIComponent(namespace.id)}`;
  const store = restStore({ namespaceUrl, label: `local KV at ${workerUrl}`, headers: {}, timing: timing(input) });
  return { kind: "local", store, id: `local ${workerUrl} ${namespace.id}`, workerUrl, settleMs: settle(env, "local") };
}

/** One request, so that the common mistake (nothing runs here) is told at once and in its own words. */
async function requireLocalWorker(workerUrl: string, url: string, asked: boolean): Promise<void> {
  let status: number;
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    status = response.status;
    await response.body?.cancel();
  } catch {
    throw failure({
      what: `no Worker answers at ${workerUrl}`,
      why: asked
        ? "nothing listens there"
        : "nothing listens there, and without --remote the command is meant for the Worker on this machine",
      fix: "start it with: npm start    or name its address with --worker URL    or add --remote for the deployed one",
    });
  }
  if (status === 200) return;
  throw failure({
    what: `${workerUrl} is not a Worker on this machine`,
    why: `it answers, but its KV cannot be reached that way (status ${status})`,
    fix: "add --remote for a deployed Worker, or name the address that npm start printed with --worker URL",
  });
}

async function openRemote(input: TargetInput): Promise<Target> {
  const { options, env } = input;
  const apiBase = (env["CLOUDFLARE_API_BASE_URL"] ?? API_BASE).replace(/\/+$/, "");
  requireSafe(apiBase);
  const { token } = findCredentials(env, input.nowMs);
  const headers = { authorization: `Bearer ${token}` };
  const account = options.account ?? accountFromEnv(env) ?? (await findAccount(apiBase, headers, PROBE_TIMEOUT_MS));
  const url = `${apiBase}/accounts/${encodeURIComponent(account)}/storage/kv/namespaces`;
  const namespace = await findNamespace({ url, headers, wanted: options.namespace ?? null, timeoutMs: REQUEST_TIMEOUT_MS });
  const namespaceUrl = `${url}/${encodeURIComponent(namespace.id)}`;
  const store = restStore({ namespaceUrl, label: `KV namespace ${namespace.title}`, headers, timing: timing(input) });
  return {
    kind: "remote",
    store,
    id: `remote ${account} ${namespace.id}`,
    workerUrl: workerAddress(input),
    settleMs: settle(env, "remote"),
  };
}

/** The API token must not cross a network in the clear. */
function requireSafe(apiBase: string): void {
  const url = URL.canParse(apiBase) ? new URL(apiBase) : null;
  const own = url !== null && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && own)) return;
  throw usageFailure(`CLOUDFLARE_API_BASE_URL "${apiBase}" is not an https address`, `unset it; Cloudflare's own is ${API_BASE}`);
}

/** From --worker or BREAKWATER_URL, without a trailing slash; null when neither names one. */
function workerAddress(input: TargetInput): string | null {
  const [text, from] =
    input.options.worker === undefined ? [input.env["BREAKWATER_URL"] ?? "", "BREAKWATER_URL"] : [input.options.worker, "--worker"];
  if (text === "") return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:") || url.username !== "" || url.password !== "") {
    throw usageFailure(
      `${from} "${text}" is not an http or https address`,
      `write it like this: ${from === "--worker" ? "--worker " : "BREAKWATER_URL="}https://www.example.com`,
    );
  }
  return url.origin;
}

function timing(input: TargetInput): RestTiming {
  return {
    retryMs: numberFrom(input.env, "BREAKWATER_RETRY_MS") ?? 500,
    attempts: 5,
    timeoutMs: REQUEST_TIMEOUT_MS,
    sleep: (ms) => input.sleep(ms),
    signal: input.signal,
  };
}

function settle(env: Env, kind: "local" | "remote"): number {
  return numberFrom(env, "BREAKWATER_SETTLE_MS") ?? SETTLE_MS[kind];
}

function numberFrom(env: Env, name: string): number | null {
  const text = env[name] ?? "";
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}
