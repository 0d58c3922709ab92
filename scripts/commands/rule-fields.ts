// breakwater rule fields: the fields and functions that rules may use, with type, phases and meaning: completion for people. Asks
// nobody and reads nothing.

import type { Command } from "commander";
import type { RuleWord } from "../docs/rule-tables.ts";
import { report, type Report } from "../output/report.ts";
import { table } from "../output/table.ts";
import type { Session } from "./session.ts";
import { withCommon, type Run } from "./options.ts";

export function addRuleFields(rule: Command, run: Run): void {
  const command = rule
    .command("fields [text...]")
    .description("the fields and functions of the rules language, or those that contain all of these words");
  withCommon(command).action((words: readonly string[], options: { readonly json?: boolean }) =>
    run(options, (session) => showWords(session, words)),
  );
}

async function showWords({ paint }: Session, words: readonly string[]): Promise<Report> {
  const { ruleFields, ruleFunctions } = await import("../docs/rule-tables.ts");
  const found = [...ruleFields(), ...ruleFunctions()].filter((word) => words.every((text) => mentions(word, text)));
  const json = { fields: found.filter(({ kind }) => kind === "field"), functions: found.filter(({ kind }) => kind === "function") };
  if (found.length === 0) return report([`No field and no function has ${words.map((word) => `"${word}"`).join(" and ")} in it.`], json);
  const columns = [{ title: "NAME" }, { title: "TYPE" }, { title: "PHASES" }, { title: "MEANING" }];
  const rows = found.map((word) => [word.name, word.type, word.phase, word.phase === "never" ? paint("dim", word.meaning) : word.meaning]);
  return report(table(columns, rows), json);
}

/** In its name first of all; a word such as "country" may also stand in the meaning. */
function mentions({ name, meaning }: RuleWord, text: string): boolean {
  return `${name} ${meaning}`.toLowerCase().includes(text.toLowerCase());
}
