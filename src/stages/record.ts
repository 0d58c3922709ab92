// Stage "record": one log line for each request, whatever became of it. Never throws, changes nothing, holds no secrets: query
// strings, cookies and credentials stay out, unless a rule of the phase log names one.

import type { Digest, Exchange } from "../exchange.ts";
import type { Log } from "../ports.ts";
import { LOGGED_RULES_MAX } from "../limits.ts";

export interface Recorded {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  /** Null when the request ended before there were facts and a state. */
  readonly exchange: Exchange | null;
  readonly response: Response;
  readonly error: string | null;
  /** Faults that an operator put on this one request; null for nearly all. */
  readonly drill: string | null;
  readonly startedAtMs: number;
  /** When the response's headers were ready; its body may still be on its way. */
  readonly endedAtMs: number;
}

export function record(recorded: Recorded, log: Log): void {
  const { exchange, response } = recorded;
  log.write({
    at: new Date(recorded.startedAtMs).toISOString(),
    id: recorded.id,
    method: recorded.method,
    url: withoutQuery(recorded.url),
    status: response.status,
    ms: recorded.endedAtMs - recorded.startedAtMs,
    ...(recorded.error === null ? {} : { error: recorded.error }),
    ...(recorded.drill === null ? {} : { drill: recorded.drill }),
    ...(exchange === null ? {} : exchangeFields(exchange)),
  });
}

function exchangeFields(exchange: Exchange): Readonly<Record<string, unknown>> {
  const { facts, digest, state, firewall } = exchange;
  return {
    client: facts.client.address,
    country: facts.client.country,
    colo: facts.client.colo,
    release: state.ruleset.release.slice(0, 12),
    route: exchange.route,
    cache: digest.cache.status,
    ...(digest.cache.collapsed ? { collapsed: true } : {}),
    ...(digest.cache.detail === null ? {} : { cacheDetail: digest.cache.detail }),
    ...ruleFields(digest),
    ...(firewall.latest.score === 0 ? {} : { score: firewall.latest.score }),
    ...(Object.keys(digest.logged).length === 0 ? {} : { logged: digest.logged }),
    ...(digest.attempts.length === 0 ? {} : { attempts: digest.attempts }),
    ...(digest.ladder.length === 0 ? {} : { ladder: digest.ladder }),
  };
}

/** Thousands of rules that only watch may match one request. */
function ruleFields({ rules }: Digest): Readonly<Record<string, unknown>> {
  if (rules.length === 0) return {};
  const more = rules.length - LOGGED_RULES_MAX;
  return more > 0 ? { rules: rules.slice(0, LOGGED_RULES_MAX), rulesMore: more } : { rules };
}

/** Query strings carry tokens and addresses: they are not logged. */
function withoutQuery(url: string): string {
  const mark = url.indexOf("?");
  return mark === -1 ? url : url.slice(0, mark);
}
