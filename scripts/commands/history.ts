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

/** Follows the predecessors down from the pointer: what they do not name was never in force. */
export function withStanding(entries: readonly HistoryEntry[], current: Pointer | null): readonly Row[] {
  let expected: string | null | undefined = undefined;
  return entries.map((entry) => {
    const { number, release, predecessor } = entry.pointer;
    if (current === null) return { entry, standing: "past" };
    if (number > current.number) return { entry, standing: "unused" };
    if (number === current.number) {
      expected = current.predecessor;
      return { entry, standing: release === current.release ? "current" : "unused" };
    }
    if (expected !== undefined && release !== expected) return { entry, standing: "unused" };
    expected = predecessor;
    return { entry, standing: "past" };
  });
}

function entryLines({ entry: { pointer, changes }, standing }: Row, { paint }: Session): readonly string[] {
  const mark = standing === "current" ? paint("green", "  in force") : standing === "unused" ? paint("yellow", "  never in force") : "";
  const message = pointer.message === "" ? "" : `  ${pointer.message}`;
  const head = `${paint("bold", String(pointer.number))}  ${shortHash(pointer.release)}  ${formatTime(pointer.publishedAtMs)}  ${printable(`${pointer.author}${message}`)}${mark}`;
  return [head, ...changes.map((line) => `    ${printable(line)}`)];
}
