// What becomes of one rule of Cloudflare's: carried over, perhaps changed, or left out with a reason. Made by the converters of
// this folder, one for each action; put together by `import-rules.ts`.

import type { RulePhase } from "../../src/config/rule-snapshot.ts";
import type { Scheme } from "../../src/expression/scheme.ts";

export type Converted = Carried | Left;

export interface Carried {
  readonly kind: "carried";
  readonly phase: RulePhase;
  /** As the config has it: `block`, or the long form. */
  readonly action: unknown;
  /** The rule only watches, at Cloudflare too. */
  readonly mode?: "log";
  /** What is not the same here, a sentence without a full stop each. */
  readonly changes: readonly string[];
}

export interface Left {
  readonly kind: "left";
  readonly reason: string;
  /** What to do instead. */
  readonly instead: string;
  /** Lines that show the place: an expression with its carets. */
  readonly details: readonly string[];
}

/** What becomes of rules that challenge the visitor, which a Worker cannot do. */
export type ChallengePolicy = "block" | "log" | "skip";

export interface ConvertContext {
  /** Fields, functions, and the lists of the config. */
  readonly scheme: Scheme<never>;
  readonly challenge: ChallengePolicy | null;
}

export function carried(phase: RulePhase, action: unknown, changes: readonly string[] = []): Carried {
  return { kind: "carried", phase, action, changes };
}

export function left(reason: string, instead: string, details: readonly string[] = []): Left {
  return { kind: "left", reason, instead, details };
}
