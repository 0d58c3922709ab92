// The outcome of a publication as a report, the same for publish, rollback and the rule commands: refusals carry the diff that
// the user has to look at.

import { changeLines } from "../compare/describe.ts";
import { compareReleases } from "../compare/releases.ts";
import type { SnapshotChange } from "../compare/snapshots.ts";
import { countProblems, diagnosticLines } from "../output/diagnostics.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure, isFailure } from "../output/failure.ts";
import type { Report } from "../output/report.ts";
import { formatTime } from "../output/time.ts";
import type { OutdatedResult, PublishResult } from "../publish.ts";
import { readRelease, shortHash, type Source } from "../store/documents.ts";
import { showsRelease } from "../store/refresh.ts";
import type { KvStore } from "../store/kv.ts";
import type { Target } from "../store/target.ts";
import { endEdit } from "./after-edit.ts";
import type { Session } from "./session.ts";

export interface PublishReportInput {
  readonly session: Session;
  readonly target: Target;
  /** What was published: its texts are quoted in diagnostics. */
  readonly source: Source;
  /** How to go on after a refusal, as a command. */
  readonly again: string;
}

/** @throws a CLI failure for a config with errors and for an outdated base. */
export async function publishReport(result: PublishResult, input: PublishReportInput): Promise<Report> {
  const { session, target, source } = input;
  switch (result.kind) {
    case "invalid":
      throw invalidFailure(result.diagnostics, source, session);
    case "outdated":
      throw await outdatedFailure(result, input);
    case "unchanged": {
      const { number, release } = result.pointer;
      const first = `Nothing changed: release ${number} (${shortHash(release)}) is this config already.`;
      const lines = [
        ...warnings(result.diagnostics, source, session),
        first,
        ...(result.sourceUpdated ? ["Comments and formatting were updated."] : []),
      ];
      return { exit: EXIT.ok, text: lines, json: { changed: false, number, release, sourceUpdated: result.sourceUpdated } };
    }
    case "published": {
      const { pointer, changes, confirmed } = result;
      const end = await endEdit(session, target, showsRelease(pointer.number, pointer.release));
      const unread = confirmed ? [] : ["warning: the store does not show the new release yet; look again with: breakwater status"];
      const text = [
        ...warnings(result.diagnostics, source, session),
        ...changeLines(changes, session.paint),
        `Published release ${pointer.number} (${shortHash(pointer.release)}) to ${target.store.label}.`,
        ...unread,
        ...end.lines,
      ];
      const json = {
        changed: true,
        number: pointer.number,
        release: pointer.release,
        predecessor: pointer.predecessor,
        changes,
        confirmed,
        ...end.json,
      };
      return { exit: confirmed ? end.exit : EXIT.unconfirmed, text, json: { ...json, diagnostics: result.diagnostics } };
    }
    default:
      return result satisfies never;
  }
}

type Diagnostics = Extract<PublishResult, { readonly kind: "invalid" }>["diagnostics"];

export function invalidFailure(diagnostics: Diagnostics, source: Source, session: Session): Error {
  return failure({
    what: `${source.entry} has ${countProblems(diagnostics)}`,
    fix: "correct the places above; breakwater validate shows them again",
    exit: EXIT.invalid,
    details: diagnosticLines(diagnostics, source.files, session.paint),
    data: { diagnostics },
  });
}

function warnings(diagnostics: Diagnostics, source: Source, session: Session): readonly string[] {
  return diagnosticLines(diagnostics, source.files, session.paint);
}

async function outdatedFailure(result: OutdatedResult, input: PublishReportInput): Promise<Error> {
  const { current, base, raced } = result;
  const changes = await changesBetween(input.target.store, base, current?.release ?? null);
  const details =
    current === null
      ? []
      : [
          `Release ${current.number} (${shortHash(current.release)}) was published by ${current.author} at ${formatTime(current.publishedAtMs)}: ${current.message}`,
          ...(changes === null ? ["What it changed cannot be shown: a release is missing."] : changeLines(changes, input.session.paint)),
        ];
  const started = base === null ? "no release at all" : `release ${shortHash(base)}`;
  const now = current === null ? "none is" : `${shortHash(current.release)} is`;
  return failure({
    what: raced ? "somebody else published at the same moment, and theirs is in force" : "the config is not based on the release in force",
    why: `it started from ${started}, and ${now} in force now`,
    fix: `take over the changes above (breakwater show prints the file in force), then: ${input.again}`,
    exit: EXIT.refused,
    details,
    data: { base, current, raced, changes },
  });
}

async function changesBetween(store: KvStore, before: string | null, after: string | null): Promise<readonly SnapshotChange[] | null> {
  try {
    const was = before === null ? null : await readRelease(store, before);
    const is = after === null ? null : await readRelease(store, after);
    if (is === null || (before !== null && was === null)) return null;
    return await compareReleases({ store, before: was?.snapshot ?? null, after: is.snapshot });
  } catch (error) {
    if (isFailure(error)) return null;
    throw error;
  }
}
