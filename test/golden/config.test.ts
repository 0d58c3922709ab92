// Whole configs, kept as files: each in `good/` must compile to the snapshot beside it, each in `bad/` must give the diagnostics
// beside it, word for word. UPDATE_GOLDEN=1 writes what is now; read the diff before committing it.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildConfig } from "../../src/config/build.ts";
import type { BuildOutput } from "../../src/config/build.ts";
import { formatDiagnostic } from "../../src/config/diagnostic.ts";
import { loadRuleset } from "../../src/config/load.ts";

const FOLDER = import.meta.dirname;
const isUpdate = process.env["UPDATE_GOLDEN"] === "1";

const sharedFiles = Object.fromEntries(
  readdirSync(join(FOLDER, "files")).map((name) => [`files/${name}`, readFileSync(join(FOLDER, "files", name), "utf8")]),
);

interface Case {
  readonly name: string;
  readonly text: string;
}

function casesIn(folder: string): readonly Case[] {
  const names = readdirSync(join(FOLDER, folder)).filter((name) => name.endsWith(".yaml"));
  return names.map((name) => ({ name, text: readFileSync(join(FOLDER, folder, name), "utf8") }));
}

/** A first line `# mode: local` is for origins on this machine. */
function build({ name, text }: Case): Promise<BuildOutput> {
  const mode = text.startsWith("# mode: local\n") ? "local" : "production";
  return buildConfig({ entry: name, files: { ...sharedFiles, [name]: text }, mode, nowMs: Date.UTC(2026, 10, 1) });
}

function shown(output: BuildOutput, { name, text }: Case): string {
  const texts: Readonly<Record<string, string>> = { [name]: text, ...sharedFiles };
  return output.diagnostics
    .map((diagnostic) => `${formatDiagnostic(diagnostic, texts[diagnostic.file] ?? texts[diagnostic.file.replace("./", "")] ?? null)}\n`)
    .join("\n");
}

function expectGolden(actual: string, ...parts: readonly string[]): void {
  const file = join(FOLDER, ...parts);
  if (isUpdate) writeFileSync(file, actual);
  expect(actual).toBe(readFileSync(file, "utf8"));
}

describe("a good config compiles to its snapshot", () => {
  test.each(casesIn("good"))("$name", async (golden) => {
    const output = await build(golden);
    expect(shown(output, golden)).toBe("");
    if (output.snapshot === null) throw new Error("no snapshot and no diagnostics");
    expectGolden(`${JSON.stringify(output.snapshot, null, 2)}\n`, "good", golden.name.replace(/yaml$/, "snapshot.json"));
    expect(() => output.snapshot !== null && loadRuleset(output.snapshot, "")).not.toThrow();
  });
});

describe("a bad config gives its diagnostics and no snapshot", () => {
  test.each(casesIn("bad"))("$name", async (golden) => {
    const output = await build(golden);
    expect(output.snapshot).toBeNull();
    expectGolden(shown(output, golden), "bad", golden.name.replace(/yaml$/, "txt"));
    for (const diagnostic of output.diagnostics) {
      expect(diagnostic.fix, `${diagnostic.code} says how to fix it`).toBeTruthy();
      expect(diagnostic.code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    }
  });
});

test("no snapshot is left without its config", () => {
  for (const folder of ["good", "bad"]) {
    const names = readdirSync(join(FOLDER, folder));
    const orphans = names.filter((name) => !names.includes(name.replace(/(snapshot\.json|txt)$/, "yaml")));
    expect(orphans).toEqual([]);
  }
});
