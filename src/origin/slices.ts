// Counts over a sliding window, in ten slices that fall out one by one. Pure. Used by circuits and retry budgets; a slice that
// left the window is neither counted nor kept.

/** Two counters; what they mean is the user's business (success and failure, requests and retries). */
export interface Slice {
  readonly startMs: number;
  readonly good: number;
  readonly bad: number;
}

export interface Window {
  readonly nowMs: number;
  readonly windowMs: number;
}

const SLICES = 10;

/** Adds to the slice of `nowMs`, drops what is out of the window. A clock that went backwards adds to the latest slice. */
export function addToSlices(
  slices: readonly Slice[],
  add: { readonly good?: number; readonly bad?: number },
  window: Window,
): readonly Slice[] {
  const widthMs = window.windowMs / SLICES;
  const good = add.good ?? 0;
  const bad = add.bad ?? 0;
  const last = slices.at(-1);
  if (last !== undefined && window.nowMs < last.startMs + widthMs) {
    return [...slices.slice(0, -1), { startMs: last.startMs, good: last.good + good, bad: last.bad + bad }];
  }
  return [...slices.filter((slice) => inWindow(slice, window)), { startMs: window.nowMs, good, bad }];
}

export function sumSlices(slices: readonly Slice[], window: Window): { readonly good: number; readonly bad: number } {
  let good = 0;
  let bad = 0;
  for (const slice of slices) {
    if (!inWindow(slice, window)) continue;
    good += slice.good;
    bad += slice.bad;
  }
  return { good, bad };
}

function inWindow(slice: Slice, { nowMs, windowMs }: Window): boolean {
  return slice.startMs > nowMs - windowMs;
}
