// The tables of docs/rules.md: fields, functions and actions of rules, from the tables that the parser, the checks and the Worker
// use. Also what `breakwater rule fields` shows. Pure.

import { PHASES, type ActionName } from "../../src/config/check/rule-actions.ts";
import { actionLong } from "../../src/config/schema/rule-action.ts";
import { signature } from "../../src/expression/check-value.ts";
import { FUNCTIONS } from "../../src/expression/functions.ts";
import { typeName } from "../../src/expression/types.ts";
import { RULE_FIELDS } from "../../src/firewall/fields.ts";
import { table } from "./markdown.ts";

/** A field or a function, as people are told of it. */
export interface RuleWord {
  readonly kind: "field" | "function";
  readonly name: string;
  /** Type of a field, signature of a function. */
  readonly type: string;
  /** When it is known; empty for a function. */
  readonly phase: string;
  readonly meaning: string;
}

export function ruleFields(): readonly RuleWord[] {
  return RULE_FIELDS.map((field) => ({
    kind: "field",
    name: field.name,
    type: typeName(field.type),
    phase: phaseOf(field),
    meaning: field.description,
  }));
}

export function ruleFunctions(): readonly RuleWord[] {
  return FUNCTIONS.map((definition) => ({
    kind: "function",
    name: definition.name,
    type: signature(definition),
    phase: "",
    meaning: definition.description,
  }));
}

function phaseOf({ get, later }: (typeof RULE_FIELDS)[number]): string {
  if (get === null) return "never";
  switch (later) {
    case undefined:
      return "all";
    case "body":
      return "all, reads the body";
    case "response":
      return "response, log";
    default:
      return later satisfies never;
  }
}

export function fieldTable(): string {
  return table(
    ["field", "type", "phases", "meaning"],
    ruleFields().map(({ name, type, phase, meaning }) => [`\`${name}\``, type, phase, meaning]),
  );
}

export function functionTable(): string {
  return table(
    ["function", "meaning"],
    ruleFunctions().map(({ type, meaning }) => [`\`${type}\``, meaning]),
  );
}

export function actionTable(): string {
  return table(
    ["action", "phases", "meaning"],
    (Object.keys(PHASES) as readonly ActionName[]).map((name) => [
      `\`${name}\``,
      PHASES[name].join(", "),
      actionLong.shape[name].description ?? "",
    ]),
  );
}
