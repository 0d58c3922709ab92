// The state of one check, handed to each of the checker's parts.

import type { ExpressionDiagnostic } from "./diagnostics.ts";
import type { Scheme } from "./scheme.ts";

/** What the parts of the checker share: the scheme, and where problems go. */
export interface Checker {
  readonly scheme: Scheme<never>;
  readonly errors: ExpressionDiagnostic[];
  readonly warnings: ExpressionDiagnostic[];
}
