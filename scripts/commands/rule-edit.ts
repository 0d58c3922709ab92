// One edit of a rule, from text to release: the user's text is changed, shown, checked, published, and written back to the file
// it came from. Called by the rule commands.

import { writeFileSync } from "node:fs";
import { nearestName } from "../../src/expression/diagnostics.ts";
import { editRules, type RuleEdit, type RuleEditError } from "../edit/rules.ts";
import { changeLines } from "../compare/describe.ts";
import { compareSnapshots } from "../compare/snapshots.ts";
import { diagnosticLines } from "../output/diagnostics.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { buildRelease, publishFiles } from "../publish.ts";
import { baseFor, readBase, writeBase } from "../store/base-record.ts";
import { readPointer, requirePointer, requireRelease, requireSource, shortHash, type Source } from "../store/documents.ts";
import type { Target } from "../store/target.ts";
import { sourceDiff } from "./diff.ts";
import { readConfig, type ConfigFile } from "./files.ts";
import { defaultAuthor, modeOf, timingOf } from "./publish.ts";
import { invalidFailure, publishReport } from "./publish-report.ts";
import { confirm, openStore, type Session, type StoreOptions } from "./session.ts";

export interface RuleEditOptions extends StoreOptions {
  readonly config?: string;
  readonly message?: string;
  readonly author?: string;
  readonly dryRun?: boolean;
}

export interface RuleEditInput {
  readonly edit: RuleEdit;
  /** For the history, when the user gave none. */
  readonly message: string;
}

export async function publishRuleEdit(session: Session, options: RuleEditOptions, input: RuleEditInput): Promise<Report> {
  const target = await openStore(session, options);
  const before = await textToEdit(session, options, target);
  const result = editRules(before.source.files[before.source.entry] ?? "", input.edit);
  if (!result.ok) throw editFailure(result.error, before.source.entry, options);
  const after: Source = { entry: before.source.entry, files: { ...before.source.files, [before.source.entry]: result.value } };
  const edited = sourceDiff(before.source, after, session);
  if (edited.length === 0) return report([`${input.message}: it is so already.`], { changed: false });
  const { output, release } = await buildRelease(after, modeOf(target));
  if (release === null) throw invalidFailure(output.diagnostics, after, session);
  if (options.dryRun === true) {
    const held = before.base === null ? null : (await requireRelease(target.store, before.base)).snapshot;
    const changes = compareSnapshots(held, release.snapshot);
    const text = [
      ...diagnosticLines(output.diagnostics, after.files, session.paint),
      ...edited,
      ...changeLines(changes, session.paint),
      `Would publish ${shortHash(release.hash)}.`,
    ];
    return report(text, { dryRun: true, changed: true, release: release.hash, changes, diff: edited, diagnostics: output.diagnostics });
  }
  if (options.json !== true) for (const line of edited) session.note(line);
  await confirm(session, options, { target, question: `Publish this to ${target.store.label}?` });
  const published = await publishFiles({
    store: target.store,
    files: after.files,
    entry: after.entry,
    mode: modeOf(target),
    author: options.author ?? defaultAuthor(session),
    message: options.message ?? input.message,
    expectedBase: before.base,
    timing: timingOf(session, target),
  });
  if (published.kind === "published" || published.kind === "unchanged") keepFile(before.file, result.value, target, published.pointer);
  const end = await publishReport(published, { session, target, source: after, again: "run the command again" });
  return { ...end, json: { ...end.json, diff: edited } };
}

interface TextToEdit {
  readonly source: Source;
  /** The file that the text came from; null for the release in force. */
  readonly file: ConfigFile | null;
  /** The release that the edit starts from. */
  readonly base: string | null;
}

async function textToEdit(session: Session, options: RuleEditOptions, target: Target): Promise<TextToEdit> {
  if (options.config === undefined) {
    const { release } = await requirePointer(target.store);
    return { source: await requireSource(target.store, release), file: null, base: release };
  }
  const file = readConfig(session, options.config);
  const state = await readPointer(target.store);
  const current = state.kind === "pointer" ? state.pointer : null;
  const base = baseFor(readBase(file.path, target.id), current) ?? current?.release ?? null;
  return { source: { entry: file.entry, files: file.files }, file, base };
}

/** Only after publishing: a refused edit leaves the file as it was. */
function keepFile(file: ConfigFile | null, text: string, target: Target, pointer: Parameters<typeof writeBase>[2]): void {
  if (file === null) return;
  try {
    writeFileSync(file.path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw failure({
      what: `the edit is published, but ${file.shown} could not be written`,
      why,
      fix: "write it yourself: breakwater show --write FOLDER --force",
    });
  }
  writeBase(file.path, target.id, pointer);
}

function editFailure(error: RuleEditError, entry: string, options: RuleEditOptions): Error {
  const where = options.config ?? `${entry} of the release in force`;
  switch (error.kind) {
    case "unknown-rule": {
      const near = nearestName(error.id, error.known);
      const why = error.known.length === 0 ? `${where} has no rules` : `${where} has: ${error.known.join(", ")}`;
      const fix = near === null ? "breakwater rule list shows them" : `did you mean ${near}?`;
      return failure({ what: `there is no rule "${error.id}"`, why, fix, exit: EXIT.usage });
    }
    case "exists":
      return failure({
        what: `there is a rule "${error.id}" already`,
        why: "ids are unique",
        fix: `choose another --id, or first: breakwater rule remove ${error.id}`,
        exit: EXIT.usage,
      });
    case "not-yaml":
      return failure({
        what: `${where} cannot be edited`,
        why: error.message,
        fix: "breakwater validate shows what is wrong with it",
        exit: EXIT.invalid,
      });
    case "form":
      return failure({
        what: `${where} cannot be edited`,
        why: error.message,
        fix: "edit the file by hand (breakwater show --write FOLDER), then publish it",
        exit: EXIT.failed,
      });
    default:
      return error satisfies never;
  }
}
