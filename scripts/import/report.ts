// What an import did, rule by rule, as lines for a person and as plain values for --json.

import { counted } from "../output/diagnostics.ts";
import { printable, type Paint, type Painter } from "../output/paint.ts";
import type { Imported, Outcome } from "./import-rules.ts";

const WORDS: Readonly<Record<Outcome["did"], readonly [word: string, paint: Paint]>> = {
  carried: ["carried over", "green"],
  changed: ["changed", "yellow"],
  there: ["is there", "dim"],
  left: ["left out", "red"],
};

const WORD_WIDTH = 13;

export function importLines({ outcomes, notes }: Imported, paint: Painter): readonly string[] {
  const lines: string[] = [];
  let section = "";
  for (const outcome of outcomes) {
    const title = titleOf(outcome);
    if (title !== section) lines.push(...(lines.length === 0 ? [] : [""]), paint("bold", title));
    section = title;
    lines.push(...ruleLines(outcome, paint));
  }
  const noted = notes.map((note) => printable(`note: ${note}`));
  return [...lines, ...(noted.length === 0 ? [] : ["", ...noted]), "", summaryOf(outcomes)];
}

function titleOf({ ruleset }: Outcome): string {
  const name = ruleset.name === "" || ruleset.name === "default" ? "" : ` "${ruleset.name}"`;
  return printable(`${ruleset.phase}${name}`);
}

function ruleLines({ did, id, source, changes, left }: Outcome, paint: Painter): readonly string[] {
  const [word, colour] = WORDS[did];
  const shown = source.description === "" ? source.id : `"${source.description}"`;
  const disabled = source.enabled ? "" : " (disabled)";
  const head = `  ${paint(colour, word.padEnd(WORD_WIDTH))}${printable(id === null ? shown : `${id}  ${shown}`)}${disabled}`;
  if (left === null) return [head, ...changes.map((change) => indent(`- ${printable(change)}`))];
  const place = left.details.map((line) => indent(`| ${printable(line)}`));
  return [head, indent(printable(`why: ${left.reason}`)), ...place, indent(printable(`instead: ${left.instead}`))];
}

function indent(text: string): string {
  return `${" ".repeat(WORD_WIDTH + 2)}${text}`;
}

function summaryOf(outcomes: readonly Outcome[]): string {
  const count = (did: Outcome["did"]): number => outcomes.filter((outcome) => outcome.did === did).length;
  const parts = [`${count("carried")} carried over as they are`, `${count("changed")} changed`, `${count("left")} left out`];
  if (count("there") > 0) parts.push(`${count("there")} there already`);
  return `${counted(outcomes.length, "rule")}: ${parts.join(", ")}.`;
}

/** For scripts. */
export function importJson({ outcomes, notes }: Imported): Readonly<Record<string, unknown>> {
  return {
    notes,
    rules: outcomes.map(({ ruleset, source, did, id, changes, left, rule }) => ({
      cloudflareId: source.id,
      phase: ruleset.phase,
      description: source.description,
      did,
      id,
      changes,
      reason: left?.reason ?? null,
      instead: left?.instead ?? null,
      details: left?.details ?? [],
      rule,
    })),
  };
}
