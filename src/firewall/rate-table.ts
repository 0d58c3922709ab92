// What one counter object knows: the windows of its keys, and which keys are out until when. Bounded; the keys longest without a change
// go first. Plain data and no I/O: `platform/rate-counter.ts` keeps it in its storage. All keys of a table are of one limit.

import { RATE_COUNTER_KEYS_MAX } from "../limits.ts";
import type { RateRequest, RateVerdict } from "../ports.ts";
import { addTo, countIn, partMs, waitUntil, windowOverAtMs, type RateWindow } from "./rate-window.ts";

export type RateQuestion = Pick<RateRequest, "does" | "key" | "requests" | "periodSeconds" | "blockSeconds">;

/** As it is stored. */
export interface RateRecord {
  readonly key: string;
  readonly window: RateWindow;
  /** Milliseconds since the epoch; 0 when it is not out. */
  readonly outUntilMs: number;
}

export interface RateTable {
  ask(question: RateQuestion, nowMs: number): RateAnswer;
  /** What is not over. */
  records(periodSeconds: number, nowMs: number): readonly RateRecord[];
  restore(records: readonly RateRecord[]): void;
}

export interface RateAnswer {
  readonly verdict: RateVerdict;
  /** Something is known now that was not before. */
  readonly changed: boolean;
}

export function createRateTable(): RateTable {
  /** Both in the order of the last change. */
  const windows = new Map<string, RateWindow>();
  const outs = new Map<string, number>();
  return {
    ask(question, nowMs) {
      dropOver(windows, (window) => windowOverAtMs(window, partMs(question.periodSeconds)) <= nowMs);
      dropOver(outs, (untilMs) => untilMs <= nowMs);
      const answer = answerTo(question, { window: windows.get(question.key) ?? [], outUntilMs: outs.get(question.key) ?? 0, nowMs });
      if (answer.window !== null) remember(windows, question.key, answer.window);
      if (answer.outUntilMs !== null) remember(outs, question.key, answer.outUntilMs);
      return { verdict: answer.verdict, changed: answer.window !== null || answer.outUntilMs !== null };
    },
    records(periodSeconds, nowMs) {
      dropOver(windows, (window) => windowOverAtMs(window, partMs(periodSeconds)) <= nowMs);
      dropOver(outs, (untilMs) => untilMs <= nowMs);
      const keys = new Set([...windows.keys(), ...outs.keys()]);
      return Array.from(keys, (key) => ({ key, window: windows.get(key) ?? [], outUntilMs: outs.get(key) ?? 0 }));
    },
    restore(records) {
      const byAge = records.toSorted((left, right) => (left.window.at(-2) ?? 0) - (right.window.at(-2) ?? 0));
      for (const { key, window } of byAge) if (window.length > 0) remember(windows, key, window);
      for (const { key, outUntilMs } of records.toSorted((left, right) => left.outUntilMs - right.outUntilMs))
        if (outUntilMs > 0) remember(outs, key, outUntilMs);
    },
  };
}

interface Known {
  readonly window: RateWindow;
  readonly outUntilMs: number;
  readonly nowMs: number;
}

interface Changes {
  readonly verdict: RateVerdict;
  /** Null is no change. */
  readonly window: RateWindow | null;
  readonly outUntilMs: number | null;
}

function answerTo(question: RateQuestion, { window, outUntilMs, nowMs }: Known): Changes {
  const { does, requests, blockSeconds } = question;
  const ms = partMs(question.periodSeconds);
  if (does !== "count") {
    if (outUntilMs > nowMs) return { verdict: limited(outUntilMs - nowMs), window: null, outUntilMs: null };
    if (countIn(window, ms, nowMs) >= requests) {
      const waitMs = Math.max(waitUntil(window, requests - 1, ms, nowMs), (blockSeconds ?? 0) * 1000);
      // What was refused is not counted: who goes on asking is not kept out by that alone.
      return { verdict: limited(waitMs), window: null, outUntilMs: blockSeconds === null ? null : nowMs + waitMs };
    }
  }
  if (does !== "check") addTo(window, ms, nowMs);
  const count = countIn(window, ms, nowMs);
  const verdict = { limited: false, remaining: Math.max(0, requests - count), waitMs: waitUntil(window, count - 1, ms, nowMs) };
  return { verdict, window: does === "check" ? null : window, outUntilMs: null };
}

function limited(waitMs: number): RateVerdict {
  return { limited: true, remaining: 0, waitMs };
}

/** Makes it the newest; the oldest goes when there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= RATE_COUNTER_KEYS_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

/** From the oldest on, as far as they are over: each is looked at once more than it is kept. */
function dropOver<T>(map: Map<string, T>, isOver: (value: T) => boolean): void {
  for (const [key, value] of map) {
    if (!isOver(value)) return;
    map.delete(key);
  }
}
