// What the two parsers of regular expressions share: the pattern, the place where reading stands, the flags in force, and the one
// way to give up.

/** A problem at an offset into the pattern. */
export interface RegexProblem {
  readonly at: number;
  readonly message: string;
}

export interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
  readonly verbose: boolean;
}

/** What the class parser shares with this one: the pattern and where reading stands. */
export interface Reader {
  readonly text: string;
  at: number;
  flags: Flags;
  groups: number;
  depth: number;
}

/** Ends the parsing with a problem. */
export function refuse(at: number, message: string): never {
  const refusal = { regexProblem: { at, message } };
  throw refusal;
}

/** Whether something thrown came from `refuse`. */
export function isRefusal(error: unknown): error is { readonly regexProblem: RegexProblem } {
  return typeof error === "object" && error !== null && "regexProblem" in error;
}

/** In verbose mode white space and comments mean nothing. */
export function skipVerbose(reader: Reader): void {
  if (!reader.flags.verbose) return;
  const space = /(?:[\t\n\v\f\r ]|#[^\n]*(?:\n|$))*/y;
  space.lastIndex = reader.at;
  reader.at += space.exec(reader.text)?.[0].length ?? 0;
}
