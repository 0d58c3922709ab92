// Whole exports: the report and the rules that come out, word for word. `npx vitest -u` writes what is now; read the diff.

import { join } from "node:path";
import { expect, test } from "vitest";
import { importLines } from "../../../scripts/import/report.ts";
import { build, CONFIG, fixture, plan, type PlanOptions } from "./harness.ts";

const CASES: readonly (readonly [name: string, file: string, options: PlanOptions])[] = [
  ["zone-export", "zone-export.json", {}],
  ["zone-export-log", "zone-export.json", { mode: "log", challenge: "block", before: "ours" }],
  ["traffic", "traffic.json", {}],
  ["legacy", "legacy.json", { challenge: "log" }],
];

test.each(CASES)("%s", async (name, file, options) => {
  const { imported, text } = await plan(fixture(file), options);
  const report = importLines(imported, (_paint, line) => line).join("\n");
  await expect(`${report}\n`).toMatchFileSnapshot(join(import.meta.dirname, "golden", `${name}.txt`));
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, "golden", `${name}.yaml`));
});

test.each(CASES)("%s makes a config that is valid, and takes nothing from it", async (_name, file, options) => {
  const { imported, text } = await plan(fixture(file), options);
  const output = await build(text);
  expect(output.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const ids = output.config?.firewall.map(({ id }) => id) ?? [];
  expect(new Set(ids)).toEqual(new Set(["ours", ...imported.outcomes.flatMap(({ id }) => id ?? [])]));
  for (const line of CONFIG.split("\n")) expect(text).toContain(line);
});

test.each(CASES)("%s imported twice adds nothing the second time", async (_name, file, options) => {
  const first = await plan(fixture(file), options);
  const second = await plan(fixture(file), { ...options, config: first.text });
  expect(second.text).toBe(first.text);
  expect(second.imported.outcomes.filter(({ did }) => did === "carried" || did === "changed")).toEqual([]);
});
