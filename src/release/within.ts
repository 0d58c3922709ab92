// Waiting with an end. The waiting request has its own timer, so it is answered even when the work belongs to another request
// that went away and will never settle.

/** The work's value, or null when it took longer. Rejects when the work does. The work itself goes on. */
export async function within<T>(work: Promise<T>, waitMs: number): Promise<{ readonly value: T } | null> {
  let stop = (): void => {};
  const expiry = new Promise<null>((resolve) => {
    const timer = setTimeout(() => resolve(null), waitMs);
    stop = () => clearTimeout(timer);
  });
  try {
    return await Promise.race([work.then((value) => ({ value })), expiry]);
  } finally {
    stop();
  }
}
