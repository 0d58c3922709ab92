// The admin API under /_breakwater/, and PURGE: what an operator or the command line asks of a running Worker, as JSON. Whoever
// has no token gets null, which the caller answers with its ordinary 404. Nothing here is ever cached, and nothing here can
// change config: that is written to KV by the command line.

import { Hono, type Context } from "hono";
import { parseJson } from "../json-document.ts";
import { ADMIN_BODY_BYTES_MAX } from "../limits.ts";
import { allRules } from "../firewall/rules.ts";
import type { Markers } from "../origin/markers.ts";
import type { OriginTable } from "../origin/table.ts";
import type { Ports, PurgeReceipt, PurgeRequest } from "../ports.ts";
import type { StateHolder } from "../release/holder.ts";
import { causeText } from "../release/problem.ts";
import { alertTest } from "./alert-test.ts";
import { originsReport } from "./origins.ts";
import { purgeMethodBody } from "./purge-method.ts";
import { parsePurges } from "./purge-request.ts";
import { readText } from "./read-text.ts";
import { readStatsQuery, ruleStatsAnswer } from "./rule-stats.ts";
import { createTokenGuard } from "./token.ts";

export interface ControlContext {
  readonly holder: StateHolder;
  /** What this isolate knows of origins. */
  readonly origins: OriginTable;
  readonly markers: Markers;
  readonly ports: Ports;
  /** The secret ADMIN_TOKEN; null or empty when none is configured, and then nobody gets in. */
  readonly token: string | null;
  readonly nowMs: number;
  /** Data centre that the isolate runs in; null when the platform does not say. */
  readonly colo: string | null;
  readonly clientAddress: string;
}

export interface Admin {
  /** Null when the request has no right to an answer, whatever its path and method. */
  handleControl(request: Request, context: ControlContext): Promise<Response | null>;
}

/** Why a request that came with the token was refused. Stable, for scripts. */
export type AdminErrorCode =
  | "unknown-path"
  | "bad-request"
  | "too-large"
  | "ledger-failed"
  | "no-release"
  | "no-webhook"
  | "no-rule-stats"
  | "rule-stats-failed"
  | "internal";

type AdminContext = Context<{ Bindings: ControlContext }>;

/** One per isolate: it counts wrong tokens. */
export function createAdmin(): Admin {
  const guard = createTokenGuard();
  const app = createApp();
  return {
    handleControl: async (request, context) => {
      if (!(await guard.allows(request, context))) return null;
      // PURGE names a URL of the site, not a path of this API.
      if (request.method === "PURGE") return purgeMethod(request, context);
      return app.fetch(request, context);
    },
  };
}

const PATHS = "GET status, origins, health, release, overrides, rule-stats; POST purge, refresh, alert-test";

function createApp(): Hono<{ Bindings: ControlContext }> {
  const app = new Hono<{ Bindings: ControlContext }>().basePath("/_breakwater");
  app.get("/status", ({ env }) => json(200, { nowMs: env.nowMs, ...env.holder.status(env.nowMs) }));
  app.get("/health", async ({ env }) => {
    const state = await env.holder.current(env.ports, env.nowMs);
    return json(200, { ...env.holder.status(env.nowMs).documents.health, document: state?.health ?? null });
  });
  app.get("/overrides", async ({ env }) => {
    const state = await env.holder.current(env.ports, env.nowMs);
    return json(200, { ...env.holder.status(env.nowMs).documents.overrides, document: state?.overrides ?? null });
  });
  app.get("/origins", (context) => originsInfo(context));
  app.get("/release", (context) => releaseInfo(context));
  app.get("/rule-stats", (context) => ruleStatsInfo(context));
  app.post("/purge", (context) => purgeBody(context));
  app.post("/refresh", async ({ env }) => json(200, await env.holder.refreshNow(env.ports, { pastCopies: true })));
  app.post("/alert-test", (context) => testWebhook(context));
  app.notFound(() => refuse(404, "unknown-path", `there is nothing at this path for this method; under /_breakwater/ there are ${PATHS}`));
  app.onError((cause, { env }) => {
    env.ports.log.write({ event: "admin-failed", message: causeText(cause) });
    return refuse(500, "internal", "something went wrong here; the Worker's log has the cause");
  });
  return app;
}

async function originsInfo({ env }: AdminContext): Promise<Response> {
  const state = await env.holder.current(env.ports, env.nowMs);
  if (state === null) return noRelease();
  return json(200, originsReport({ state, table: env.origins, markers: env.markers, colo: env.colo, nowMs: env.nowMs }));
}

