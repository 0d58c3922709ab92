// Writes what is generated from the code: breakwater.schema.json and docs/config.md from the config's schema, and the tables of
// docs/rules.md and docs/errors.md from the rules language and the errors. With --check it writes nothing and exits with 1 when a file is not what it would write.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorKinds } from "../src/errors.ts";
import { configJsonSchema } from "../src/config/schema.ts";
import { configPage } from "./docs/config-page.ts";
import { fillTables, table } from "./docs/markdown.ts";
import { actionTable, fieldTable, functionTable } from "./docs/rule-tables.ts";

const ROOT = join(import.meta.dirname, "..");

interface Generated {
  readonly file: string;
  readonly text: string;
}

function generate(): readonly Generated[] {
  const schema = configJsonSchema();
  return [
    { file: "breakwater.schema.json", text: `${JSON.stringify({ title: "Breakwater config", ...schema }, null, 2)}\n` },
    { file: "docs/config.md", text: configPage(schema) },
    filled("docs/rules.md", { actions: actionTable(), fields: fieldTable(), functions: functionTable() }),
    filled("docs/errors.md", { errors: errorTable() }),
  ];
}

/** A page that people write, with its tables. */
function filled(file: string, tables: Readonly<Record<string, string>>): Generated {
  return { file, text: fillTables(readFileSync(join(ROOT, file), "utf8"), tables) };
}

function errorTable(): string {
  return table(
    ["code", "status", "source", "message"],
    Object.entries(errorKinds()).map(([code, { status, source, message }]) => [`\`${code}\``, String(status), source, message]),
  );
}

function current(file: string): string | null {
  const path = join(ROOT, file);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

const stale = generate().filter(({ file, text }) => current(file) !== text);
if (process.argv.includes("--check")) {
  for (const { file } of stale) console.error(`${file} is stale: run \`npm run docs\` and commit the result.`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const { file, text } of stale) {
    writeFileSync(join(ROOT, file), text);
    console.log(`wrote ${file}`);
  }
}
