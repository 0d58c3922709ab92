// An explanation as lines for a terminal, in the order in which the decisions are made.

import { printable, type Painter } from "../output/paint.ts";
import { cacheLines } from "./cache-lines.ts";
import type { ExplainedOutcome, Explanation } from "./explain.ts";
import type { RuleVerdict } from "./rules.ts";
import { ladderLines } from "./ladder.ts";
import { poolLines, stateLines } from "./pool-lines.ts";

export function explanationLines(explanation: Explanation, paint: Painter): readonly string[] {
  const { request, site, route, routes, rules, outcome, pools, whenAllFail, state } = explanation;
  const head = (text: string) => paint("bold", text);
  const lines = [
    ...(request === null
      ? []
      : [
          head("Request"),
          `  ${request.method} ${request.host}${request.path}${request.query === "" ? "" : `?${request.query}`}`,
          `  client ${request.client === "" ? "address unknown" : request.client}`,
        ]),
    ...(request === null ? [] : [head("Site"), `  ${site ?? "none: no site has this host"}`]),
    ...(site === null
      ? []
      : [
          head("Route"),
          `  ${routeLine(route)}`,
          ...routes.filter((entry) => entry.reason !== "taken").map((entry) => paint("dim", `  not ${entry.id}: ${entry.why}`)),
        ]),
    ...(rules.length === 0 ? [] : [head("Rules"), ...rules.map((rule) => ruleLine(rule, paint))]),
    head("Outcome"),
    ...outcomeLines(outcome),
    ...pools.flatMap((pool, index) => [
      head(index === 0 ? `Pool ${pool.name}` : `Fallback pool ${pool.name}`),
      ...poolLines(pool, state.atMs, paint),
    ]),
    ...(whenAllFail === null ? [] : [head("When origins fail"), ...ladderLines(whenAllFail)]),
    ...(pools.length === 0 ? [] : [head("What is known of origins"), ...stateLines(state)]),
  ];
  return lines.map((line) => (line.includes("\u001b") ? line : printable(line)));
}

function routeLine(route: Explanation["route"]): string {
  if (route === null) return "none";
  const params = Object.entries(route.params).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return params.length === 0 ? route.id : `${route.id}    ${params.join(" ")}`;
}

function ruleLine(rule: RuleVerdict, paint: Painter): string {
  const text = `  ${printable(rule.id)}: ${rule.did === "later" ? `in the phase ${rule.phase}` : rule.did}`;
  if (rule.did === "block" || rule.did === "redirect") return paint("red", text);
  return QUIET.has(rule.did) ? paint("dim", text) : paint("yellow", text);
}

const QUIET: ReadonlySet<RuleVerdict["did"]> = new Set(["no-match", "not-reached", "disabled", "expired", "later"]);

function outcomeLines(outcome: ExplainedOutcome): readonly string[] {
  switch (outcome.kind) {
    case "error":
      return [`  ${outcome.status} ${outcome.code}, by the stage ${outcome.stage}: ${outcome.message}`];
    case "redirect":
      return [`  ${outcome.status} to ${outcome.location}, by the stage ${outcome.stage} (${outcome.why})`];
    case "page":
      return [`  ${outcome.status} ${outcome.contentType}, ${outcome.bodyBytes} bytes, by the stage ${outcome.stage}`];
    case "proxy": {
      const { split, originRequest, cache, cacheReasons, timeouts, retry } = outcome;
      return [
        ...splitLines(split),
        `  the origin is asked: ${originRequest.method} ${originRequest.target}`,
        ...originRequest.headers.map(([name, value]) => `    ${name}: ${value}`),
        ...cacheLines(cache, cacheReasons),
        `  timeouts: ${timeouts.headersMs} ms to headers (${timeouts.headersWithBodyMs} ms with a body), ${timeouts.idleMs} ms idle, total ${timeouts.totalMs === null ? "unlimited" : `${timeouts.totalMs} ms`}`,
        `  attempts: ${retry.attempts}, again on ${retryText(retry)}`,
      ];
    }
    default:
      return outcome satisfies never;
  }
}

function splitLines(split: Extract<ExplainedOutcome, { kind: "proxy" }>["split"]): readonly string[] {
  if (split === null) return [];
  const shares = split.shares.map(({ pool, percent }) => `${pool} ${percent} %`).join(", ");
  const by = split.key === null ? "of whom no address is known" : `known by ${split.by} ${JSON.stringify(split.key)}`;
  return [`  visitors are shared out: ${shares}; this one, ${by}, comes to ${split.pool}`];
}

function retryText(retry: Extract<ExplainedOutcome, { kind: "proxy" }>["retry"]): string {
  const reasons = [
    ...(retry.onConnectError ? ["connect-error"] : []),
    ...(retry.onTimeout ? ["timeout"] : []),
    ...retry.onStatus.map(String),
  ];
  return `${reasons.length === 0 ? "nothing" : reasons.join(", ")}${retry.unsafeMethods ? ", for all methods" : ""}`;
}