async function testWebhook({ env }: AdminContext): Promise<Response> {
  const state = await env.holder.current(env.ports, env.nowMs);
  if (state === null) return noRelease();
  const tested = await alertTest(state.ruleset, env.colo ?? "unknown", env.ports);
  if (tested !== null) return json(200, tested);
  return refuse(409, "no-webhook", "the release in force names no webhook; publish a config with `alerts: { webhook: https://... }`");
}

async function releaseInfo({ env }: AdminContext): Promise<Response> {
  const state = await env.holder.current(env.ports, env.nowMs);
  if (state === null) return noRelease();
  const { pointer, ruleset } = state;
  const pools = [...ruleset.pools.values()].map(({ name, origins }) => ({
    name,
    origins: origins.map(({ id, weight, backup }) => ({ id, weight, backup })),
  }));
  const rules = allRules(ruleset.rules).map(({ id, description, phase, when, action, mode, expiresAtMs, owner }) => ({
    id,
    description,
    phase,
    when,
    action: action.kind,
    mode,
    expiresAtMs,
    owner,
  }));
  return json(200, { release: ruleset.release, pointer, pools, rules });
}

async function ruleStatsInfo({ req, env }: AdminContext): Promise<Response> {
  const { ruleStats, log } = env.ports;
  if (ruleStats === null || ruleStats === undefined)
    return refuse(409, "no-rule-stats", "nothing is kept of what rules did: the Worker has no Durable Object bound as RULE_STATS");
  const query = readStatsQuery(new URL(req.raw.url).searchParams, env.nowMs);
  if (!query.ok) return refuse(400, "bad-request", query.error);
  const state = await env.holder.current(env.ports, env.nowMs);
  try {
    return json(200, await ruleStatsAnswer(ruleStats, query.value, { nowMs: env.nowMs, release: state?.ruleset.release ?? null }));
  } catch (cause) {
    log.write({ event: "rule-stats-failed", message: causeText(cause) });
    return refuse(503, "rule-stats-failed", "the Durable Object that keeps them did not answer; ask again");
  }
}

async function purgeBody({ req, env }: AdminContext): Promise<Response> {
  const text = await readText(req.raw, ADMIN_BODY_BYTES_MAX);
  if (text === null) return refuse(413, "too-large", `the body has more than ${ADMIN_BODY_BYTES_MAX} bytes`);
  const body = parseJson(text);
  if (body === undefined)
    return refuse(400, "bad-request", 'the body is not JSON; expected for example {"kind": "url", "value": "https://example.com/page"}');
  return purge(body, env);
}

async function purgeMethod(request: Request, context: ControlContext): Promise<Response> {
  const body = purgeMethodBody(request);
  return body.ok ? purge(body.value, context) : refuse(400, "bad-request", `${body.error.field}: ${body.error.message}`);
}

async function purge(body: unknown, { holder, ports, nowMs }: ControlContext): Promise<Response> {
  const state = await holder.current(ports, nowMs);
  const purges = parsePurges(body, state?.ruleset ?? null);
  if (!purges.ok) return refuse(400, "bad-request", `${purges.error.field}: ${purges.error.message}`);
  const receipt = await recorded(purges.value, ports);
  if (receipt instanceof Response) return receipt;
  holder.takePurges(receipt.generations, ports);
  const { id, atMs, everywhereByMs } = receipt;
  for (const one of purges.value) ports.log.write({ event: "purge", id, ...one });
  const only = purges.value.length === 1 ? purges.value[0] : {};
  return json(200, { id, atMs, everywhereByMs, ...only, purges: purges.value });
}

async function recorded(requests: readonly PurgeRequest[], { purges, log }: Ports): Promise<Response | PurgeReceipt> {
  try {
    return await purges.record(requests);
  } catch (cause) {
    log.write({ event: "purge-failed", message: causeText(cause) });
    return refuse(503, "ledger-failed", "the purge was not recorded: the purge ledger did not answer; send it again");
  }
}

function noRelease(): Response {
  return refuse(404, "no-release", "no release was ever published; publish one with `npm run breakwater -- publish`");
}

function refuse(status: number, code: AdminErrorCode, message: string): Response {
  return json(status, { error: { code, message } });
}

function json(status: number, value: unknown): Response {
  const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return new Response(`${JSON.stringify(value, null, 2)}\n`, { status, headers });
}
