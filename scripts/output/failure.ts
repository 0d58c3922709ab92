// A failure that a user can act on: what failed, why, and the command that fixes it. Thrown anywhere below a command, caught by
// the one fence in commands/program.ts; any other error that arrives there is a bug and keeps its stack.

import { EXIT, type ExitCode } from "./exit-codes.ts";

export interface FailureParts {
  /** What was not done, without a full stop: `the release cannot be read`. */
  readonly what: string;
  /** The cause, as far as it is known. */
  readonly why?: string | undefined;
  /** A command or a change that helps. */
  readonly fix?: string | undefined;
  /** Default 1. */
  readonly exit?: ExitCode;
  /** Printed before the message as it is: a diff, a list of diagnostics. */
  readonly details?: readonly string[];
  /** Merged into the JSON answer. */
  readonly data?: Readonly<Record<string, unknown>>;
}

const NAME = "CliFailure";

export type Failure = Error & { readonly parts: FailureParts; readonly exit: ExitCode };

/** Makes the error to throw. */
export function failure(parts: FailureParts): Failure {
  const error = new Error(parts.what, undefined);
  return Object.assign(error, { name: NAME, parts, exit: parts.exit ?? EXIT.failed });
}

export function usageFailure(what: string, fix: string): Failure {
  return failure({ what, fix, exit: EXIT.usage });
}

export function isFailure(error: unknown): error is Failure {
  return error instanceof Error && error.name === NAME;
}

/** The lines of a failure for a person. */
export function failureLines(parts: FailureParts): readonly string[] {
  const lines = [...(parts.details ?? []), `error: ${parts.what}`];
  if (parts.why !== undefined) lines.push(`  why: ${parts.why}`);
  if (parts.fix !== undefined) lines.push(`  fix: ${parts.fix}`);
  return lines;
}
