// One edit of a user's files, from text to release: what is edited, the diff, the check, publishing, and the way back to the files
// that the text came from. Called by the commands that edit rules and lists; a refused edit changes nothing.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { changeLines } from "../compare/describe.ts";
import { compareReleases } from "../compare/releases.ts";
import { diagnosticLines } from "../output/diagnostics.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { buildRelease, publishSnapshot } from "../publish.ts";
import { baseFor, readBase, writeBase } from "../store/base-record.ts";
import { readPointer, requirePointer, requireRelease, requireSource, shortHash, type Source } from "../store/documents.ts";
import type { Target } from "../store/target.ts";
import { sourceDiff } from "./diff.ts";
import { isInside, readConfig, type ConfigFile } from "./files.ts";
import { defaultAuthor, modeOf, timingOf } from "./publish.ts";
import { invalidFailure, publishReport } from "./publish-report.ts";
import { confirm, type Session, type StoreOptions } from "./session.ts";

export interface EditOptions extends StoreOptions {
  readonly config?: string;
  readonly message?: string;
  readonly author?: string;
  readonly dryRun?: boolean;
}

/** What an edit starts from. */
export interface EditStart {
  readonly source: Source;
  /** The file that the text came from; null for the release in force. */
  readonly file: ConfigFile | null;
  /** The release that the edit starts from. */
  readonly base: string | null;
}

export interface ConfigEdit {
  readonly target: Target;
  readonly before: EditStart;
  readonly after: Source;
  /** For the history, when the user gave none. */
  readonly message: string;
  /** What the edit does, for a person; left out: a diff of the files. */
  readonly shown?: readonly string[];
  /** More for the JSON answer. */
  readonly json?: Readonly<Record<string, unknown>>;
}

export async function openEdit(session: Session, options: EditOptions, target: Target): Promise<EditStart> {
  if (options.config === undefined) {
    const { release } = await requirePointer(target.store);
    return { source: await requireSource(target.store, release), file: null, base: release };
  }
  const file = await readConfig(session, options.config);
  const state = await readPointer(target.store);
  const current = state.kind === "pointer" ? state.pointer : null;
  const base = baseFor(readBase(file.path, target.id), current) ?? current?.release ?? null;
  return { source: { entry: file.entry, files: file.files }, file, base };
}

export async function publishEdit(session: Session, options: EditOptions, edit: ConfigEdit): Promise<Report> {
  const { target, before, after } = edit;
  const edited = edit.shown ?? sourceDiff(before.source, after, session);
  if (changedFiles(before.source, after).length === 0)
    return report([`${edit.message}: it is so already.`], { changed: false, ...edit.json });
  if (options.dryRun === true) return dryRun(session, edit, edited);
  // Before anybody is asked about it.
  const { output, release } = await buildRelease(after, modeOf(target));
  if (release === null) throw invalidFailure(output.diagnostics, after, session);
  if (options.json !== true) for (const line of edited) session.note(line);
  await confirm(session, options, { target, question: `Publish this to ${target.store.label}?` });
  const result = await publishSnapshot({
    ...release,
    store: target.store,
    source: after,
    author: options.author ?? defaultAuthor(session),
    message: options.message ?? edit.message,
    expectedBase: before.base,
    timing: timingOf(session, target),
  });
  const published = result.kind === "outdated" ? result : { ...result, diagnostics: output.diagnostics };
  if (published.kind === "published" || published.kind === "unchanged") keepFiles(edit, published.pointer);
  const end = await publishReport(published, { session, target, source: after, again: "run the command again" });
  return { ...end, json: { ...end.json, diff: edited, ...edit.json } };
}

async function dryRun(session: Session, { target, before, after, json }: ConfigEdit, edited: readonly string[]): Promise<Report> {
  const { output, release } = await buildRelease(after, modeOf(target));
  if (release === null) throw invalidFailure(output.diagnostics, after, session);
  const { store } = target;
  const held = before.base === null ? null : (await requireRelease(store, before.base)).snapshot;
  const changes = await compareReleases({ store, before: held, after: release.snapshot, documents: release.lists });
  const text = [
    ...diagnosticLines(output.diagnostics, after.files, session.paint),
    ...edited,
    ...changeLines(changes, session.paint),
    `Would publish ${shortHash(release.hash)}.`,
  ];
  const { diagnostics } = output;
  return report(text, { dryRun: true, changed: true, release: release.hash, changes, diff: edited, diagnostics, ...json });
}

function changedFiles(before: Source, after: Source): readonly string[] {
  return Object.keys(after.files).filter((name) => after.files[name] !== before.files[name]);
}

/** Only after publishing: a refused edit leaves the files as they were. */
function keepFiles({ before, after, target }: ConfigEdit, pointer: Parameters<typeof writeBase>[2]): void {
  const { file, source } = before;
  if (file === null) return;
  for (const name of changedFiles(source, after)) {
    const isMain = name === after.entry;
    // A config may come from somebody else; nothing outside its folder is ever written.
    if (isMain || isInside(name)) write(isMain ? file.path : join(dirname(file.path), name), after.files[name] ?? "");
  }
  writeBase(file.path, target.id, pointer);
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw failure({
      what: `the edit is published, but ${path} could not be written`,
      why,
      fix: "write it yourself: breakwater show --write FOLDER --force",
    });
  }
}

/** Of a text that is no YAML, or is written in a form that would have to be rewritten. */
export function uneditable(where: string, { kind, message }: { readonly kind: "not-yaml" | "form"; readonly message: string }): Error {
  const isBroken = kind === "not-yaml";
  return failure({
    what: `${where} cannot be edited`,
    why: message,
    fix: isBroken
      ? "breakwater validate shows what is wrong with it"
      : "edit the file by hand (breakwater show --write FOLDER), then publish it",
    exit: isBroken ? EXIT.invalid : EXIT.failed,
  });
}
