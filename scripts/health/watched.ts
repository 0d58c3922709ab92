// What a watch knows at a moment: the last good read of the store, and what is wrong with the store since. Pure.

import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import { healthExit, healthView, type HealthRead } from "./view.ts";

export interface Watched {
  /** The last good read; null before the first. */
  readonly read: HealthRead | null;
  readonly readAtMs: number;
  readonly problem: StoreProblem | null;
}

export interface StoreProblem {
  readonly what: string;
  readonly why: string;
  readonly exit: ExitCode;
}

/** What `health` would end with now. */
export function watchedExit({ read, problem }: Watched, nowMs: number): ExitCode {
  if (problem !== null) return problem.exit;
  return read === null ? EXIT.failed : healthExit(healthView(read, nowMs));
}
