// What the worst known patterns cost on a value of 8 KB, by the path that the product takes: checked, proved, compiled. The first
// run of a pattern counts too: it is what a visitor meets in a new isolate.

import { parseExpression } from "../../src/expression/parse.ts";
import { compileRegex } from "../../src/expression/regex.ts";
import { proveRegexes } from "../../src/expression/regex-safety.ts";
import { regexesOf } from "../../src/expression/regexes.ts";
import { makeScheme } from "../../src/expression/scheme.ts";
import { ATTACKS } from "../unit/expression/regex-attacks.ts";
import type { RegexLiteral } from "../../src/expression/ast.ts";
import type { Attack } from "../unit/expression/regex-attacks.ts";

export interface AttackCost {
  readonly attack: Attack;
  /** Null: the pattern was refused when it was checked. */
  readonly literal: RegexLiteral | null;
  /** CPU milliseconds of the slowest of the runs, the first one included. */
  readonly testMs: number;
  /** The same for finding the match with its groups, as `regex_replace` does. */
  readonly findMs: number;
}

const RUNS = 3;

const scheme = makeScheme([{ name: "value", type: "Bytes", description: "The value.", get: () => "" }], []);

/** Measures every attack; the most expensive first. Takes some seconds, most of them for proofs. */
export function measureAttacks(): readonly AttackCost[] {
  const costs = ATTACKS.map((attack): AttackCost => {
    const literal = proved(attack.pattern);
    if (literal === null) return { attack, literal, testMs: 0, findMs: 0 };
    const matcher = compileRegex(literal);
    return { attack, literal, testMs: slowest(() => matcher.test(attack.value)), findMs: slowest(() => matcher.find(attack.value)) };
  });
  return costs.toSorted((left, right) => Math.max(right.testMs, right.findMs) - Math.max(left.testMs, left.findMs));
}

function proved(pattern: string): RegexLiteral | null {
  const parsed = parseExpression(`value matches r##"${pattern}"##`, scheme);
  if (!parsed.ok) return null;
  return regexesOf(proveRegexes(parsed.value.expression).expression)[0] ?? null;
}

function slowest(run: () => unknown): number {
  let worst = 0;
  for (let round = 0; round < RUNS; round += 1) {
    const before = process.threadCpuUsage();
    run();
    const { user, system } = process.threadCpuUsage(before);
    worst = Math.max(worst, (user + system) / 1_000);
  }
  return worst;
}

/** The costs as a Markdown table, of the `count` most expensive. */
export function attackTable(costs: readonly AttackCost[], count: number): string {
  const rows = costs.slice(0, count).map(({ attack, literal, testMs, findMs }) => {
    const engine =
      literal === null ? "refused" : literal.maxLength === null ? "V8" : literal.maxLength === 0 ? "linear" : `V8 to ${literal.maxLength}`;
    const shown = attack.pattern.length > 40 ? `${attack.pattern.slice(0, 37)}...` : attack.pattern;
    return `| \`${shown.replaceAll("|", "\\|")}\` | ${attack.kind} | ${engine} | ${testMs.toFixed(2)} | ${findMs.toFixed(2)} |`;
  });
  return ["| pattern | kind | engine | match ms | find ms |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

if (import.meta.main) {
  const costs = measureAttacks();
  const refused = costs.filter(({ literal }) => literal === null).length;
  console.log(`${costs.length} attacks, ${refused} refused; the slowest:\n\n${attackTable(costs, 25)}`);
}
