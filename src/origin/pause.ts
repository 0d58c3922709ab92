// Waiting, for whoever is not handed another sleep by a test. Ends at once when its signal fires, and never fails.

import type { Sleep } from "./check.ts";

export const pause: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
