// Stage "rewrite": routes that answer by themselves (redirects, fixed responses) and the size limit on bodies. Pure. Runs
// before the cache; what the origin will be asked is built by `plan.ts` from the same route.

import { errorAnswer, type Answer } from "../answer.ts";
import type { Facts } from "../facts.ts";
import type { Route } from "../ruleset.ts";
import { ownAnswer } from "../transform/own-answer.ts";
import type { TemplateValues } from "../transform/template.ts";

/** Null when the request goes on to an origin. */
export function rewrite(route: Route, facts: Facts, values: TemplateValues): Answer | null {
  const { action } = route;
  switch (action.kind) {
    case "redirect":
    case "respond":
      return ownAnswer(action, { query: facts.query, values, why: "route" });
    case "proxy":
      // A body of unknown length is counted while it streams: see `stages/request-body.ts`.
      return facts.contentLength !== null && facts.contentLength > route.bodyBytesMax ? errorAnswer({ code: "body-too-large" }) : null;
    default:
      return action satisfies never;
  }
}
