// breakwater rollback: makes an earlier release the one in force again, under a new and higher number. Compiles nothing: what is
// published is the very snapshot that ran before.

import type { Command } from "commander";
import { changeLines } from "../compare/describe.ts";
import { compareReleases } from "../compare/releases.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { publishSnapshot } from "../publish.ts";
import { readPointer, readRelease, requireRelease, shortHash, type PointerState } from "../store/documents.ts";
import type { KvStore } from "../store/kv.ts";
import { requireLists } from "../store/lists.ts";
import { withStore, type Run } from "./options.ts";
import { defaultAuthor, timingOf } from "./publish.ts";
import { publishReport } from "./publish-report.ts";
import { findRelease } from "./release-name.ts";
import { confirm, openStore, type Session, type StoreOptions } from "./session.ts";

interface RollbackOptions extends StoreOptions {
  readonly message?: string;
  readonly author?: string;
  readonly dryRun?: boolean;
}

export function addRollback(program: Command, run: Run): void {
  const command = program
    .command("rollback [release]")
    .description("make an earlier release the one in force again: a number or hash of the history (default: the one before)")
    .option("-m, --message <text>", "why, for the history")
    .option("--author <name>", "who, for the history (default: your login name)")
    .option("--dry-run", "show the changes, write nothing");
  withStore(command).action((release: string | undefined, options: RollbackOptions) =>
    run(options, (session) => rollback(session, release, options)),
  );
}

async function rollback(session: Session, name: string | undefined, options: RollbackOptions): Promise<Report> {
  const target = await openStore(session, options);
  const { store } = target;
  const state = await readPointer(store);
  const hash = await chooseRelease(store, state, name);
  const release = await requireRelease(store, hash);
  const current = state.kind === "pointer" ? state.pointer : null;
  const before = current === null ? null : await readRelease(store, current.release).catch(() => null);
  const changes = await compareReleases({ store, before: before?.snapshot ?? null, after: release.snapshot });
  if (options.dryRun === true) {
    await requireLists(store, release.snapshot);
    return report([...changeLines(changes, session.paint), `Would publish ${shortHash(hash)} again.`], {
      dryRun: true,
      release: hash,
      changes,
    });
  }
  if (options.yes !== true && target.kind === "remote") for (const line of changeLines(changes, session.paint)) session.note(line);
  await confirm(session, options, { target, question: `Go back to ${shortHash(hash)} in ${store.label}?` });
  const message = options.message ?? `rollback to ${name ?? shortHash(hash)}`;
  const result = await publishSnapshot({
    store,
    snapshot: release.snapshot,
    hash,
    lists: null,
    source: null,
    author: options.author ?? defaultAuthor(session),
    message,
    expectedBase: current?.release ?? null,
    timing: timingOf(session, target),
  });
  const complete = result.kind === "outdated" ? result : { ...result, diagnostics: [] };
  return publishReport(complete, {
    session,
    target,
    source: { entry: "", files: {} },
    again: `breakwater rollback ${name ?? shortHash(hash)}`,
  });
}

async function chooseRelease(store: KvStore, state: PointerState, name: string | undefined): Promise<string> {
  if (name !== undefined) return findRelease(store, name);
  const before = state.kind === "pointer" ? state.pointer.predecessor : null;
  if (before !== null) return before;
  const why =
    state.kind === "broken" ? state.why : state.kind === "none" ? "nothing is published yet" : "the release in force is the first one";
  throw failure({
    what: "there is no release to go back to",
    why,
    fix: "breakwater history shows what there is; name one: breakwater rollback NUMBER",
    exit: EXIT.usage,
  });
}
