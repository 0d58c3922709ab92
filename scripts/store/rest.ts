// Cloudflare's REST API for KV as a KvStore. The local Worker's explorer speaks the same shape, so one client serves both; only
// the address and the Authorization header differ. Retries what is worth retrying (429, 5xx, a broken connection) and turns
// everything else into a failure that names the cause. All its requests are idempotent.

import { parseJson } from "../../src/json-document.ts";
import { failure } from "../output/failure.ts";
import type { KvStore } from "./kv.ts";

export interface RestOptions {
  /** `.../storage/kv/namespaces/<id>`, without a trailing slash. */
  readonly namespaceUrl: string;
  readonly label: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timing: RestTiming;
}

export interface RestTiming {
  /** Pause before the second attempt; doubles with each further one. */
  readonly retryMs: number;
  readonly attempts: number;
  /** Per request, body included. */
  readonly timeoutMs: number;
  sleep(ms: number): Promise<void>;
  /** Aborts what is under way: nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Cloudflare's own limits: 100 keys for one bulk read, 1,000 for one page of a list (the simulator takes at least 10). */
const BULK_KEYS_MAX = 100;
const LIST_KEYS_MAX = 1000;
/** A Retry-After beyond this is not waited for. */
const RETRY_AFTER_MS_MAX = 10_000;

interface Call {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  /** For messages: `reading "current"`. */
  readonly doing: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

export function restStore(options: RestOptions): KvStore {
  const call = (input: Call) => callApi(options, input);
  return {
    label: options.label,
    async get(key) {
      const answer = await call({ method: "GET", path: valuePath(key), doing: `reading "${key}"` });
      return answer.status === 404 ? null : answer.text;
    },
    async getMany(keys) {
      const found = new Map<string, string>();
      for (let from = 0; from < keys.length; from += BULK_KEYS_MAX) {
        const chunk = keys.slice(from, from + BULK_KEYS_MAX);
        const body = JSON.stringify({ keys: chunk, type: "text" });
        const doing = `reading ${chunk.length} keys`;
        const answer = await call({ method: "POST", path: "/bulk/get", body, contentType: "application/json", doing });
        const values = field(field(parseEnvelope(options, answer, doing), "result"), "values");
        for (const key of chunk) {
          const value = field(values, key);
          if (typeof value === "string") found.set(key, value);
        }
      }
      return found;
    },
    async put(key, value) {
      const doing = `writing "${key}"`;
      const answer = await call({ method: "PUT", path: valuePath(key), body: value, contentType: "application/octet-stream", doing });
      if (answer.status === 404) throw apiFailure(options, answer, doing);
    },
    async delete(key) {
      await call({ method: "DELETE", path: valuePath(key), doing: `deleting "${key}"` });
    },
    async list(prefix) {
      const names: string[] = [];
      let cursor = "";
      do {
        const query = new URLSearchParams({ prefix, limit: String(LIST_KEYS_MAX), ...(cursor === "" ? {} : { cursor }) });
        const doing = `listing "${prefix}"`;
        const envelope = parseEnvelope(options, await call({ method: "GET", path: `/keys?${query}`, doing }), doing);
        const page = field(envelope, "result");
        for (const entry of Array.isArray(page) ? page : []) {
          const name = field(entry, "name");
          if (typeof name === "string") names.push(name);
        }
        const next = field(field(envelope, "result_info"), "cursor");
        cursor = typeof next === "string" ? next : "";
      } while (cursor !== "");
      return names;
    },
  };
}

function valuePath(key: string): string {
  return `/values/${encodeURIComponent(key)}`;
}

/** Resolves with a 2xx or a 404; everything else fails. */
async function callApi(options: RestOptions, call: Call): Promise<Answer> {
  const { timing } = options;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptCall(options, call);
    const last = attempt >= timing.attempts || timing.signal?.aborted === true;
    if ("error" in outcome) {
      if (last) throw connectionFailure(options, call.doing, outcome.error);
    } else if (outcome.status < 300 || outcome.status === 404) {
      return outcome;
    } else if (last || !isWorthRetrying(outcome.status)) {
      throw apiFailure(options, outcome, call.doing);
    }
    const asked = "error" in outcome ? null : outcome.retryAfterMs;
    await timing.sleep(Math.min(asked ?? timing.retryMs * 2 ** (attempt - 1), RETRY_AFTER_MS_MAX));
  }
}

async function attemptCall(
  options: RestOptions,
  call: Call,
): Promise<(Answer & { readonly retryAfterMs: number | null }) | { readonly error: unknown }> {
  const { timeoutMs, signal } = options.timing;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(options.namespaceUrl + call.path, {
      method: call.method,
      headers: { ...options.headers, ...(call.contentType === undefined ? {} : { "content-type": call.contentType }) },
      body: call.body ?? null,
      // A redirect could carry the token to another host.
      redirect: "error",
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    return { status: response.status, text: await response.text(), retryAfterMs: retryAfterMs(response.headers.get("retry-after")) };
  } catch (error) {
    return { error };
  }
}

function isWorthRetrying(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Seconds only: the API never sends a date. */
function retryAfterMs(value: string | null): number | null {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : null;
}

function parseEnvelope(options: RestOptions, answer: Answer, doing: string): unknown {
  if (answer.status === 404) throw apiFailure(options, answer, doing);
  try {
    return JSON.parse(answer.text);
  } catch {
    throw failure({
      what: `${doing} in ${options.label} failed`,
      why: "the answer is not JSON",
      fix: "check the address that --worker or BREAKWATER_URL names",
    });
  }
}

function connectionFailure(options: RestOptions, doing: string, error: unknown): Error {
  return failure({
    what: `${doing} in ${options.label} failed`,
    why: `no answer after ${options.timing.attempts} attempts: ${connectionProblem(error)}`,
    fix: "check the network and that the store's host is reachable, then run the command again",
  });
}

/** Node's fetch says only `fetch failed`; the cause has the system's words. */
export function connectionProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const { cause } = error;
  if (cause instanceof Error) return "code" in cause && typeof cause.code === "string" && cause.message === "" ? cause.code : cause.message;
  return error.message;
}

function apiFailure(options: RestOptions, answer: Answer, doing: string): Error {
  const why = `status ${answer.status}${apiMessage(answer.text)}`;
  return failure({ what: `${doing} in ${options.label} failed`, why, fix: fixFor(answer.status) });
}

function fixFor(status: number): string {
  if (status === 401 || status === 403) {
    return "give CLOUDFLARE_API_TOKEN a token with the permission Workers KV Storage: Edit for this account, or log in with: npx wrangler login";
  }
  if (status === 404) return "check the namespace: list them with npx wrangler kv namespace list, then name one with --namespace";
  if (status === 413) return "the value is larger than KV takes (25 MiB): shorten the lists and pages of the config";
  if (status === 429) return "KV takes one write a second to a key, and the free plan 1,000 a day: wait, then run the command again";
  return "run the command again; if it stays so, look at https://www.cloudflarestatus.com";
}

/** The first error of Cloudflare's envelope, as `, 10009: key not found`. */
function apiMessage(text: string): string {
  const errors = field(parseJson(text), "errors");
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const message = field(first, "message");
  return typeof message === "string" ? `, ${String(field(first, "code"))}: ${message.slice(0, 300)}` : "";
}

/** An own property of a value that came from outside; undefined when there is none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
