// breakwater history: what was published, when, by whom, why, and what it changed. The newest first.

import type { Command } from "commander";
import { historyKey } from "../../src/release/keys.ts";
import { usageFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { formatTime } from "../output/time.ts";
import { historyNumbers, parseHistory, readPointer, shortHash, type HistoryEntry } from "../store/documents.ts";
import type { Pointer } from "../../src/release/pointer.ts";
import { withStore, type Run } from "./options.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface HistoryOptions extends StoreOptions {
  readonly limit: string;
}

/** current: in force. past: was in force. unused: claimed by a publisher that gave up or lost a race. */
type Standing = "current" | "past" | "unused";

export function addHistory(program: Command, run: Run): void {
  const command = program
    .command("history")
    .description("what was published, the newest first")
    .option("-n, --limit <count>", "how many", "20");
  withStore(command).action((options: HistoryOptions) => run(options, (session) => history(session, options)));
}

async function history(session: Session, options: HistoryOptions): Promise<Report> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw usageFailure(`--limit "${options.limit}" is not a count`, "give a whole number from 1 to 1000");
  const target = await openStore(session, options);
  const state = await readPointer(target.store);
  const current = state.kind === "pointer" ? state.pointer : null;
  const numbers = (await historyNumbers(target.store)).slice(0, limit);
  const texts = await target.store.getMany(numbers.map(historyKey));
  const entries = numbers.map((number) => parseHistory(texts.get(historyKey(number)) ?? "")).filter((entry) => entry !== null);
  const rows = withStanding(entries, current);
  const text =
    rows.length === 0 ? [`Nothing was published to ${target.store.label} yet.`] : rows.flatMap((row) => entryLines(row, session));
  const json = rows.map(({ entry: { pointer, changes }, standing }) => ({ ...pointer, standing, changes }));
  return report(text, { current: current?.number ?? null, entries: json });
}

interface Row {
  readonly entry: HistoryEntry;
  readonly standing: Standing;
}

/**
 * Follows each publication to the one that it replaced, down from the pointer: what nobody replaced was never in force.
 *
 * @param entries - The newest first.
 */
export function withStanding(entries: readonly HistoryEntry[], current: Pointer | null): readonly Row[] {
  if (current === null) return entries.map((entry) => ({ entry, standing: "past" }));
  let expected: number | null = current.number;
  return entries.map((entry): Row => {
    const { number } = entry.pointer;
    if (expected === null || number !== expected) return { entry, standing: expected !== null && number > expected ? "unused" : "past" };
    expected = entry.from;
    return { entry, standing: number === current.number ? "current" : "past" };
  });
}

function entryLines({ entry: { pointer, changes }, standing }: Row, { paint }: Session): readonly string[] {
  const mark = standing === "current" ? paint("green", "  in force") : standing === "unused" ? paint("yellow", "  never in force") : "";
  const message = pointer.message === "" ? "" : `  ${pointer.message}`;
  const head = `${paint("bold", String(pointer.number))}  ${shortHash(pointer.release)}  ${formatTime(pointer.publishedAtMs)}  ${printable(`${pointer.author}${message}`)}${mark}`;
  return [head, ...changes.map((line) => `    ${printable(line)}`)];
}
