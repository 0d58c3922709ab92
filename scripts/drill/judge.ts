// What a drill shows: from where a visitor would get an answer, and whether that is as it should be when there is another server that
// could have given it. Pure.

import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import { faultsFor } from "../../src/drill/fetcher.ts";
import type { Fault } from "../../src/drill/faults.ts";
import { originKey } from "../../src/origin/health.ts";
import type { Seen } from "./probe.ts";
import type { Subject } from "./subjects.ts";

/** ok: visitors notice nothing. alone: they do, and no other server is configured. failed: they do, though there is one. */
export type Verdict = "ok" | "alone" | "failed";

/** By what the visitor was answered. */
export type AnsweredBy =
  | { readonly kind: "origin"; readonly origin: string }
  | { readonly kind: "stored" | "stale" | "failure-redirect" | "failure-page" | "error-page" | "edge" | "nothing" };

/** @param before - The same request without faults. */
export function judge(seen: Seen, before: Seen, hasOther: boolean): Verdict {
  // A server that does not have what the others have is no help: 404 in place of 200 is a failure.
  const isSame = seen.status === before.status || (seen.status !== null && seen.status < 400);
  const good = seen.broken === null && !isFallenThrough(seen) && isSame;
  return good ? "ok" : hasOther ? "failed" : "alone";
}

/** An answer that a drill can be compared with. */
export function isGood(seen: Seen): boolean {
  return seen.status !== null && seen.status < 500 && seen.broken === null && !isFallenThrough(seen);
}

/** Past every origin and every stored answer. */
function isFallenThrough({ ladder }: Seen): boolean {
  return ladder.some((step) => step.startsWith("failure:") || step === "error:page" || step === "origin:answer");
}

export function answeredBy({ status, attempts, ladder, cache }: Seen): AnsweredBy {
  if (status === null) return { kind: "nothing" };
  if (ladder.includes("failure:redirect")) return { kind: "failure-redirect" };
  if (ladder.includes("failure:page")) return { kind: "failure-page" };
  if (ladder.includes("error:page")) return { kind: "error-page" };
  if (ladder.includes("stale:served")) return { kind: "stale" };
  const answered = attempts.findLast((attempt) => attempt.endsWith(` ${status}`)) ?? attempts.at(-1);
  if (answered !== undefined) return { kind: "origin", origin: answered.replace(/ .*$/, "") };
  return { kind: cache === null || cache === "NONE" ? "edge" : cache === "STALE" || cache === "UPDATING" ? "stale" : "stored" };
}

/** Whether a server is left that the request may come to: the same server under two names is one. */
export function hasOtherServer({ chains }: Subject, faults: readonly Fault[]): boolean {
  return chains.some((chain) => {
    const servers = chain.flatMap((pool) =>
      pool.origins.map((origin) => ({ server: origin.base + origin.basePath, hit: isHit(pool, origin.id, faults) })),
    );
    const lost = new Set(servers.filter(({ hit }) => hit).map(({ server }) => server));
    return lost.size > 0 && servers.some(({ server }) => !lost.has(server));
  });
}

function isHit(pool: PoolSnapshot, id: string, faults: readonly Fault[]): boolean {
  const { isDown, slowMs, status, breaksOff } = faultsFor(originKey(pool.name, id), faults);
  return isDown || slowMs > 0 || status !== null || breaksOff;
}
