// What a run needs and leaves nothing of: a folder, processes, and one way out for the end, for errors and for signals.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createProcesses } from "./processes.ts";
import type { World } from "./subject.ts";

/** As a shell counts an end by SIGINT. */
const INTERRUPTED = 130;

/** Everything that has to be undone, and is, also when a signal ends the run. */
export async function createWorld(): Promise<{ readonly world: World; readonly end: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-faults-"));
  const processes = createProcesses();
  const ends = new Set<() => Promise<void>>();
  const undo = async (): Promise<void> => {
    await Promise.all([...ends].map((one) => one()));
    await processes.end();
    await rm(folder, { recursive: true, force: true });
  };
  // Ctrl-C comes from the terminal and again from npm, and what it ends is an error to the rows.
  let undone: Promise<void> | null = null;
  const end = (): Promise<void> => (undone ??= undo());
  const whenEnding: World["whenEnding"] = (one) => {
    const once = async (): Promise<void> => {
      if (ends.delete(once)) await one();
    };
    ends.add(once);
    return once;
  };
  const takeSignals = (): void => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      // Miniflare's own handlers exit at once, with everything else still running.
      process.removeAllListeners(signal);
      process.on(signal, () => void end().finally(() => process.exit(INTERRUPTED)));
    }
  };
  takeSignals();
  return { world: { ports: [], processes, folder, takeSignals, whenEnding }, end };
}
