// What an attempt says about the origin's circuit. Pure. The rule that protects healthy origins: an answer that is only bad, late or
// broken counts against an origin when another origin answers well. What fails or crawls everywhere is the application's own
// matter, and no circuit opens for it.

import type { CircuitOutcome } from "./circuit.ts";
import type { Failure, FailureKind } from "./classify.ts";

export type Verdict =
  | { readonly kind: "now"; readonly outcome: CircuitOutcome }
  /** Counts as a failure once another origin is seen to answer, as nothing otherwise. */
  | { readonly kind: "if-another-answers" };

/** `failure` is null for a good answer. */
export function verdictOf(failure: Failure | null): Verdict {
  if (failure === null) return { kind: "now", outcome: "success" };
  return failure.inBody === true || isCutAfterwards(failure) ? { kind: "if-another-answers" } : VERDICTS[failure.kind];
}

/** Production tells a connection that broke after the request (520, 527) from one that nobody took: a page that crashes is the page's fault. */
function isCutAfterwards({ kind, status }: Failure): boolean {
  return kind === "reset" && status !== null;
}

const VERDICTS: Readonly<Record<FailureKind, Verdict>> = {
  "connect-error": { kind: "now", outcome: "connection-failure" },
  dns: { kind: "now", outcome: "connection-failure" },
  tls: { kind: "now", outcome: "connection-failure" },
  // Locally a refused connection and one that was reset throw the same error.
  reset: { kind: "now", outcome: "connection-failure" },
  timeout: { kind: "if-another-answers" },
  status: { kind: "if-another-answers" },
  "client-gone": { kind: "now", outcome: "neutral" },
};
