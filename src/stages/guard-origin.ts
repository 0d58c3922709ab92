// Rules of the phase origin: on requests that the cache does not answer, before an origin is asked. They refuse a request, limit
// it, or change what the origin is asked, which the cache key then knows nothing of: the config check sees to it that such changes
// depend on nothing but the key.

import type { Answer } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { changedFacts, changeRequestHeaders, NO_CHANGES, type RuleChanges } from "../firewall/changes.ts";
import type { MatchedLimit } from "../firewall/evaluate.ts";
import { evaluateLater } from "./later-rules.ts";
import { answerOf } from "./protect.ts";

export interface Guarded {
  /** The request ends with it; null asks the origin. */
  readonly answer: Answer | null;
  /** To be asked before the origin is. */
  readonly limits: readonly MatchedLimit[];
  readonly changes: RuleChanges;
}

export function guardOrigin(exchange: Exchange): Guarded {
  const { end, limits, changes } = evaluateLater(exchange, "origin");
  return { answer: end === null ? null : answerOf(end), limits, changes };
}

/** Target and headers of a request to an origin, as the rules of the phase want them. */
export function changedRequest<T extends { readonly target: string; readonly headers: Headers }>(
  asked: T,
  exchange: Exchange,
  changes: RuleChanges,
): T {
  if (changes === NO_CHANGES) return asked;
  const headers = new Headers(asked.headers);
  changeRequestHeaders(headers, changes.headers);
  if (changes.path === null) return { ...asked, headers };
  const mark = asked.target.indexOf("?");
  const { rawPath } = changedFacts(exchange.facts, { ...NO_CHANGES, path: changes.path });
  return { ...asked, target: mark === -1 ? rawPath : rawPath + asked.target.slice(mark), headers };
}
