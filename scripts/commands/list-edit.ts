// Edits of lists from the command line: a new list, entries that come and go, entries of a file. What is asked for is checked before
// anything is published, and all of it or none is done. Called by list.ts.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { CONFIG_REFERENCED_BYTES_MAX, LIST_COMMENT_CHARS_MAX } from "../../src/limits.ts";
import type { WrittenEntry } from "../../src/config/list-lines.ts";
import type { Result } from "../../src/result.ts";
import type { ListEditError } from "../edit/lists.ts";
import { complaint, guessFormat, readImport, type ImportedEntries, type ImportFormat } from "../lists/import.ts";
import { planAdd, planRemove, planReplace, type ListPlan, type WantedEntry } from "../lists/plan.ts";
import { entriesHolding, meaningOf, writtenLists, type WrittenList } from "../lists/read.ts";
import { requireList } from "../lists/require.ts";
import { counted } from "../output/diagnostics.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure, usageFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import type { Report } from "../output/report.ts";
import type { Source } from "../store/documents.ts";
import type { Target } from "../store/target.ts";
import { openEdit, publishEdit, uneditable, type EditOptions, type EditStart } from "./config-edit.ts";
import { chosenExpiry } from "./expiry.ts";
import { invalidFailure } from "./publish-report.ts";
import { openStore, type Session } from "./session.ts";

export interface CreateOptions extends EditOptions {
  readonly kind: string;
  readonly description?: string;
}

export interface AddOptions extends EditOptions {
  readonly expires?: string;
  readonly comment?: string;
}

export interface ImportOptions extends AddOptions {
  readonly format?: string;
  readonly replace?: boolean;
  readonly skipInvalid?: boolean;
}

/** Entries of an edit that are shown one by one. */
const SHOWN_MAX = 20;

export async function createOne(session: Session, name: string, options: CreateOptions): Promise<Report> {
  if (!/^[a-z0-9_.]{1,50}$/.test(name))
    throw usageFailure(
      `"${name}" cannot be a list's name`,
      "up to 50 lower-case letters, digits, `_` and `.`, as rules write it: $scrapers",
    );
  if (!["ip", "asn", "country", "string", "host"].includes(options.kind))
    throw usageFailure(`--kind "${options.kind}" is none`, "give ip, asn, country, string or host");
  const target = await openStore(session, options);
  const before = await openEdit(session, options, target);
  const file = `lists/${name}.txt`;
  const { kind, description = null } = options;
  // A file that is there already keeps its entries.
  const path = before.file === null ? null : join(dirname(before.file.path), file);
  const text = before.source.files[file] ?? (path !== null && existsSync(path) ? readFileSync(path, "utf8") : "");
  const { createList } = await import("../edit/lists.ts");
  const after = unwrap(createList(before.source, { name, kind, description, file, text }), before.source, options);
  return publishEdit(session, options, { target, before, after, message: `list create ${name}` });
}

export async function addEntries(session: Session, name: string, values: readonly string[], options: AddOptions): Promise<Report> {
  const said = entryOptions(session, options);
  const { target, before, list } = await openList(session, name, options);
  const wanted = values.map((value) => ({ value: list.kind === "string" ? value : value.trim(), ...said }));
  const bad = wanted.flatMap((entry) => complaint(entry, list.kind) ?? []);
  if (bad.length > 0)
    throw failure({
      what: `nothing was added to ${name}`,
      why: bad.join("; "),
      fix: `give entries of the list's kind, ${list.kind}`,
      exit: EXIT.usage,
    });
  const plan = planAdd(list, wanted, session.nowMs());
  return publishPlan(session, options, { target, before, list, plan, verb: "add", notes: coveredNotes(list, plan) });
}

export async function removeEntries(session: Session, name: string, values: readonly string[], options: EditOptions): Promise<Report> {
  const { target, before, list } = await openList(session, name, options);
  const plan = planRemove(list, values);
  const [unknown] = plan.unknown;
  if (unknown !== undefined) {
    const meaning = meaningOf(list.kind, unknown);
    const [holder] = meaning === null ? [] : entriesHolding(list, meaning);
    throw failure({
      what: `nothing was removed from ${name}`,
      why: `it has no entry ${plan.unknown.join(", ")}${holder === undefined ? "" : `; ${unknown} is in ${holder.value}`}`,
      fix: holder === undefined ? `breakwater list show ${name}` : `remove ${holder.value}, and add what shall stay of it`,
      exit: EXIT.usage,
    });
  }
  return publishPlan(session, options, { target, before, list, plan, verb: "remove", notes: [] });
}

