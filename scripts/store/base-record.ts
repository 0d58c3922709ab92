// Which release a config file was last published as, remembered beside the file in `.breakwater/base.json`. With it a second
// publish of an edited file knows what it started from, and is refused when somebody published in between. Losing the record
// only loses that check. The folder ignores itself in git.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Pointer } from "../../src/release/pointer.ts";
import { field } from "./rest.ts";

export interface BaseRecord {
  readonly release: string;
  readonly number: number;
}

/** Null when the file was never published from here to this store. */
export function readBase(configPath: string, targetId: string): BaseRecord | null {
  const entry = field(readAll(configPath), recordKey(configPath, targetId));
  const release = field(entry, "release");
  const number = field(entry, "number");
  return typeof release === "string" && typeof number === "number" ? { release, number } : null;
}

/** Returns false when the folder cannot be written. */
export function writeBase(configPath: string, targetId: string, pointer: Pointer): boolean {
  const all = readAll(configPath);
  const known = typeof all === "object" && all !== null ? all : {};
  const next = { ...known, [recordKey(configPath, targetId)]: { release: pointer.release, number: pointer.number } };
  try {
    const folder = recordFolder(configPath);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, ".gitignore"), "*\n");
    writeFileSync(join(folder, "base.json"), `${JSON.stringify(next, null, 2)}\n`);
    return true;
  } catch {
    return false;
  }
}

/**
 * The release that an edit of the file started from: the recorded one, unless the store was emptied since (its numbers are lower
 * than the record's). Undefined when it is not known.
 */
export function baseFor(record: BaseRecord | null, current: Pointer | null): string | undefined {
  if (record === null || current === null || current.number < record.number) return undefined;
  return current.number === record.number && current.release !== record.release ? undefined : record.release;
}

function recordFolder(configPath: string): string {
  return join(dirname(configPath), ".breakwater");
}

function recordKey(configPath: string, targetId: string): string {
  return `${targetId} ${basename(configPath)}`;
}

function readAll(configPath: string): unknown {
  try {
    return JSON.parse(readFileSync(join(recordFolder(configPath), "base.json"), "utf8")) as unknown;
  } catch {
    return null;
  }
}
