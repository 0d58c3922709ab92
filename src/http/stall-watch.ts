// One side of a stream is waited for, again and again: says when one wait takes too long. Used for origins that send nothing and for
// visitors who take nothing.

/** The Clock port, as far as it is needed. */
interface StallClock {
  nowMs(): number;
}

export interface StallWatch {
  /** A wait begins. */
  waiting(): void;
  /** It is over. */
  received(): void;
  stalled(): boolean;
  stop(): void;
}

/** One timer that looks at the last wait, not one timer per chunk: a large body has many thousand chunks. */
export function startStallWatch({ ms, clock }: { readonly ms: number; readonly clock: StallClock }, onStall: () => void): StallWatch {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let sinceMs: number | null = null;
  let stalled = false;
  const check = (): void => {
    timer = null;
    if (sinceMs === null) return;
    const leftMs = ms - (clock.nowMs() - sinceMs);
    if (leftMs > 0) {
      timer = setTimeout(check, leftMs);
      return;
    }
    stalled = true;
    onStall();
  };
  const waiting = (): void => {
    sinceMs = clock.nowMs();
    timer ??= setTimeout(check, ms);
  };
  const stop = (): void => {
    sinceMs = null;
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return { waiting, received: () => void (sinceMs = null), stalled: () => stalled, stop };
}
