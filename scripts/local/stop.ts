// Stopping in order: one way out for Ctrl-C, a signal, and the disappearance of the parent. Used by start.ts and serve.ts.

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** After this long what still runs is left to the watchdog. */
const STOP_MS_MAX = 5_000;

/**
 * Calls `stop` once, whatever ends this process first, and then exits with code 0. Takes over the signals from Miniflare, whose
 * own handlers exit at once; call it after the Worker has started.
 */
export function stopOnSignals(stop: () => Promise<void>): void {
  let stopping = false;
  const end = (): void => {
    // A terminal sends Ctrl-C to every process of the group and npm passes it on: the second one is not impatience.
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, end);
  }
  // The bootstrap holds a channel to this process; it closes when the bootstrap is killed.
  process.once("disconnect", end);
}
