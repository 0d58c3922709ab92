// The loop behind `health --watch`: reads the store again and again and shows the table when it changes. A store that fails keeps the
// last table on show. Time, reading and writing come in; it ends by itself after a while, or when it is interrupted.

import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import { isFailure } from "../output/failure.ts";
import { createScreen, type ScreenInput } from "./screen.ts";
import type { HealthRead } from "./view.ts";
import { watchedExit, type StoreProblem, type Watched } from "./watched.ts";

export interface Watch extends ScreenInput {
  /** Null: until it is interrupted. */
  readonly forMs: number | null;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Ends early, and well, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  read(): Promise<HealthRead>;
}

/** A read that takes longer is called a problem, and waited for all the same. */
const SLOW_READ_MS = 10_000;

const SLOW: StoreProblem = { what: "the store does not answer", why: `a read takes more than ${SLOW_READ_MS / 1000} s`, exit: EXIT.failed };

type Answer = { readonly read: HealthRead } | { readonly problem: StoreProblem };

/** @returns What `health` would end with at that moment; 0 when it was interrupted. */
export async function watchHealth(watch: Watch): Promise<ExitCode> {
  const endsAtMs = watch.forMs === null ? Number.POSITIVE_INFINITY : watch.nowMs() + watch.forMs;
  const show = createScreen(watch);
  let watched: Watched = { read: null, readAtMs: 0, problem: null };
  let reading: Promise<Answer> | null = null;
  for (;;) {
    reading ??= settled(watch.read());
    const answer: Answer | null = await soon(reading, watch);
    if (watch.interrupted.aborted) return EXIT.ok;
    if (answer !== null) reading = null;
    watched = after(watched, answer, watch.nowMs());
    show(watched);
    if (watch.nowMs() >= endsAtMs) return watchedExit(watched, watch.nowMs());
    // A read that is still under way goes on instead of a pause.
    if (answer !== null) await watch.sleep(Math.min(watch.everyMs, endsAtMs - watch.nowMs()), watch.interrupted);
    if (watch.interrupted.aborted) return EXIT.ok;
  }
}

function after(watched: Watched, answer: Answer | null, nowMs: number): Watched {
  if (answer === null) return { ...watched, problem: SLOW };
  return "read" in answer ? { read: answer.read, readAtMs: nowMs, problem: null } : { ...watched, problem: answer.problem };
}

/** An expected failure as a value; anything else is a bug and ends the command. */
async function settled(work: Promise<HealthRead>): Promise<Answer> {
  try {
    return { read: await work };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { problem: { what: error.parts.what, why: error.parts.why ?? "", exit: error.exit } };
  }
}

/** The answer, or null when it is slow or the command is interrupted. */
async function soon(reading: Promise<Answer>, watch: Watch): Promise<Answer | null> {
  const answered = new AbortController();
  try {
    const signal = AbortSignal.any([answered.signal, watch.interrupted]);
    return await Promise.race([reading, watch.sleep(SLOW_READ_MS, signal).then(() => null)]);
  } finally {
    answered.abort();
  }
}
