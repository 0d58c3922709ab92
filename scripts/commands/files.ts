// A user's config and the files that it names, read from disk. Missing ones are left out: the config's own checks say where they
// are named. Used by every command that takes a config file.

import { readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import type { Source } from "../store/documents.ts";
import type { Session } from "./session.ts";

export const DEFAULT_CONFIG = "breakwater.yaml";

export interface ConfigFile extends Source {
  /** Absolute. */
  readonly path: string;
  /** As the user wrote it, for messages. */
  readonly shown: string;
}

/** @param given - Relative to the session's folder; default `breakwater.yaml`. */
export async function readConfig(session: Session, given: string | undefined): Promise<ConfigFile> {
  const shown = given ?? DEFAULT_CONFIG;
  const path = resolve(session.cwd, shown);
  const text = readText(path);
  if (text === null) {
    const fix = given === undefined ? "write one with: breakwater init    or name it: breakwater COMMAND FILE" : "check the path";
    throw failure({ what: `the config ${shown} cannot be read`, why: `there is no readable file at ${path}`, fix, exit: EXIT.usage });
  }
  const { referencedFiles } = await import("../../src/config/build.ts");
  const entry = basename(path);
  const files: Record<string, string> = { [entry]: text };
  for (const name of referencedFiles(text)) {
    const content = isInside(name) ? readText(resolve(dirname(path), name)) : null;
    if (content !== null && !Object.hasOwn(files, name)) files[name] = content;
  }
  return { path, shown, entry, files };
}

/** A config names files of its own folder only: it may come from someone else, and its files are stored where others read them. */
export function isInside(name: string): boolean {
  const way = relative("/config", resolve("/config", name));
  return !isAbsolute(name) && way !== "" && way !== ".." && !way.startsWith("../");
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
