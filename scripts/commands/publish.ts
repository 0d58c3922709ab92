// breakwater publish: makes a config file the release in force, unless somebody published since the file's last publish.

import type { Command } from "commander";
import { userInfo } from "node:os";
import { changeLines } from "../compare/describe.ts";
import { compareReleases } from "../compare/releases.ts";
import { diagnosticLines } from "../output/diagnostics.ts";
import { usageFailure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { buildRelease, publishFiles } from "../publish.ts";
import { baseFor, readBase, writeBase } from "../store/base-record.ts";
import { readPointer, readRelease, shortHash } from "../store/documents.ts";
import type { Target } from "../store/target.ts";
import type { Pointer } from "../../src/release/pointer.ts";
import { readConfig, type ConfigFile } from "./files.ts";
import { invalidFailure, publishReport } from "./publish-report.ts";
import { confirm, openStore, type Session, type StoreOptions } from "./session.ts";
import { withStore, type Run } from "./options.ts";

interface PublishOptions extends StoreOptions {
  readonly message?: string;
  readonly author?: string;
  readonly base?: string;
  readonly dryRun?: boolean;
}

export function addPublish(program: Command, run: Run): void {
  const command = program
    .command("publish [file]")
    .description("make a config file the release in force (default: breakwater.yaml)")
    .option("-m, --message <text>", "why, for the history")
    .option("--author <name>", "who, for the history (default: your login name)")
    .option("--base <hash>", "the release that the file started from, as a hash, or `current` to publish over whatever is in force")
    .option("--dry-run", "check and show the changes, write nothing");
  withStore(command).action((file: string | undefined, options: PublishOptions) =>
    run(options, (session) => publish(session, file, options)),
  );
}

async function publish(session: Session, file: string | undefined, options: PublishOptions): Promise<Report> {
  const config = await readConfig(session, file);
  const target = await openStore(session, options);
  const state = await readPointer(target.store);
  const current = state.kind === "pointer" ? state.pointer : null;
  const expectedBase = chooseBase(config, target, current, options.base);
  if (options.dryRun === true) return dryRun(session, config, target, current);
  const outdated = expectedBase !== undefined && expectedBase !== (current?.release ?? null);
  if (!outdated && target.kind === "remote" && options.yes !== true) {
    const preview = await dryRun(session, config, target, current);
    for (const line of preview.text) session.note(line);
    await confirm(session, options, { target, question: `Publish this to ${target.store.label}?` });
  }
  const result = await publishFiles({
    store: target.store,
    files: config.files,
    entry: config.entry,
    mode: modeOf(target),
    author: options.author ?? defaultAuthor(session),
    message: options.message ?? "",
    // Without a known base it is the one that the preview above compared with.
    expectedBase: expectedBase ?? current?.release ?? null,
    timing: timingOf(session, target),
  });
  if (result.kind === "published" || result.kind === "unchanged") writeBase(config.path, target.id, result.pointer);
  return publishReport(result, { session, target, source: config, again: `breakwater publish ${config.shown} --base current` });
}

/** What the edit started from: named, remembered, or unknown. */
function chooseBase(config: ConfigFile, target: Target, current: Pointer | null, named: string | undefined): string | null | undefined {
  if (named === "current") return undefined;
  if (named === undefined) return baseFor(readBase(config.path, target.id), current);
  if (named === "none") return null;
  if (!/^[0-9a-f]{6,64}$/.test(named))
    throw usageFailure(`--base "${named}" is not a release`, "give a hash from breakwater history, `current`, or `none`");
  return current !== null && current.release.startsWith(named) ? current.release : named;
}

async function dryRun(session: Session, config: ConfigFile, target: Target, current: Pointer | null): Promise<Report> {
  const { output, release } = await buildRelease(config, modeOf(target));
  if (release === null) throw invalidFailure(output.diagnostics, config, session);
  const before = current === null ? null : ((await readRelease(target.store, current.release))?.snapshot ?? null);
  const changes = await compareReleases({ store: target.store, before, after: release.snapshot, documents: release.lists });
  const same = current?.release === release.hash;
  const last = same ? "Nothing would change." : `Would publish ${shortHash(release.hash)} as release ${(current?.number ?? 0) + 1}.`;
  const text = [...diagnosticLines(output.diagnostics, config.files, session.paint), ...changeLines(changes, session.paint), last];
  return report(text, {
    dryRun: true,
    changed: !same,
    release: release.hash,
    base: current?.release ?? null,
    changes,
    diagnostics: output.diagnostics,
  });
}

/** Only the Worker on this machine may have origins on this machine. */
export function modeOf(target: Pick<Target, "kind">): "local" | "production" {
  return target.kind === "local" ? "local" : "production";
}

export function timingOf(session: Session, target: Target): { settleMs: number; nowMs(): number; sleep(ms: number): Promise<void> } {
  return { settleMs: target.settleMs, nowMs: () => session.nowMs(), sleep: (ms) => session.sleep(ms) };
}

export function defaultAuthor(session: Session): string {
  const given = session.env["BREAKWATER_AUTHOR"] ?? session.env["GITHUB_ACTOR"] ?? "";
  if (given !== "") return given;
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
