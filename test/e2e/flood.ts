// A server that sends without end: what it can get rid of shows how much somebody read.

import type { Writable } from "node:stream";

export interface Flood {
  /** Handed over so far; some megabytes of it may be in buffers on the way. */
  bytes: number;
  /** The other side closed the connection. */
  closed: boolean;
}

const CHUNK = Buffer.alloc(65_536, "x");

/** Writes for as long as anybody takes it. */
export function flood(to: Writable): Flood {
  const seen: Flood = { bytes: 0, closed: false };
  const more = (): void => {
    do seen.bytes += CHUNK.length;
    while (!seen.closed && to.write(CHUNK));
    if (!seen.closed) to.once("drain", more);
  };
  for (const event of ["close", "error"]) to.on(event, () => (seen.closed = true));
  more();
  return seen;
}
