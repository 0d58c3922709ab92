// What a row has to reach: bounds on its figures, as data. Pure.

import type { Figures } from "./figures.ts";

export type Figure = keyof Figures;

export interface Bound {
  readonly figure: Figure;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Added to `atMost`: what the figure is compared with. */
  readonly above?: Figure;
  /** For people: "0 failed". */
  readonly says: string;
}

export type Goal = readonly Bound[];

/** Milliseconds are the machine's as much as the proxy's: on a busy one they prove nothing. */
export function isDuration({ figure }: Bound): boolean {
  return figure.endsWith("Ms");
}

/** What is not reached, in words; empty when all is. A figure that the row does not have is not reached. */
export function missed(goal: Goal, figures: Figures): readonly string[] {
  return goal.flatMap((bound) => {
    const value = figures[bound.figure];
    const base = bound.above === undefined ? 0 : (figures[bound.above] ?? Number.NaN);
    const tooMuch = bound.atMost !== undefined && !(value !== null && value <= bound.atMost + base);
    const tooLittle = bound.atLeast !== undefined && !(value !== null && value >= bound.atLeast);
    return tooMuch || tooLittle ? [`${bound.says}: ${bound.figure} is ${shown(value)}`] : [];
  });
}

/** Above it the queue is the machine's: without a fault, all subjects answer in a few milliseconds. */
const BUSY_MS = 100;

/** The machine had too little time for the load before there was a fault. */
export function isBusy({ p99BeforeMs }: Figures): boolean {
  return p99BeforeMs > BUSY_MS;
}

/**
 * Times that were missed on a busy machine say nothing, nor does a bound above what was slow already. What failed counts on a
 * busy machine too.
 */
export function isWorthAgain(goal: Goal, figures: Figures): boolean {
  const counts = goal.filter((bound) => !isDuration(bound));
  if (!isBusy(figures) || missed(counts, figures).length > 0) return false;
  return missed(goal, figures).length > 0 || goal.some(({ above }) => above !== undefined);
}

/** The figures that a goal is about, by name; those of the table's legend are shown anyway. */
export function figuresOfGoal(goal: Goal, figures: Figures): string {
  const names = goal.map(({ figure }) => figure).filter((figure) => !LEGEND_FIGURES.includes(figure));
  return names.map((figure) => `${figure} ${shown(figures[figure])}`).join(", ");
}

const LEGEND_FIGURES: readonly Figure[] = ["failed", "failedOutside", "p99Ms", "load", "twice"];

export function describeGoal(goal: Goal): string {
  return goal.map(({ says }) => says).join(", ");
}

function shown(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "not known";
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 3 : 0);
}
