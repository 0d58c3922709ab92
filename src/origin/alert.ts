// What a webhook is told of changes of the origins' health: which changes are still to be told, and the text of one event. Pure.
// It names origins as `pool/id`, never their addresses. Sent by alert-send.ts, in a run of the checks or as a test.

import { ALERT_KEPT_MS_MAX, ALERT_TRANSITIONS_MAX } from "../limits.ts";
import type { Ruleset } from "../ruleset.ts";
import { originKey } from "./health.ts";
import type { HealthDocument, Transition } from "./health.ts";
import { hexOf, utf8 } from "../hmac.ts";

/** Raised on a change that a receiver could misread. */
export const ALERT_FORMAT = 1;

/** The body of one POST. */
export interface AlertEvent {
  readonly format: typeof ALERT_FORMAT;
  /** Follows from the changes: the same ones are the same event. */
  readonly id: string;
  /** Sent at an operator's request; nothing has happened. */
  readonly test: boolean;
  /** The same for people, one line for each change. */
  readonly text: string;
  /** Hash of the release in force. */
  readonly release: string;
  /** Data centre of the checks, or `unknown`. */
  readonly region: string;
  readonly atMs: number;
  /** The oldest first. */
  readonly transitions: readonly Transition[];
  /** Checked pools in which no origin is up. */
  readonly poolsDown: readonly string[];
}

/** Old and new changes that are to be told, each once, the oldest first. */
export function pendingTransitions(kept: readonly Transition[], found: readonly Transition[], nowMs: number): readonly Transition[] {
  const byId = new Map([...kept, ...found].map((transition) => [transition.id, transition]));
  return [...byId.values()].filter(({ sinceMs }) => nowMs - sinceMs < ALERT_KEPT_MS_MAX).toSorted((a, b) => a.sinceMs - b.sinceMs);
}

/** What of them waits for the next run. */
export function keptTransitions(pending: readonly Transition[]): readonly Transition[] {
  return pending.slice(-ALERT_TRANSITIONS_MAX);
}

export interface AlertInput {
  readonly ruleset: Pick<Ruleset, "release" | "pools">;
  readonly document: HealthDocument;
  readonly transitions: readonly Transition[];
}

export async function alertEvent({ ruleset, document, transitions }: AlertInput): Promise<AlertEvent> {
  const ids = transitions.map(({ id }) => id).toSorted();
  const poolsDown = poolsWithoutOrigin(ruleset.pools, document);
  const lines = [...transitions.map(lineOf), ...poolsDown.map((pool) => `${pool}: no origin is up`)];
  return {
    format: ALERT_FORMAT,
    id: hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(ids.join("\n"))))).slice(0, 32),
    test: false,
    text: lines.join("\n"),
    release: ruleset.release,
    region: document.region,
    atMs: document.asOfMs,
    transitions,
    poolsDown,
  };
}

/** An event with all fields and no change, to prove secret, network and receiver. */
export function testEvent(input: {
  readonly id: string;
  readonly release: string;
  readonly region: string;
  readonly nowMs: number;
}): AlertEvent {
  const { id, release, region, nowMs } = input;
  const text = "A test from Breakwater: nothing has happened.";
  return { format: ALERT_FORMAT, id, test: true, text, release, region, atMs: nowMs, transitions: [], poolsDown: [] };
}

function poolsWithoutOrigin(pools: Ruleset["pools"], { origins }: HealthDocument): readonly string[] {
  return [...pools.values()]
    .filter(({ health }) => health !== null)
    .filter((pool) => pool.origins.every(({ id }) => origins[originKey(pool.name, id)]?.state === "down"))
    .map(({ name }) => name);
}

function lineOf({ origin, to, detail, previousMs, from }: Transition): string {
  const before = previousMs === null ? "" : ` after ${Math.round(previousMs / 1000)} s ${from}`;
  return `${origin} is ${to}${before}: ${detail}`;
}
