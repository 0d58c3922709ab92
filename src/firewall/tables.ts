// The reference tables of fields and functions in docs/rules.md, generated so that they cannot be out of date. Called by the
// script that writes the documentation; the Worker does not load this file.

import { signature } from "../expression/check-value.ts";
import { FUNCTIONS } from "../expression/functions.ts";
import { typeName } from "../expression/types.ts";
import { REQUEST_FIELDS } from "./fields.ts";

/** A Markdown table of the fields that have a value here, then one of those that never do. */
export function fieldsTable(): string {
  const known = REQUEST_FIELDS.filter(({ get }) => get !== null);
  const unknown = REQUEST_FIELDS.filter(({ get }) => get === null);
  const row = ({ name, type, description, replacedBy }: (typeof REQUEST_FIELDS)[number]): string =>
    `| \`${name}\` | ${typeName(type)} | ${description}${replacedBy === undefined ? "" : ` Old name of \`${replacedBy}\`.`} |`;
  const table = (rows: readonly string[]): string => ["| field | type | value |", "|---|---|---|", ...rows].join("\n");
  const note = "These names are accepted, so that a rule from Cloudflare compiles. They are always missing, and using one is a warning:";
  return [table(known.map(row)), note, table(unknown.map(row))].join("\n\n");
}

/** A Markdown table of the functions. */
export function functionsTable(): string {
  const rows = FUNCTIONS.map((definition) => {
    const returns = definition.returns === "first" ? "type of the first" : typeName(definition.returns);
    return `| \`${signature(definition).replaceAll("|", "\\|")}\` | ${returns} | ${definition.description} |`;
  });
  const quantifiers = [
    "| `any(... [*] ...)` | Bool | Whether a comparison holds for one element or more. |",
    "| `all(... [*] ...)` | Bool | Whether a comparison holds for every element; true when there is none. |",
  ];
  return ["| function | gives | meaning |", "|---|---|---|", ...quantifiers, ...rows].join("\n");
}
