// One running Breakwater for each folder of state: two that share KV would publish over each other. The claim is a file with the
// process id; one that was left by a process that is gone counts for nothing.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { failure } from "../output/failure.ts";

const FILE = "start.pid";

/** @throws a failure when another start runs on this folder. */
export async function claimFolder(folder: string): Promise<void> {
  const file = join(folder, FILE);
  const holder = Number((await readFile(file, "utf8").catch(() => "")).trim());
  if (Number.isInteger(holder) && holder > 0 && holder !== process.pid && runsStart(holder)) {
    throw failure({
      what: `Breakwater already runs with the state in ${folder} (process ${holder})`,
      why: "two that share it would publish over each other",
      fix: "end it with Ctrl-C, or give this one a folder of its own: npm start -- --folder .breakwater/second",
    });
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, `${process.pid}\n`);
}

/** Process ids are used again: only a process that is a start counts, where the system lets one look. */
function runsStart(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("start.ts");
  } catch {
    return process.platform !== "linux";
  }
}
