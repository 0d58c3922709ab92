// A route's own answer, a redirect or a fixed response, as plain data. Pure. Used where a route answers by itself and where it
// says what visitors get when its origins fail; `explain` shows both.

import type { Answer, RedirectReason } from "../answer.ts";
import type { RedirectActionSnapshot, RespondActionSnapshot } from "../config/snapshot.ts";
import { redirectLocation } from "./redirect.ts";
import type { TemplateValues } from "./template.ts";

export interface OwnAnswerInput {
  /** The visitor's, without `?`. */
  readonly query: string;
  readonly values: TemplateValues;
  readonly why: RedirectReason;
}

export function ownAnswer(action: RedirectActionSnapshot | RespondActionSnapshot, { query, values, why }: OwnAnswerInput): Answer {
  switch (action.kind) {
    case "redirect":
      return { kind: "redirect", status: action.status, location: redirectLocation(action, query, values), why };
    case "respond":
      return { kind: "page", status: action.status, contentType: action.contentType, body: action.body };
    default:
      return action satisfies never;
  }
}
