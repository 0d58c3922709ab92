// Retry-After (RFC 9110 10.2.3): seconds, or a date. What an origin in trouble asks for sets how long its circuit stays open.

import type { Circuit } from "./circuit.ts";

/** Milliseconds from now; null when absent or unreadable. A date in the past is 0. */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined || value === "") return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  // Every date form of HTTP begins with the name of a day; anything else that Date would guess at is not one.
  const atMs = /^(mon|tue|wed|thu|fri|sat|sun)/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** What we say ourselves: whole seconds until the next open circuit is tried again, 1 at least; null when none is open. */
export function nextTrySeconds(circuits: readonly Circuit[], nowMs: number): number | null {
  const untilMs = circuits.filter(({ state }) => state === "open").map(({ openUntilMs }) => openUntilMs);
  return untilMs.length === 0 ? null : Math.max(1, Math.ceil((Math.min(...untilMs) - nowMs) / 1000));
}
