// breakwater show: the config of a release as its author wrote it, or compiled; or any value of the store as it is. With --write
// the files go to a folder, from where they can be edited and published.

import type { Command } from "commander";
import { mkdirSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { EXIT } from "../output/exit-codes.ts";
import { failure, usageFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { writeBase } from "../store/base-record.ts";
import { readPointer, requirePointer, requireRelease, requireSource, shortHash, type Source } from "../store/documents.ts";
import type { Target } from "../store/target.ts";
import { isInside } from "./files.ts";
import { withStore, type Run } from "./options.ts";
import { findRelease } from "./release-name.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface ShowOptions extends StoreOptions {
  readonly file?: string;
  readonly compiled?: boolean;
  readonly key?: string;
  readonly write?: string;
  readonly force?: boolean;
}

export function addShow(program: Command, run: Run): void {
  const command = program
    .command("show [release]")
    .description("the config of a release as it was written (default: the one in force)")
    .option("--file <name>", "another file of it than the main one")
    .option("--compiled", "the compiled form that the Worker loads, as JSON")
    .option("--key <key>", "a value of the store as it is, such as current, health or overrides")
    .option("--write <folder>", "write its files to a folder, to edit and publish them from there")
    .option("--force", "with --write: over files that are there");
  withStore(command).action((release: string | undefined, options: ShowOptions) =>
    run(options, (session) => show(session, release, options)),
  );
}

async function show(session: Session, name: string | undefined, options: ShowOptions): Promise<Report> {
  const target = await openStore(session, options);
  if (options.key !== undefined) return showKey(target, options.key);
  const hash = name === undefined ? (await requirePointer(target.store)).release : await findRelease(target.store, name);
  if (options.compiled === true) {
    const { snapshot } = await requireRelease(target.store, hash);
    return report([printable(JSON.stringify(snapshot, null, 2))], { release: hash, snapshot });
  }
  const source = await requireSource(target.store, hash);
  if (options.write !== undefined)
    return writeFiles(session, target, { hash, source, folder: options.write, force: options.force === true });
  const file = options.file ?? source.entry;
  const text = source.files[file];
  if (text === undefined)
    throw usageFailure(`release ${shortHash(hash)} has no file "${file}"`, `it has: ${Object.keys(source.files).join(", ")}`);
  return report([printable(text.replace(/\n$/, ""))], { release: hash, entry: source.entry, files: source.files });
}

async function showKey(target: Target, key: string): Promise<Report> {
  const value = await target.store.get(key);
  if (value !== null) return report([printable(value)], { key, value });
  throw failure({
    what: `there is no "${key}"`,
    why: `${target.store.label} has no such key`,
    fix: "keys are current, health, overrides, purges, release/HASH, list/HASH, source/HASH, history/NUMBER",
  });
}

interface WriteInput {
  readonly hash: string;
  readonly source: Source;
  readonly folder: string;
  readonly force: boolean;
}

async function writeFiles(session: Session, target: Target, input: WriteInput): Promise<Report> {
  const folder = resolve(session.cwd, input.folder);
  const names = Object.keys(input.source.files);
  // The names come from the store, which others can write to: none of them may lead out of the folder.
  const outside = names.find((name) => !isInside(name));
  if (outside !== undefined)
    throw failure({
      what: "nothing was written",
      why: `the release has a file "${outside}" outside its folder`,
      fix: "read its files with --json",
    });
  const taken = names.find((name) => existsSync(join(folder, name)));
  if (taken !== undefined && !input.force) {
    throw failure({
      what: "nothing was written",
      why: `${join(input.folder, taken)} is there already`,
      fix: "name another folder, or add --force",
      exit: EXIT.refused,
    });
  }
  for (const [name, text] of Object.entries(input.source.files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const state = await readPointer(target.store);
  // Only a copy of the release in force is a base to publish from.
  if (state.kind === "pointer" && state.pointer.release === input.hash)
    writeBase(join(folder, input.source.entry), target.id, state.pointer);
  return report([`Wrote ${names.join(", ")} to ${input.folder}.`], { release: input.hash, folder, written: names });
}
