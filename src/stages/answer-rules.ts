// Rules of the phase response: on what the visitor gets, from the store too, but for answers of the firewall itself. They change
// headers, or put an error in place of the answer. What they change is never stored.

import type { AnswerContext } from "./respond.ts";
import type { Exchange } from "../exchange.ts";
import { changeHeaders } from "../firewall/changes.ts";
import { discard } from "./found.ts";
import { evaluateLater } from "./later-rules.ts";
import { answerOf } from "./protect.ts";
import { answerResponse } from "./respond.ts";

/** @param response - Made here, so its headers may be changed in place. A 101 passes untouched: a changed one breaks the WebSocket. */
export function applyAnswerRules(exchange: Exchange, response: Response, context: AnswerContext): Response {
  if (response.status === 101 || exchange.firewall.isRefused) return response;
  const { end, changes } = evaluateLater(exchange, "response", response);
  if (end === null) {
    changeHeaders(response.headers, changes.headers);
    return response;
  }
  discard(response);
  const answer = answerOf(end);
  exchange.digest.error = answer.kind === "error" ? answer.error.code : null;
  return answerResponse(answer, context);
}
