// What a command has to say at its end: lines for a person, one JSON document for a script, and the exit code. Commands return
// it and never print results themselves; program.ts prints one of the two.

import { EXIT, type ExitCode } from "./exit-codes.ts";

export interface Report {
  readonly exit: ExitCode;
  /** Standard output without --json. */
  readonly text: readonly string[];
  /** Standard output with --json, as one document; `ok` is added from the exit code. Null: all was printed already. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

export function report(text: readonly string[], json: Readonly<Record<string, unknown>>, exit: ExitCode = EXIT.ok): Report {
  return { exit, text, json };
}

/** The end of a command that printed as it went. */
export function printed(exit: ExitCode): Report {
  return { exit, text: [], json: null };
}
