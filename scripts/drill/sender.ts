// Signs and sends drilled requests. A Worker that does not take them is told at the first one, since its answers would look as if
// every fault were survived.

import type { Fault } from "../../src/drill/faults.ts";
import { signDrill } from "../../src/drill/signature.ts";
import { failure, type Failure } from "../output/failure.ts";
import { probe, type Seen } from "./probe.ts";

export interface Sender {
  /** @throws a CLI failure when the Worker answers as if there were no drill. */
  send(url: string, faults: readonly Fault[]): Promise<Seen>;
}

export interface SenderInput {
  readonly key: string;
  /** Address of the Worker on this machine; null sends to each URL's own host. */
  readonly via: string | null;
  readonly nowMs: () => number;
}

/** A header is for one request. */
const VALID_MS = 60_000;

export function createSender({ key, via, nowMs }: SenderInput): Sender {
  return {
    async send(url, faults) {
      if (via === null) requireSafe(url);
      const header = await signDrill({ faults, untilMs: nowMs() + VALID_MS }, key);
      const seen = await probe({ url, via, header }, nowMs);
      if (seen.status !== null && seen.faults === null) throw notTaken(via ?? new URL(url).origin);
      return seen;
    },
  };
}

/** Whoever reads the header can send drilled requests for a minute. */
function requireSafe(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return;
  throw failure({
    what: `${url} was not asked`,
    why: "the signed header would cross the network unencrypted",
    fix: "use https, with --url https://...",
  });
}

function notTaken(worker: string): Failure {
  return failure({
    what: `the Worker at ${worker} did not take the drill`,
    why: "its answer does not show one: its secret SIGNING_KEY is missing or another one, its clock is far from this machine's, or it is older than this command",
    fix: "set BREAKWATER_SIGNING_KEY to the value given to: npx wrangler secret put SIGNING_KEY",
  });
}
