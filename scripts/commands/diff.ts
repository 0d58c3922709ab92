// breakwater diff: what publishing a file would change, by name; with --text also line by line.

import type { Command } from "commander";
import { changeLines } from "../compare/describe.ts";
import { compareReleases } from "../compare/releases.ts";
import { EXIT, EXIT_DIFFERENT } from "../output/exit-codes.ts";
import { unifiedDiff } from "../output/lines.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { buildRelease } from "../publish.ts";
import { readPointer, readSource, requireRelease, shortHash, type Source } from "../store/documents.ts";
import { readConfig } from "./files.ts";
import { withStore, type Run } from "./options.ts";
import { modeOf } from "./publish.ts";
import { invalidFailure } from "./publish-report.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface DiffOptions extends StoreOptions {
  readonly text?: boolean;
  readonly exitCode?: boolean;
}

export function addDiff(program: Command, run: Run): void {
  const command = program
    .command("diff [file]")
    .description("what publishing a config file would change (default: breakwater.yaml)")
    .option("--text", "also line by line")
    .option("--exit-code", "exit with 1 when there are differences");
  withStore(command).action((file: string | undefined, options: DiffOptions) => run(options, (session) => diff(session, file, options)));
}

async function diff(session: Session, file: string | undefined, options: DiffOptions): Promise<Report> {
  const config = await readConfig(session, file);
  const target = await openStore(session, options);
  const { output, release } = await buildRelease(config, modeOf(target));
  if (release === null) throw invalidFailure(output.diagnostics, config, session);
  const state = await readPointer(target.store);
  const current = state.kind === "pointer" ? state.pointer : null;
  const before = current === null ? null : await requireRelease(target.store, current.release);
  const { store } = target;
  const changes = await compareReleases({ store, before: before?.snapshot ?? null, after: release.snapshot, documents: release.lists });
  const source = current === null || options.text !== true ? null : await readSource(target.store, current.release);
  const textLines = options.text === true ? sourceDiff(source, config, session) : [];
  const same = current?.release === release.hash;
  const from = current === null ? "Nothing is published yet" : `Release ${current.number} (${shortHash(current.release)})`;
  const head = same ? `${from} and ${config.shown} are the same.` : `${from} -> ${config.shown} (${shortHash(release.hash)})`;
  const json = { same, base: current?.release ?? null, number: current?.number ?? null, release: release.hash, changes };
  const exit = same || options.exitCode !== true ? EXIT.ok : EXIT_DIFFERENT;
  const diffJson = options.text === true ? { text: textLines } : {};
  return report([head, ...changeLines(changes, session.paint), ...textLines], { ...json, ...diffJson }, exit);
}

/** A unified diff of every file that differs. */
export function sourceDiff(before: Source | null, after: Source, session: Pick<Session, "paint">): readonly string[] {
  const names = [...new Set([...Object.keys(before?.files ?? {}), ...Object.keys(after.files)])];
  return names.flatMap((name) => {
    const lines = unifiedDiff(printable(before?.files[name] ?? ""), printable(after.files[name] ?? ""), session.paint);
    return lines.length === 0 ? [] : [session.paint("bold", `--- ${name} in force`), session.paint("bold", `+++ ${name}`), ...lines];
  });
}
