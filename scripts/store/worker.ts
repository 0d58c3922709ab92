// The Worker's admin API as the command line uses it: status, refresh, purge, with the bearer token. The token goes to the
// Worker's own address only, over https or to this machine, and is never printed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "../../src/json-document.ts";
import { failure } from "../output/failure.ts";
import type { Env } from "./credentials.ts";
import { connectionProblem, field } from "./rest.ts";
import type { Target } from "./target.ts";

export interface AdminApi {
  readonly url: string;
  /** @throws a CLI failure when there is no good answer. */
  call(method: "GET" | "POST", path: AdminPath, body?: unknown): Promise<unknown>;
}

export type AdminPath =
  | "/_breakwater/status"
  | "/_breakwater/origins"
  | "/_breakwater/health"
  | "/_breakwater/release"
  | "/_breakwater/purge"
  | "/_breakwater/refresh"
  | "/_breakwater/alert-test"
  | `/_breakwater/rule-stats?${string}`;

const CALL_TIMEOUT_MS = 10_000;

/** The `code` of the Worker (src/admin/app.ts) when it took the token but lacks the path: it is older than this command line. */
export const UNKNOWN_PATH = "unknown-path";

/** Why there is no admin API to talk to. */
export type AdminGap = { readonly missing: "address" | "token"; readonly fix: string };

/** @param folders - Where `npm start` and wrangler keep the local token. */
export function adminApi(target: Target, env: Env, folders: readonly string[]): AdminApi | AdminGap {
  const url = target.workerUrl;
  if (url === null) return { missing: "address", fix: "name the Worker with --worker https://HOST or BREAKWATER_URL" };
  const token = adminToken(target, env, folders);
  if (token === null) {
    const fix =
      target.kind === "local"
        ? "set BREAKWATER_ADMIN_TOKEN, or write ADMIN_TOKEN=... into .dev.vars"
        : "set BREAKWATER_ADMIN_TOKEN to the Worker's secret ADMIN_TOKEN";
    return { missing: "token", fix };
  }
  return { url, call: (method, path, body) => callAdmin({ url, token, method, path, body }) };
}

export function isGap(api: AdminApi | AdminGap): api is AdminGap {
  return "missing" in api;
}

/** The admin API, where the command cannot do without it. */
export function requireAdmin(api: AdminApi | AdminGap, what: string): AdminApi {
  if (!isGap(api)) return api;
  const why = api.missing === "address" ? "the address of the Worker is not known" : "there is no admin token";
  throw failure({ what, why, fix: api.fix });
}

/** The files hold the token of the Worker on this machine, which no other Worker may be shown. */
function adminToken(target: Target, env: Env, folders: readonly string[]): string | null {
  const given = env["BREAKWATER_ADMIN_TOKEN"]?.trim() ?? "";
  if (given !== "") return given;
  if (target.kind === "remote") return null;
  for (const folder of folders) {
    const token = tokenIn(folder);
    if (token !== null) return token;
  }
  return null;
}

function tokenIn(folder: string): string | null {
  const started = readText(join(folder, ".breakwater", "admin-token"))?.trim() ?? "";
  if (started !== "") return started;
  const variables = readText(join(folder, ".dev.vars")) ?? "";
  return /^\s*(?:export\s+)?ADMIN_TOKEN\s*=\s*(["']?)([^\s"']+)\1\s*$/m.exec(variables)?.[2] ?? null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

interface AdminCall {
  readonly url: string;
  readonly token: string;
  readonly method: "GET" | "POST";
  readonly path: AdminPath;
  readonly body: unknown;
}

async function callAdmin(call: AdminCall): Promise<unknown> {
  const { hostname, protocol } = new URL(call.url);
  if (protocol === "http:" && !["127.0.0.1", "localhost", "[::1]"].includes(hostname)) {
    throw failure({
      what: `${call.url} was not asked`,
      why: "the admin token would cross the network unencrypted",
      fix: `use https: --worker https://${hostname}`,
    });
  }
  const what = `the Worker at ${call.url} did not answer ${call.path}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(call.url + call.path, {
      method: call.method,
      headers: {
        authorization: `Bearer ${call.token}`,
        accept: "application/json",
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      redirect: "error",
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    throw failure({ what, why: connectionProblem(error), fix: "check the address, and that the Worker runs" });
  }
  const value = parseJson(text);
  const error = field(value, "error");
  const code = field(error, "code");
  // Only who has the right token gets a 404 that is JSON.
  if (response.status === 404 && typeof code !== "string") {
    const fix = "set BREAKWATER_ADMIN_TOKEN to the value given to: npx wrangler secret put ADMIN_TOKEN";
    throw failure({ what, why: "it answers 404, as it does to everybody whose token is not the right one", fix });
  }
  if (!response.ok) {
    const said = field(value, "message") ?? field(error, "message") ?? error;
    const why = `status ${response.status}${typeof said === "string" ? `: ${said}` : ""}`;
    throw failure({ what, why, fix: fixFor(response.status), data: typeof code === "string" ? { code } : {} });
  }
  if (value === undefined) throw failure({ what, why: "its answer is not JSON", fix: "check that --worker names a Breakwater" });
  return value;
}

function fixFor(status: number): string | undefined {
  if (status === 429) return "wait a minute: too many failed attempts came from this address";
  return status >= 500 ? "look at the Worker's log: npx wrangler tail" : undefined;
}