export async function importEntries(session: Session, name: string, file: string, options: ImportOptions): Promise<Report> {
  const said = entryOptions(session, options);
  const text = await readInput(session, file);
  const format = chosenFormat(options.format) ?? guessFormat(file, text);
  const { target, before, list } = await openList(session, name, options);
  const imported = readImport(text, format, list.kind);
  if (imported === null) throw usageFailure(`${file} is no JSON array`, 'write it as ["203.0.113.7", ...], or give --format lines or csv');
  if (imported.invalid.length > 0 && options.skipInvalid !== true) throw invalidLines(file, format, imported);
  // What the file says of an entry counts before what the command line says of all.
  const wanted: readonly WantedEntry[] = imported.entries.map((entry) => ({ ...said, ...entry }));
  const plan = options.replace === true ? planReplace(list, wanted, session.nowMs()) : planAdd(list, wanted, session.nowMs());
  const notes = imported.invalid.length === 0 ? [] : [`${counted(imported.invalid.length, "line")} left out: ${places(imported)}.`];
  const json = { invalid: imported.invalid };
  return publishPlan(session, options, { target, before, list, plan, verb: "import", notes, json });
}

interface OpenList {
  readonly target: Target;
  readonly before: EditStart;
  readonly list: WrittenList;
}

async function openList(session: Session, name: string, options: EditOptions): Promise<OpenList> {
  const target = await openStore(session, options);
  const before = await openEdit(session, options, target);
  const { entry, files } = before.source;
  const { readConfigText } = await import("../../src/config/build.ts");
  const { config, diagnostics } = readConfigText(entry, files[entry] ?? "");
  if (config === null) throw invalidFailure(diagnostics, before.source, session);
  return { target, before, list: requireList(writtenLists(config, before.source), name) };
}

interface PlannedEdit extends OpenList {
  readonly plan: ListPlan;
  readonly verb: string;
  readonly notes: readonly string[];
  readonly json?: Readonly<Record<string, unknown>>;
}

async function publishPlan(session: Session, options: EditOptions, edit: PlannedEdit): Promise<Report> {
  const { target, before, list, plan, verb, notes } = edit;
  const { name, file } = list;
  const { editEntries } = await import("../edit/lists.ts");
  const after = unwrap(editEntries(before.source, { name, file, changes: plan }), before.source, options);
  const { added, changed, present, gone } = plan;
  const counts = { added: added.length, changed: changed.size, present: present.length, removed: gone.length };
  const words = [
    counts.added === 0 ? "" : `${counts.added} added`,
    counts.changed === 0 ? "" : `${counts.changed} changed`,
    counts.removed === 0 ? "" : `${counts.removed} removed`,
    counts.present === 0 ? "" : `${counts.present} there already`,
  ].filter((word) => word !== "");
  const shown = [`List ${name}: ${words.length === 0 ? "nothing to do" : words.join(", ")}.`, ...planLines(session, plan, list), ...notes];
  const subject = [...added, ...changed.values(), ...gone].map(({ value }) => value);
  const what = subject.length === 1 ? subject[0] : counted(subject.length, "entry").replace(/entrys$/, "entries");
  const message = `list ${verb} ${name} ${subject.length === 0 ? "" : what}`.trim();
  return publishEdit(session, options, { target, before, after, message, shown, json: { list: name, counts, ...edit.json } });
}

function planLines(session: Session, { added, changed, gone, present }: ListPlan, list: WrittenList): readonly string[] {
  const line = (sign: string, entry: WrittenEntry): string => printable(`${sign} ${entryText(entry)}`);
  const lines = [
    ...gone.map((entry) => session.paint("red", line("-", entry))),
    ...[...changed].flatMap(([index, entry]) => {
      const old = list.entries[index];
      return [...(old === undefined ? [] : [session.paint("red", line("-", old))]), session.paint("green", line("+", entry))];
    }),
    ...added.map((entry) => session.paint("green", line("+", entry))),
    ...present.map((entry) => session.paint("dim", line("=", entry))),
  ];
  const left = lines.length - SHOWN_MAX;
  return left > 0 ? [...lines.slice(0, SHOWN_MAX), `... and ${left} more`] : lines;
}

