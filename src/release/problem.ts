// What can go wrong while an isolate gets its state, as a closed union: shown by the admin API's status and in the log. None
// of these ever reaches a visitor while there is a last good state.

export type StateProblemReason =
  /** KV answered with an error, or not in time. */
  | "store-failed"
  | "store-timeout"
  /** The key is not there, though it was before, or must be. */
  | "missing"
  /** The document was refused by its parser. */
  | "too-large"
  | "not-json"
  | "unknown-format"
  | "bad-field"
  /** An older version than the one held: KV's reads can go backwards. */
  | "went-backwards"
  /** The release that the pointer names is not there (yet). */
  | "release-missing"
  /** Its bytes do not have the hash that names it. */
  | "release-corrupt"
  /** The right bytes, but of another format, or they do not load. */
  | "release-unreadable"
  /** The same of a list that a rule looks into. */
  | "list-missing"
  | "list-corrupt"
  | "list-unreadable";

export interface StateProblem {
  readonly reason: StateProblemReason;
  /** One sentence for the operator. Never a secret, never an origin's address. */
  readonly message: string;
  readonly atMs: number;
}

/** The text of a thrown value, for a problem's message. */
export function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
