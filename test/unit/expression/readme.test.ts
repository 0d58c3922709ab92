// The example in the module's README runs as it stands there and prints what the README says.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "../../../src/expression");
const page = readFileSync(join(FOLDER, "README.md"), "utf8");

function block(language: string): string {
  return new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";
}

test("the example prints what the page says", () => {
  const folder = mkdtempSync(join(tmpdir(), "expression-readme-"));
  try {
    const file = join(folder, "example.mts");
    writeFileSync(
      file,
      block("ts").replaceAll(/from "\.\/(.*?)"/g, (_whole, name: string) => `from "${pathToFileURL(join(FOLDER, name)).href}"`),
    );
    const printed = execFileSync(process.execPath, ["--disable-warning=ExperimentalWarning", file], { encoding: "utf8" });
    expect(printed).toBe(block("text"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the page names the files that there are", () => {
  for (const [, name] of page.matchAll(/`([a-z-]+\.ts)`/g)) expect(() => readFileSync(join(FOLDER, name ?? "")), name).not.toThrow();
});