function entryText({ value, expires, comment }: WrittenEntry): string {
  return `${value}${expires === null ? "" : ` expires=${expires}`}${comment === null ? "" : ` # ${comment}`}`;
}

function coveredNotes(list: WrittenList, { added }: ListPlan): readonly string[] {
  return added.slice(0, SHOWN_MAX).flatMap(({ value }) => {
    const meaning = meaningOf(list.kind, value);
    const [holder] = meaning === null ? [] : entriesHolding(list, meaning);
    return holder === undefined ? [] : [`${value} is in ${entryText(holder)} as well.`];
  });
}

/** What the options say of each entry. */
function entryOptions(session: Session, { expires, comment }: AddOptions): Omit<WantedEntry, "value"> {
  if (comment !== undefined && (comment.length > LIST_COMMENT_CHARS_MAX || /[\r\n]/.test(comment)))
    throw usageFailure("--comment does not fit", `give one line of ${LIST_COMMENT_CHARS_MAX} characters at most`);
  return {
    ...(expires !== undefined && { expires: chosenExpiry(expires, session.nowMs()) }),
    ...(comment !== undefined && { comment: comment.trim() === "" ? null : comment.trim() }),
  };
}

function chosenFormat(text: string | undefined): ImportFormat | null {
  if (text === undefined) return null;
  if (text === "lines" || text === "csv" || text === "json") return text;
  throw usageFailure(`--format "${text}" is none`, "give lines, csv or json");
}

async function readInput(session: Session, file: string): Promise<string> {
  const text = file === "-" ? await readAll(process.stdin) : readFile(resolve(session.cwd, file), file);
  if (Buffer.byteLength(text) <= CONFIG_REFERENCED_BYTES_MAX) return text;
  throw usageFailure(`${file} is too large`, `a list's file has ${CONFIG_REFERENCED_BYTES_MAX} bytes at most; make several lists`);
}

function readFile(path: string, given: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw failure({
      what: `${given} cannot be read`,
      why: `there is no readable file at ${path}`,
      fix: "check the path",
      exit: EXIT.usage,
    });
  }
}

function invalidLines(file: string, format: ImportFormat, { invalid }: ImportedEntries): Error {
  const place = format === "json" ? "item" : "line";
  const lines = invalid.slice(0, SHOWN_MAX).map((one) => printable(`${file}: ${place} ${one.place}: ${one.message}`));
  const left = invalid.length - SHOWN_MAX;
  return failure({
    what: `${file} has ${counted(invalid.length, place)} that ${invalid.length === 1 ? "holds" : "hold"} no entry, nothing was changed`,
    fix: "correct the file, or add --skip-invalid",
    exit: EXIT.invalid,
    details: left > 0 ? [...lines, `... and ${left} more`] : lines,
    data: { invalid },
  });
}

function places({ invalid }: ImportedEntries): string {
  const first = invalid.slice(0, SHOWN_MAX).map(({ place }) => String(place));
  return invalid.length > SHOWN_MAX ? `${first.join(", ")}, ...` : first.join(", ");
}

function unwrap(result: Result<Source, ListEditError>, source: Source, options: EditOptions): Source {
  if (result.ok) return result.value;
  const where = options.config ?? `${source.entry} of the release in force`;
  const { error } = result;
  switch (error.kind) {
    case "exists":
      throw failure({ what: `there is a list "${error.name}" already`, fix: `breakwater list show ${error.name}`, exit: EXIT.usage });
    case "entry":
      throw failure({
        what: `a list's file cannot have the entry ${JSON.stringify(error.value)}`,
        why: "spaces at its ends, line breaks, ` #` and a trailing ` expires=` mean something else there",
        fix: "write it under `entries` in the config",
        exit: EXIT.usage,
      });
    case "not-yaml":
    case "form":
      throw uneditable(where, error);
    default:
      return error satisfies never;
  }
}
