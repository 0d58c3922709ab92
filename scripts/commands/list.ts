// breakwater list: the lists that rules look into, as their author wrote them: shown, searched, made, and edited entry by entry or from a
// file. What an edit does is in list-edit.ts. The text is that of the release in force, or a file (--config).

import type { Command } from "commander";
import { parseListEntry, type EntryValue } from "../../src/firewall/list-entries.ts";
import { entriesHolding, isOver, writtenLists, type WrittenList } from "../lists/read.ts";
import { requireList } from "../lists/require.ts";
import { rulesByList } from "../lists/rules.ts";
import { countProblems } from "../output/diagnostics.ts";
import { failure, usageFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { table } from "../output/table.ts";
import { buildRelease } from "../publish.ts";
import { requirePointer, requireRelease, requireSource, type Source } from "../store/documents.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import type { NormalConfig } from "../../src/config/normalize.ts";
import type { EditOptions } from "./config-edit.ts";
import { readConfig } from "./files.ts";
import {
  addEntries,
  createOne,
  importEntries,
  removeEntries,
  type AddOptions,
  type CreateOptions,
  type ImportOptions,
} from "./list-edit.ts";
import { withStore, type Run } from "./options.ts";
import { invalidFailure } from "./publish-report.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface ShowOptions extends StoreOptions {
  readonly config?: string;
  readonly contains?: string;
}

const KINDS = "ip, asn, country, string or host";

export function addList(program: Command, run: Run): void {
  const list = program.command("list").description("lists that rules look into: show, create, add, remove, import");
  const show = list
    .command("show [name]", { isDefault: true })
    .description("all lists, or the entries of one")
    .option("--contains <value>", "only entries that hold this address, block or other value")
    .option("--config <file>", "of a file instead of the release in force");
  withStore(show).action((name: string | undefined, options: ShowOptions) => run(options, (session) => showLists(session, name, options)));

  const create = list
    .command("create <name>")
    .description("make an empty list with a file of its own; publishes")
    .requiredOption("--kind <kind>", KINDS)
    .option("--description <text>", "for people");
  withEdit(create).action((name: string, options: CreateOptions) => run(options, (session) => createOne(session, name, options)));

  const add = list
    .command("add <name> <entry...>")
    .description("put entries into a list, or give those that are there another expiry or comment; publishes");
  withEntry(withEdit(add)).action((name: string, entries: readonly string[], options: AddOptions) =>
    run(options, (session) => addEntries(session, name, entries, options)),
  );

  const remove = list.command("remove <name> <entry...>").description("take entries out of a list; publishes");
  withEdit(remove).action((name: string, entries: readonly string[], options: EditOptions) =>
    run(options, (session) => removeEntries(session, name, entries, options)),
  );

  const load = list
    .command("import <name> <file>")
    .description("put the entries of a file (- is standard input) into a list: lines, a CSV's first column, or a JSON array; publishes")
    .option("--format <format>", "lines, csv or json (default: by the file's name and first characters)")
    .option("--replace", "take out what the file does not have")
    .option("--skip-invalid", "leave out lines that are no entries, instead of refusing the file");
  withEntry(withEdit(load)).action((name: string, file: string, options: ImportOptions) =>
    run(options, (session) => importEntries(session, name, file, options)),
  );
}

function withEntry(command: Command): Command {
  return command
    .option("--expires <when>", "through this day, such as 2027-01-31, after a time, such as 30d, or never")
    .option("--comment <text>", "for people");
}

function withEdit(command: Command): Command {
  command
    .option("--config <file>", "edit this file and publish it (default: the config of the release in force)")
    .option("-m, --message <text>", "why, for the history")
    .option("--author <name>", "who, for the history (default: your login name)")
    .option("--dry-run", "check and show the changes, write nothing");
  return withStore(command);
}

interface Shown {
  readonly lists: readonly WrittenList[];
  readonly snapshot: Snapshot;
  readonly entry: string;
}

async function showLists(session: Session, name: string | undefined, options: ShowOptions): Promise<Report> {
  if (name === undefined && options.contains !== undefined)
    throw usageFailure("--contains looks into one list", "for example: breakwater list show NAME --contains 203.0.113.7");
  const shown = options.config === undefined ? await published(session, options) : await ofFile(session, options.config, options);
  return name === undefined ? showAll(shown, session) : showOne(shown, name, options, session);
}

