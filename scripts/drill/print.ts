// Drills as lines for a terminal: what a visitor would get, from whom, and what is wrong with that.

import { printable, type Painter } from "../output/paint.ts";
import { table } from "../output/table.ts";
import { answeredBy, isGood, type Verdict } from "./judge.ts";
import type { Seen } from "./probe.ts";
import type { Skipped } from "./subjects.ts";
import type { Walked } from "./walk.ts";

const COLUMNS = [{ title: "" }, { title: "" }, { title: "" }, { title: "", align: "right" }, { title: "" }] as const;

export function walkedLines({ url, route, before, drills }: Walked, paint: Painter): readonly string[] {
  const rows = [
    ["without a fault", ...seenCells(before), isGood(before) ? "" : paint("red", "fails without any fault; not drilled")],
    ...drills.map(({ fault, seen, verdict }) => [printable(fault), ...seenCells(seen), verdictText(verdict, paint)]),
  ];
  const lines = table(COLUMNS, rows).slice(1);
  return [`${paint("bold", printable(url))}  ${printable(route)}`, ...lines.map((line) => `  ${line}`), ""];
}

/** Two requests: the one with the faults and the one without. */
export function singleLines(
  input: { readonly url: string; readonly faults: string; readonly before: Seen; readonly seen: Seen },
  paint: Painter,
): readonly string[] {
  const { url, faults, before, seen } = input;
  const rows = [
    ["without a fault", ...seenCells(before), ""],
    [printable(faults), ...seenCells(seen), ""],
  ];
  const detail = [
    `  attempts: ${seen.attempts.length === 0 ? "none" : seen.attempts.join(", ")}`,
    ...(seen.ladder.length === 0 ? [] : [`  went down: ${seen.ladder.join(", ")}`]),
    ...(seen.location === null ? [] : [`  Location: ${seen.location}`]),
    ...(seen.retryAfter === null ? [] : [`  Retry-After: ${seen.retryAfter}`]),
  ];
  const lines = table(COLUMNS, rows).slice(1);
  return [paint("bold", printable(url)), ...lines.map((line) => `  ${line}`), ...detail.map(printable)];
}

export function skippedLines(skipped: readonly Skipped[]): readonly string[] {
  if (skipped.length === 0) return [];
  return ["Not drilled:", ...skipped.map(({ route, why }) => printable(`  ${route}: ${why}`)), ""];
}

export interface Summary extends Readonly<Record<Verdict, number>> {
  /** URLs that fail without a fault. */
  readonly failsAlready: number;
}

export function summaryOf(walked: readonly Walked[]): Summary {
  const count = (wanted: Verdict): number => walked.flatMap(({ drills }) => drills).filter(({ verdict }) => verdict === wanted).length;
  return {
    ok: count("ok"),
    alone: count("alone"),
    failed: count("failed"),
    failsAlready: walked.filter(({ before }) => !isGood(before)).length,
  };
}

export function summaryLine({ ok, alone, failed, failsAlready }: Summary, paint: Painter): string {
  const parts = [
    `${ok} that visitors would not notice`,
    ...(alone === 0 ? [] : [paint("yellow", `${alone} that they would, where there is no other server`)]),
    ...(failed === 0 ? [] : [paint("red", `${failed} that they would, although there is another server`)]),
    ...(failsAlready === 0 ? [] : [paint("red", `${failsAlready} ${failsAlready === 1 ? "URL fails" : "URLs fail"} without any fault`)]),
  ];
  return `${ok + alone + failed} drills: ${parts.join("; ")}.`;
}

function seenCells(seen: Seen): readonly string[] {
  const status = seen.status === null ? "-" : String(seen.status);
  return [status, printable(seen.broken === null ? answerText(seen) : `${answerText(seen)}, ${seen.broken}`), `${Math.round(seen.ms)} ms`];
}

function answerText(seen: Seen): string {
  const by = answeredBy(seen);
  switch (by.kind) {
    case "origin":
      return by.origin;
    case "stored":
      return "stored copy";
    case "stale":
      return "stale copy";
    case "failure-redirect":
      return `failure answer, to ${seen.location ?? "nowhere"}`;
    case "failure-page":
      return "failure answer";
    case "error-page":
      return "error page";
    case "edge":
      return "the Worker itself";
    case "nothing":
      return "no answer";
    default:
      return by satisfies never;
  }
}

function verdictText(verdict: Verdict, paint: Painter): string {
  switch (verdict) {
    case "ok":
      return paint("green", "ok");
    case "alone":
      return paint("yellow", "no other server");
    case "failed":
      return paint("red", "FAILED: another server could have answered");
    default:
      return verdict satisfies never;
  }
}
