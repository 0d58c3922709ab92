// Rules that filter: block, log, score, and the challenges that a Worker cannot set.

import { answerOf } from "./answers.ts";
import type { CloudflareRule } from "./cloudflare.ts";
import { carried, left, type ChallengePolicy, type Converted } from "./converted.ts";
import { numberOf } from "./json.ts";

export const CHALLENGES: readonly string[] = ["managed_challenge", "js_challenge", "challenge", "interactive_challenge"];

export function convertBlock({ parameters }: CloudflareRule): Converted {
  const answer = answerOf(parameters["response"], 403);
  return carried("request", answer === null ? "block" : { block: answer });
}

export function convertLog(): Converted {
  return carried("request", "log");
}

export function convertScore({ parameters }: CloudflareRule): Converted {
  const increment = numberOf(parameters["increment"]);
  if (increment === null) return left("the score has no increment", "write the rule by hand with `action: { score: N }`");
  return carried("request", { score: increment }, ["the score is `bw.score` here: a later rule compares it, such as `bw.score ge 10`"]);
}

/** @param challenge - What the user wants instead; null asks for a decision. */
export function convertChallenge({ action }: CloudflareRule, challenge: ChallengePolicy | null): Converted {
  const name = action.replaceAll("_", " ");
  switch (challenge) {
    case null:
      return left(
        `a Worker cannot set a ${name}`,
        "decide for all of them with --challenge block (visitors are blocked), log (only recorded) or skip (left out)",
      );
    case "skip":
      return left(`a Worker cannot set a ${name}, and --challenge skip leaves it out`, "nothing, if that is what you want");
    case "block":
      return carried("request", "block", [`visitors are blocked instead of given a ${name} (--challenge block)`]);
    case "log":
      return carried("request", "log", [`matches are only recorded: there is no ${name} here (--challenge log)`]);
    default:
      return challenge satisfies never;
  }
}