async function published(session: Session, options: StoreOptions): Promise<Shown> {
  const { store } = await openStore(session, options);
  const { release } = await requirePointer(store);
  const [{ snapshot }, source] = await Promise.all([requireRelease(store, release), requireSource(store, release)]);
  const { readConfigText } = await import("../../src/config/build.ts");
  const { config } = readConfigText(source.entry, source.files[source.entry] ?? "");
  return { lists: listsOf(config, source), snapshot, entry: source.entry };
}

async function ofFile(session: Session, file: string, options: StoreOptions): Promise<Shown> {
  const config = await readConfig(session, file);
  const { output, release } = await buildRelease(config, options.remote === true ? "production" : "local");
  if (release === null) throw invalidFailure(output.diagnostics, config, session);
  if (output.diagnostics.length > 0)
    session.note(`${config.shown} has ${countProblems(output.diagnostics)}; breakwater validate shows them`);
  return { lists: listsOf(output.config, config), snapshot: release.snapshot, entry: config.entry };
}

function listsOf(config: NormalConfig | null, source: Source): readonly WrittenList[] {
  if (config !== null) return writtenLists(config, source);
  throw failure({
    what: "the lists cannot be shown",
    why: `this version of Breakwater does not read ${source.entry}`,
    fix: "breakwater show prints it",
  });
}

function showAll({ lists, snapshot, entry }: Shown, session: Session): Report {
  const users = rulesByList(snapshot);
  const rows = lists.map((list) => {
    const temporary = list.entries.filter(({ expires }) => expires !== null);
    const over = temporary.filter((one) => isOver(one, session.nowMs()));
    return { list, temporary: temporary.length, over: over.length, rules: users.get(list.name) ?? [] };
  });
  const columns = [
    { title: "NAME" },
    { title: "KIND" },
    { title: "ENTRIES", align: "right" },
    { title: "TEMPORARY", align: "right" },
    { title: "OVER", align: "right" },
    { title: "IN" },
    { title: "RULES" },
  ] as const;
  const cells = rows.map(({ list, temporary, over, rules }) => [
    list.name,
    list.kind,
    String(list.entries.length),
    String(temporary),
    String(over),
    printable(list.file ?? entry),
    rules.length === 0 ? session.paint("dim", "none") : printable(rules.join(", ")),
  ]);
  const json = rows.map(({ list: { entries, file, ...list }, ...counts }) => ({ ...list, file, entries: entries.length, ...counts }));
  return report(rows.length === 0 ? ["There are no lists."] : table(columns, cells), { lists: json });
}

function showOne({ lists }: Shown, name: string, options: ShowOptions, session: Session): Report {
  const list = requireList(lists, name);
  const holding = options.contains === undefined ? list.entries : entriesHolding(list, wantedValue(list, options.contains));
  const nowMs = session.nowMs();
  const entries = holding.map((entry) => ({ ...entry, over: isOver(entry, nowMs) }));
  const { kind, description, file } = list;
  const json = {
    name,
    kind,
    description,
    file,
    entries,
    ...(options.contains !== undefined && { contains: entries.some(({ over }) => !over) }),
  };
  const rows = entries.map(({ value, expires, comment, over }) => [
    printable(value),
    expires === null
      ? ""
      : session.paint(over ? "dim" : "yellow", over ? `over since ${printable(expires)}` : `until ${printable(expires)}`),
    printable(comment ?? ""),
  ]);
  if (rows.length > 0) return report(table([{ title: "ENTRY" }, { title: "EXPIRES" }, { title: "COMMENT" }], rows), json);
  return report(
    [options.contains === undefined ? `The list ${name} is empty.` : `No entry of ${name} holds ${printable(options.contains)}.`],
    json,
  );
}

function wantedValue(list: WrittenList, text: string): EntryValue {
  const parsed = parseListEntry(list.kind, text);
  if (parsed.ok) return parsed.value;
  throw usageFailure(`--contains: ${parsed.error}`, `give a value of the list's kind, ${list.kind}`);
}
