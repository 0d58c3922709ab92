// The fault table: what happens to which origins under which requests, and what has to hold. Data only; measure.ts runs it.

import type { Bound, Goal } from "./goals.ts";
import type { Behaviour } from "./origin.ts";
import type { Traffic } from "./traffic.ts";

/** What happens to the origin processes. Killed ones start again on their ports when the fault ends. */
export type Happening = "SIGKILL" | "SIGSTOP" | Behaviour | null;

/** kv-dead: a cold Worker that cannot reach KV. wrong-down: KV says of the first origin that it is down, and no cron corrects it. */
export type Setting = "usual" | "kv-dead" | "wrong-down";

export interface Row {
  /** For --only. */
  readonly name: string;
  readonly title: string;
  readonly traffic: Traffic;
  readonly happening: Happening;
  readonly origins: "first" | "all";
  readonly setting: Setting;
  /** Only Breakwater has what the row is about. */
  readonly alone: boolean;
  /** Also part of the short form. */
  readonly short: boolean;
  /** Of the usual rate. */
  readonly rateShare: number;
  /** The fault lasts so long at least; null as long as in other rows. */
  readonly faultMsMin: number | null;
  /** After the fault, wait until this holds or until the bound on it is over. */
  readonly awaits: "return" | "use" | null;
  readonly goal: Goal;
}

const NONE_FAIL: Goal = [
  { figure: "failed", atMost: 0, says: "0 failed" },
  { figure: "failedOutside", atMost: 0, says: "0 before and after" },
];

/** How long the checks' wrong word may keep an origin out, and a returned origin may wait for its traffic. */
export const IN_USE_MS_MAX = 210_000;
export const BACK_MS_MAX = 10_000;

const USUAL = {
  traffic: "small",
  origins: "first",
  setting: "usual",
  alone: false,
  short: true,
  rateShare: 1,
  faultMsMin: null,
  awaits: null,
  goal: NONE_FAIL,
} satisfies Partial<Row>;

/** A SIGKILL at the worst moment: one order is carried out and not answered. At a low rate no others are under way with it. */
const DIES = { kind: "die" } satisfies Behaviour;

/** Otherwise the row shows nothing: its origin lives until an order reaches it. */
const DIES_OF_ORDER: Bound = { figure: "faulty", atLeast: 1, says: "the origin died of an order" };

const NONE_BROKEN: Goal = [...NONE_FAIL, within("broken", 0, "0 broken")];

export const ROWS: readonly Row[] = [
  {
    ...USUAL,
    name: "sigkill",
    title: "SIGKILL",
    happening: "SIGKILL",
    goal: [...NONE_FAIL, { figure: "p99Ms", atMost: 30, above: "p99BeforeMs", says: "p99 at most 30 ms above the time before" }],
  },
  {
    ...USUAL,
    name: "sigstop",
    title: "SIGSTOP (frozen)",
    happening: "SIGSTOP",
    goal: [...NONE_FAIL, within("maxMs", 500, "none over 0.5 s"), within("p99Ms", 150, "p99 at most 150 ms")],
  },
  { ...USUAL, name: "all-500", title: "all 500", happening: { kind: "status", status: 500, share: 1 } },
  { ...USUAL, name: "half-500", title: "half 500", happening: { kind: "status", status: 500, share: 0.5 }, short: false },
  {
    ...USUAL,
    name: "slow",
    title: "slow, 2.5 s",
    happening: { kind: "slow", ms: 2500 },
    goal: [...NONE_FAIL, within("p99Ms", 200, "p99 at most 200 ms")],
  },
  { ...USUAL, name: "rst", title: "RST on each request", happening: { kind: "reset" } },
  {
    ...USUAL,
    name: "cut-small",
    title: "dies in mid-body, 20 KB",
    traffic: "20-kilobyte",
    happening: { kind: "cut", at: "half" },
    goal: NONE_BROKEN,
  },
  {
    ...USUAL,
    name: "cut-large",
    title: "dies in mid-body, 2 MB",
    traffic: "2-megabyte",
    happening: { kind: "cut", at: "random" },
    rateShare: 0.1,
    goal: NONE_BROKEN,
  },
  { ...USUAL, name: "flap", title: "flaps every 300 ms", happening: { kind: "flap", everyMs: 300 }, short: false },
  {
    ...USUAL,
    name: "all-503",
    title: "all three 503",
    traffic: "half-stored",
    happening: { kind: "status", status: 503, share: 1, retryAfterSeconds: 5 },
    origins: "all",
    // The first answers are tried elsewhere until it is known that all fail alike: what counts is what follows.
    faultMsMin: 3000,
    goal: [
      within("load", 1.1, "origin load at most 1.10x"),
      within("withoutRetryAfter", 0, "Retry-After passed on"),
      within("storedFailed", 0, "stale where stored"),
    ],
  },
  {
    ...USUAL,
    name: "all-killed",
    title: "all three killed",
    traffic: "half-stored",
    happening: "SIGKILL",
    origins: "all",
    goal: [
      within("storedFailed", 0, "0 failed where stored"),
      within("errorP50Ms", 50, "else the error page within 50 ms (median)"),
      within("firstSuccessMs", 1000, "first success within 1 s of recovery"),
    ],
  },
  {
    ...USUAL,
    name: "post",
    title: "POST, SIGKILL",
    traffic: "post",
    happening: DIES,
    rateShare: 0.1,
    faultMsMin: 3000,
    goal: [
      within("failed", 2, "at most 2 failed"),
      within("failedOutside", 0, "0 before and after"),
      within("twice", 0, "none executed twice"),
      DIES_OF_ORDER,
    ],
  },
  {
    ...USUAL,
    name: "post-key",
    title: "POST with Idempotency-Key, SIGKILL",
    traffic: "post-with-key",
    happening: DIES,
    rateShare: 0.1,
    faultMsMin: 3000,
    goal: [...NONE_FAIL, DIES_OF_ORDER],
  },
  { ...USUAL, name: "kv-dead", title: "KV dead from the start", happening: null, setting: "kv-dead", alone: true },
  {
    ...USUAL,
    name: "wrong-down",
    title: "cron dead, a wrong `down` in KV",
    happening: null,
    setting: "wrong-down",
    alone: true,
    rateShare: 0.2,
    awaits: "use",
    goal: [
      ...NONE_FAIL,
      { figure: "faulty", atLeast: 1, says: "the origin is probed" },
      within("faultyShare", 0.05, "the `down` is obeyed at first (5 % of the traffic at most)"),
      within("inUseMs", IN_USE_MS_MAX, "in use again within 210 s"),
    ],
  },
  {
    ...USUAL,
    name: "recovery",
    title: "a killed origin comes back",
    happening: "SIGKILL",
    awaits: "return",
    goal: [...NONE_FAIL, { figure: "returned", atLeast: 10, says: "it gets traffic again" }, within("backMs", BACK_MS_MAX, "within 10 s")],
  },
];

function within(figure: Bound["figure"], atMost: number, says: string): Bound {
  return { figure, atMost, says };
}
