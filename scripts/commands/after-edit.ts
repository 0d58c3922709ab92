// The end of every command that changes something: refreshes the Worker and says where the edit is in force, and by when it is
// everywhere. Used by publish, rollback, rule and origin.

import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import { formatTime } from "../output/time.ts";
import { EVERYWHERE_MS, refreshWorker, type Refreshed } from "../store/refresh.ts";
import type { Target } from "../store/target.ts";
import { adminApi, type AdminApi, type AdminGap } from "../store/worker.ts";
import type { Session } from "./session.ts";

export interface EditEnd {
  readonly lines: readonly string[];
  readonly json: Readonly<Record<string, unknown>>;
  readonly exit: ExitCode;
}

/** The admin API of a target, with the token found in the user's folder or the project's. */
export function sessionAdmin(session: Session, target: Target): AdminApi | AdminGap {
  return adminApi(target, session.env, session.tokenFolders);
}

export async function endEdit(session: Session, target: Target, shows: (status: unknown) => boolean): Promise<EditEnd> {
  const writtenAtMs = session.nowMs();
  const api = sessionAdmin(session, target);
  const refreshed = await refreshWorker({ api, shows, nowMs: () => session.nowMs(), sleep: (ms) => session.sleep(ms) });
  const everywhereByMs = writtenAtMs + EVERYWHERE_MS[target.kind];
  const exit = refreshed.kind === "timeout" || refreshed.kind === "rejected" ? EXIT.unconfirmed : EXIT.ok;
  const json = { worker: target.workerUrl, refresh: refreshed, everywhereByMs };
  return { lines: [...refreshLines(refreshed, target), ...everywhereLines(refreshed, target, everywhereByMs)], json, exit };
}

function refreshLines(refreshed: Refreshed, target: Target): readonly string[] {
  switch (refreshed.kind) {
    case "confirmed":
      return [`In force at ${target.workerUrl ?? "the Worker"}.`];
    case "skipped":
      return target.kind === "local" ? [`The Worker was not asked to read it at once: ${refreshed.fix}.`] : [];
    case "rejected":
      return [
        `warning: the Worker at ${target.workerUrl ?? ""} refuses it and keeps what it had: ${refreshed.why}`,
        "  fix: breakwater rollback",
      ];
    case "timeout":
      return [
        `warning: it is written, but the Worker at ${target.workerUrl ?? ""} does not show it: ${refreshed.why}`,
        "  fix: breakwater status",
      ];
    default:
      return refreshed satisfies never;
  }
}

function everywhereLines(refreshed: Refreshed, target: Target, everywhereByMs: number): readonly string[] {
  if (refreshed.kind === "rejected" || refreshed.kind === "timeout") return [];
  if (target.kind === "remote") return [`Everywhere by ${formatTime(everywhereByMs)}: data centres keep their copies for that long.`];
  return refreshed.kind === "confirmed" ? [] : ["It looks at KV by itself every few seconds."];
}
