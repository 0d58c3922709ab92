// One row of the table: Breakwater and then the others, each printed as soon as it was measured, with what is known of a miss.

import { worst } from "./explain.ts";
import type { Figures } from "./figures.ts";
import { describeGoal, figuresOfGoal, isBusy, isDuration, isWorthAgain, missed } from "./goals.ts";
import type { Goal } from "./goals.ts";
import { measure } from "./measure.ts";
import type { Measured } from "./measure.ts";
import type { Options } from "./options.ts";
import type { Origins } from "./origins.ts";
import { inFull } from "./report.ts";
import type { Result } from "./report.ts";
import type { Row } from "./rows.ts";
import type { Subject, World } from "./subject.ts";

export interface RowRun {
  readonly own: Subject;
  readonly others: readonly Subject[];
  readonly world: World;
  readonly origins: Origins;
  readonly options: Options;
}

/** A row whose times were the machine's is measured so often again. */
const AGAIN_MAX = 2;

export async function runRow(row: Row, run: RowRun): Promise<Result> {
  const goal = run.options.short ? row.goal.filter((bound) => !isDuration(bound)) : row.goal;
  const countsExecutions = row.traffic === "post" || row.traffic === "post-with-key";
  console.log(`\n${row.title} (${row.name}): ${describeGoal(goal)}`);
  const show = (name: string, figures: Figures, rest: string): void =>
    console.log(
      `  ${name.padEnd(20)} ${[inFull(figures, countsExecutions), figuresOfGoal(goal, figures), rest].filter(Boolean).join("; ")}`,
    );
  const on = (subject: Subject): Promise<Measured> => measure(row, subject, { ...run, pace: run.options.pace });
  let own = await on(run.own);
  for (let again = 0; again < AGAIN_MAX && isWorthAgain(goal, own.figures); again += 1) {
    show(run.own.name, own.figures, "the machine was busy before the fault, so once more");
    own = await on(run.own);
  }
  const notReached = missed(goal, own.figures);
  show(run.own.name, own.figures, notReached.length === 0 ? "reached" : "MISSED");
  if (notReached.length > 0) explain(goal, own);
  const figures: (Figures | null)[] = [own.figures];
  for (const subject of run.others) {
    const other = row.alone ? null : (await on(subject)).figures;
    if (other !== null) show(subject.name, other, "");
    figures.push(other);
  }
  return { title: row.title, goal: describeGoal(goal), missed: notReached, countsExecutions, figures };
}

function explain(goal: Goal, measured: Measured): void {
  const { figures } = measured;
  for (const text of missed(goal, figures)) console.log(`    ${text}`);
  if (isBusy(figures))
    console.log("    The machine was busy: p99 was high before there was a fault. A lower --rate measures the fault alone.");
  for (const text of worst(measured)) console.log(`      ${text}`);
}
