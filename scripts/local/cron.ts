// The clock of cron triggers on this machine: Cloudflare's calls the Worker each minute, workerd's never does, so whoever starts
// the Worker does it. A run that takes longer than the interval is not overlapped.

import type { LocalWorker } from "./worker.ts";

/**
 * Runs the cron handler at once and then `intervalMs` after each run has ended.
 *
 * @param onError called with what a failed run threw; the next run comes all the same.
 * @returns a function that stops it.
 */
export function startCron(worker: LocalWorker, intervalMs: number, onError: (error: unknown) => void): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const run = async (): Promise<void> => {
    await worker.runCron().catch((error: unknown) => {
      if (!stopped) onError(error);
    });
    if (!stopped) timer = setTimeout(() => void run(), intervalMs).unref();
  };
  void run();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
