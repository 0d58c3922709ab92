// Lists: where the entries come from, each entry by the list's kind, and what could be left out. Compiles what is good, so that
// rules can be tested on it.

import { compileList, type CompiledList, type TimedEntry } from "../../firewall/list-compile.ts";
import { entryKey, parseListEntry } from "../../firewall/list-entries.ts";
import { LIST_WARNINGS_MAX } from "../../limits.ts";
import type { ListContent, ListKind } from "../snapshot.ts";
import type { NormalList } from "../normalize.ts";
import type { ListEntry } from "../resources.ts";
import type { Path } from "../source.ts";
import { parseExpiryMs } from "../units.ts";
import { lineOf, report, reportKey, sentence } from "./context.ts";
import type { CheckContext, Finding } from "./context.ts";

interface ListInput {
  readonly list: NormalList;
  readonly path: Path;
  readonly entries: readonly ListEntry[];
}

export function checkLists(context: CheckContext): ReadonlyMap<string, ListContent> {
  const lists = new Map<string, ListContent>();
  for (const [name, list] of Object.entries(context.config.lists)) {
    const input = { list, path: ["lists", name], entries: context.resources.lists.get(name) ?? [] };
    checkOrigin(context, list, input.path);
    const timed = input.entries.map((entry, index) => readExpiry(context, input, entry, index));
    const compiled = compileList(list.kind, timed);
    lists.set(name, compiled.list);
    for (const { index, message } of compiled.problems) {
      reportEntry(context, input, index, { code: "invalid-entry", message: sentence(message), fix: "Correct or remove the entry." });
    }
    warnOfRedundant(context, input, compiled);
    warnOfExpired(context, input, timed);
  }
  return lists;
}

function checkOrigin(context: CheckContext, list: NormalList, path: Path): void {
  if (list.entries !== undefined && list.file !== undefined) {
    reportKey(context, [...path, "file"], {
      code: "conflicting-options",
      message: "The list has both `entries` and `file`.",
      fix: "Keep one of them.",
    });
  } else if (list.entries === undefined && list.file === undefined) {
    report(context, path, {
      code: "missing-key",
      message: `The list "${String(path[1])}" has no entries.`,
      expected: "`entries` or `file`",
      fix: "Add `entries: [...]`, or `file: ./list.txt`.",
    });
  }
}

function readExpiry(context: CheckContext, input: ListInput, entry: ListEntry, index: number): TimedEntry {
  const { value, expires } = entry;
  if (expires === null) return { value, expiresAtMs: null };
  const expiresAtMs = parseExpiryMs(expires);
  if (expiresAtMs === null) {
    const message = `${expires === "" ? "Nothing" : expires} is not a day of the calendar.`;
    reportEntry(context, input, index, { code: "invalid-date", message, found: expires, fix: "Write a date such as expires=2027-01-31." });
  }
  return { value, expiresAtMs };
}

/** At the line of the list's file, or at the entry in the config. */
function reportEntry(context: CheckContext, { list, path, entries }: ListInput, index: number, finding: Finding): void {
  const line = entries[index]?.line ?? null;
  if (line === null) report(context, [...path, "entries", index], finding);
  else context.diagnostics.push({ severity: "error", ...finding, path: [...path, "file"], file: list.file ?? "", line, column: 1 });
}

function warnOfRedundant(context: CheckContext, input: ListInput, { redundant }: CompiledList): void {
  const { path, entries } = input;
  const code = "covered-entry";
  for (const { index, by } of redundant.slice(0, LIST_WARNINGS_MAX)) {
    const [entry, other] = [entries[index], entries[by]];
    if (entry === undefined || other === undefined) continue;
    const line = other.line === null ? lineOf(context, [...path, "entries", by]) : `line ${other.line}`;
    const relation = isSame(input.list.kind, entry.value, other.value) ? "says the same as" : "is in";
    const message = `"${entry.value}" ${relation} "${other.value}", in ${line}.`;
    reportEntry(context, input, index, { severity: "warning", code, message, fix: "Remove one of them." });
  }
  const left = redundant.slice(LIST_WARNINGS_MAX);
  const [first] = left;
  if (first === undefined) return;
  const message = `${left.length} more entries of the list "${String(path[1])}" are covered by others.`;
  reportEntry(context, input, first.index, { severity: "warning", code, message, fix: "Remove them, or leave them: they cost nothing." });
}

function isSame(kind: ListKind, left: string, right: string): boolean {
  const [one, other] = [parseListEntry(kind, left), parseListEntry(kind, right)];
  return one.ok && other.ok && entryKey(one.value) === entryKey(other.value);
}

function warnOfExpired(context: CheckContext, input: ListInput, timed: readonly TimedEntry[]): void {
  const expired = [...timed.keys()].filter((index) => isExpired(timed[index], context.nowMs));
  const [first] = expired;
  if (first === undefined) return;
  const name = String(input.path[1]);
  const others = expired.length === 1 ? "" : `, and ${expired.length - 1} more`;
  reportEntry(context, input, first, {
    severity: "warning",
    code: "expired-entry",
    message: `"${timed[first]?.value}"${others} of the list "${name}" expired.`,
    fix: "Remove what is over, or give it a later date.",
  });
}

function isExpired(entry: TimedEntry | undefined, nowMs: number): boolean {
  return entry !== undefined && entry.expiresAtMs !== null && entry.expiresAtMs <= nowMs;
}
