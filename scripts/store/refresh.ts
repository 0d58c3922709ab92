// After an edit: asks the Worker to read KV again past its copies, and waits until it shows the edit. Bounded; what could not be
// confirmed is told, never assumed.

import { isFailure } from "../output/failure.ts";
import { isGap, type AdminApi, type AdminGap } from "./worker.ts";
import { field } from "./rest.ts";
import type { Target } from "./target.ts";

export type Refreshed =
  /** The Worker that answered has the edit. */
  | { readonly kind: "confirmed" }
  /** Nobody was asked: there is no address or no token. */
  | { readonly kind: "skipped"; readonly fix: string }
  /** The Worker has read the edit and keeps what it had. */
  | { readonly kind: "rejected"; readonly why: string }
  | { readonly kind: "timeout"; readonly why: string };

export interface RefreshInput {
  readonly api: AdminApi | AdminGap;
  /** Whether a status shows the edit. */
  readonly shows: (status: unknown) => boolean;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

const WAIT_MS_MAX = 10_000;
const PAUSE_MS = 100;

/**
 * By when an edit is everywhere: 60 s until KV shows it in another place, 30 s in KV's own cache there, 30 s in the data centre's
 * copy, 10 s until an isolate looks (docs/kv-schema.md).
 */
export const EVERYWHERE_MS = { local: 2_000, remote: 130_000 } as const satisfies Record<Target["kind"], number>;

export async function refreshWorker(input: RefreshInput): Promise<Refreshed> {
  const { api } = input;
  if (isGap(api)) return { kind: "skipped", fix: api.fix };
  const until = input.nowMs() + WAIT_MS_MAX;
  let why: string;
  do {
    try {
      const status = await api.call("POST", "/_breakwater/refresh");
      if (input.shows(status)) return { kind: "confirmed" };
      const rejected = field(field(field(status, "problems"), "release"), "message");
      if (typeof rejected === "string" && wantsOther(status)) return { kind: "rejected", why: rejected };
      const number = field(status, "number");
      why = `it still shows ${typeof number === "number" ? `release ${number}` : "no release"}`;
    } catch (error) {
      if (!isFailure(error)) throw error;
      why = error.parts.why ?? error.parts.what;
      if (input.nowMs() >= until || why.includes("404")) break;
    }
    await input.sleep(PAUSE_MS);
  } while (input.nowMs() < until);
  return { kind: "timeout", why };
}

function wantsOther(status: unknown): boolean {
  return field(status, "wanted") !== field(status, "release");
}

/** True for a status that serves this publication, or a later one. */
export function showsRelease(number: number, release: string): (status: unknown) => boolean {
  return (status) => {
    const shown = field(status, "number");
    if (typeof shown !== "number" || shown < number) return false;
    return shown > number || field(status, "release") === release;
  };
}

/** True for a status that has read this version of the overrides, or a later one. */
export function showsOverrides(version: number): (status: unknown) => boolean {
  return (status) => {
    const shown = field(field(field(status, "documents"), "overrides"), "version");
    return typeof shown === "number" && shown >= version;
  };
}
