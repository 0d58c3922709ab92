// breakwater purge: takes answers out of the cache, in every data centre. Goes through the Worker's admin API, where the one
// purge ledger gives purges their order. --dry-run only reads: it says which generations would be set, and what they hold now.

import type { Command } from "commander";
import { PURGES_AT_ONCE_MAX } from "../../src/limits.ts";
import type { PurgeRequest } from "../../src/ports.ts";
import { failure, isFailure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { formatTime } from "../output/time.ts";
import { field } from "../store/rest.ts";
import { requireAdmin, type AdminApi } from "../store/worker.ts";
import { sessionAdmin } from "./after-edit.ts";
import { collect, withStore, type Run } from "./options.ts";
import { askedPurges, canonicalPurges, type PurgeNames } from "./purge-asked.ts";
import { dryRun } from "./purge-dry-run.ts";
import { capital, describeAll, verb } from "./purge-words.ts";
import { confirm, openStore, type Session, type StoreOptions } from "./session.ts";

interface PurgeOptions extends StoreOptions, PurgeNames {
  readonly dryRun?: boolean;
}

export function addPurge(program: Command, run: Run): void {
  const command = program
    .command("purge")
    .description("take answers out of the cache")
    .option("--url <url>", "one URL, with all its variants; may be repeated", collect)
    .option("--host <host>", "everything of a host; may be repeated", collect)
    .option("--prefix <host/path>", "everything below a path; may be repeated", collect)
    .option("--tag <tag>", "everything with a surrogate key; may be repeated", collect)
    .option("--file <file>", "the URLs of a file, one per line, # for comments; - for standard input")
    .option("--everything", "the whole cache")
    .option("--soft", "make it stale instead: served while it is fetched anew")
    .option("--dry-run", "show what would be purged and which generations it would set, purge nothing");
  withStore(command).action((options: PurgeOptions) => run(options, (session) => purge(session, options)));
}

async function purge(session: Session, options: PurgeOptions): Promise<Report> {
  const asked = await askedPurges(session, options);
  const target = await openStore(session, options);
  const requests = await canonicalPurges(target.store, asked);
  if (options.dryRun === true) return dryRun(target.store, requests);
  const api = requireAdmin(sessionAdmin(session, target), "nothing was purged");
  const soft = options.soft === true;
  await confirm(session, options, { target, question: `${capital(verb(soft))} ${describeAll(requests)} at ${api.url}?` });
  const receipts = await sendAll(
    api,
    asked.map(({ request }) => request),
  );
  return purged(requests, receipts, soft);
}

/** One purge as one object, which every Worker takes; several as a list, each list all or nothing. */
async function sendAll(api: AdminApi, asked: readonly PurgeRequest[]): Promise<readonly unknown[]> {
  const receipts: unknown[] = [];
  for (let from = 0; from < asked.length; from += PURGES_AT_ONCE_MAX) {
    const batch = asked.slice(from, from + PURGES_AT_ONCE_MAX);
    try {
      receipts.push(await api.call("POST", "/_breakwater/purge", batch.length === 1 ? batch[0] : { purges: batch }));
    } catch (error) {
      if (from === 0 || !isFailure(error)) throw error;
      const { what, why } = error.parts;
      const fix = "run it again: to purge something twice does no harm";
      throw failure({ what: `${from} of ${asked.length} were purged, then ${what}`, why, fix, data: { receipts } });
    }
  }
  return receipts;
}

function purged(requests: readonly PurgeRequest[], receipts: readonly unknown[], soft: boolean): Report {
  const everywhereByMs = field(receipts.at(-1), "everywhereByMs");
  const by = typeof everywhereByMs === "number" ? [`Everywhere by ${formatTime(everywhereByMs)}.`] : [];
  const done = soft ? `Stale from now on: ${describeAll(requests)}.` : `Purged ${describeAll(requests)}.`;
  const only = requests.length === 1 ? { request: requests[0], receipt: receipts[0] } : {};
  return report([done, ...by], { ...only, purges: requests, receipts });
}
