// The code of the documentation, as it stands there: what a page tells people to run is run by a test.

import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PROJECT_ROOT } from "../../scripts/build.ts";

/** The blocks of one language in a page below docs/, in order. */
export async function codeOf(page: string, language: string): Promise<readonly string[]> {
  const text = await readFile(join(PROJECT_ROOT, "docs", page), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return blocks.filter(([, name]) => name === language).map(([, , code = ""]) => code);
}

/** All JavaScript of a page, as one module. */
export async function moduleOf(page: string): Promise<Readonly<Record<string, unknown>>> {
  const folder = await mkdtemp(join(tmpdir(), "breakwater-docs-"));
  try {
    await symlink(join(PROJECT_ROOT, "node_modules"), join(folder, "node_modules"));
    const file = join(folder, "page.mjs");
    await writeFile(file, (await codeOf(page, "js")).join("\n"));
    return (await import(file)) as Readonly<Record<string, unknown>>;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
