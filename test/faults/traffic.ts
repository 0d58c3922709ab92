// The requests of a row: which path and method the nth one has, and when it starts. Pure. The load sends them, the origins answer
// by the path alone.

/** half-stored: every other request is for one of a few pages that are stored and stale from the start. */
export type Traffic = "small" | "20-kilobyte" | "2-megabyte" | "half-stored" | "post" | "post-with-key";

export interface Planned {
  /** Unique in the whole run; origins note it, so that executions are counted by it. */
  readonly id: string;
  readonly method: "GET" | "POST";
  /** `/fresh/BYTES/ID`, `/stored/BYTES/PAGE` or `/orders/BYTES/ID`. */
  readonly path: string;
  /** Of the whole body. */
  readonly bytes: number;
  readonly stored: boolean;
  readonly hasKey: boolean;
}

/** Names the request to the origins. Proxies pass it on like any header that they do not know. */
export const ID_HEADER = "x-fault-id";

const SMALL_BYTES = 1024;

/** Few enough to be asked for before a fault, and again and again during it. */
const STORED_PAGES = 25;

/** `run` is a name that no other measurement has. */
export function planned(traffic: Traffic, run: string, number: number): Planned {
  const id = `${run}-${number}`;
  const get = (bytes: number): Planned => ({ id, method: "GET", path: `/fresh/${bytes}/${id}`, bytes, stored: false, hasKey: false });
  switch (traffic) {
    case "small":
      return get(SMALL_BYTES);
    case "20-kilobyte":
      return get(20 * 1024);
    case "2-megabyte":
      return get(2 * 1024 * 1024);
    case "half-stored":
      return number % 2 === 1 ? get(SMALL_BYTES) : { ...get(SMALL_BYTES), path: storedPath(run, number / 2), stored: true };
    case "post":
    case "post-with-key":
      return { ...get(SMALL_BYTES), method: "POST", path: `/orders/${SMALL_BYTES}/${id}`, hasKey: traffic === "post-with-key" };
  }
}

/** All pages of a run that are stored; none where the traffic has none. */
export function storedPaths(traffic: Traffic, run: string): readonly string[] {
  return traffic === "half-stored" ? Array.from({ length: STORED_PAGES }, (_, number) => storedPath(run, number)) : [];
}

function storedPath(run: string, number: number): string {
  return `/stored/${SMALL_BYTES}/${run}-${number % STORED_PAGES}`;
}

/** Milliseconds after the start at which the nth request starts, whether or not the ones before have ended. */
export function startOf(number: number, perSecond: number): number {
  return (number * 1000) / perSecond;
}

/** How many requests have started by then. */
export function startedBy(elapsedMs: number, perSecond: number): number {
  return elapsedMs < 0 ? 0 : Math.floor((elapsedMs * perSecond) / 1000) + 1;
}
