// From the text of a user's config to a snapshot, or to everything that is wrong with it. Runs in Node only: the command
// line, `npm start` and the tests call it, the Worker never loads it. Reads no files itself: they are handed in.

import type { Diagnostic } from "./diagnostic.ts";
import type { NormalConfig } from "./normalize.ts";
import type { Snapshot } from "./snapshot.ts";

export interface BuildInput {
  /** The main file's name among `files`, shown in diagnostics. */
  readonly entry: string;
  /** Texts by relative path as written in the config: the main file, list files, error pages. */
  readonly files: Readonly<Record<string, string>>;
  /** local: origins on localhost are fine. */
  readonly mode: "production" | "local";
}

export interface BuildOutput {
  /** Sorted by position. */
  readonly diagnostics: readonly Diagnostic[];
  /** Null when there is an error. */
  readonly snapshot: Snapshot | null;
  /** The config in its long form, every default filled; null when the file does not fit the schema. */
  readonly config: NormalConfig | null;
}
