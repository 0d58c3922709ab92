// What is put in front of the origins and measured.

import type { Processes } from "./processes.ts";
import type { Row } from "./rows.ts";

export interface Subject {
  readonly name: string;
  /** Starts it for one row; resolves when it answers. */
  start(row: Row): Promise<Running>;
}

export interface Running {
  /** Without a trailing slash. */
  readonly url: string;
  /** Lines of its access log so far; empty for those whose log is not kept. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** What subjects need of the run. */
export interface World {
  /** Of the origins. */
  readonly ports: readonly number[];
  readonly processes: Processes;
  /** For everything that is written. */
  readonly folder: string;
  /** Takes the signals back from whoever has taken them over. */
  takeSignals(): void;
  /** Has `end` called when the run ends early. Returns it as a function that does so now, and only once. */
  whenEnding(end: () => Promise<void>): () => Promise<void>;
}
