// breakwater purge: takes answers out of the cache, in every data centre. Goes through the Worker's admin API, where the one
// purge ledger gives purges their order.

import type { Command } from "commander";
import type { PurgeRequest } from "../../src/ports.ts";
import { usageFailure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { formatTime } from "../output/time.ts";
import { readPointer, readRelease } from "../store/documents.ts";
import { field } from "../store/rest.ts";
import type { KvStore } from "../store/kv.ts";
import { requireAdmin } from "../store/worker.ts";
import { sessionAdmin } from "./after-edit.ts";
import { withStore, type Run } from "./options.ts";
import { confirm, openStore, type Session, type StoreOptions } from "./session.ts";

interface PurgeOptions extends StoreOptions {
  readonly url?: string;
  readonly host?: string;
  readonly prefix?: string;
  readonly tag?: string;
  readonly everything?: boolean;
  readonly soft?: boolean;
  readonly dryRun?: boolean;
}

export function addPurge(program: Command, run: Run): void {
  const command = program
    .command("purge")
    .description("take answers out of the cache")
    .option("--url <url>", "one URL, with all its variants")
    .option("--host <host>", "everything of a host")
    .option("--prefix <host/path>", "everything below a path")
    .option("--tag <tag>", "everything with a surrogate key")
    .option("--everything", "the whole cache")
    .option("--soft", "make it stale instead: served while it is fetched anew")
    .option("--dry-run", "show what would be purged, purge nothing");
  withStore(command).action((options: PurgeOptions) => run(options, (session) => purge(session, options)));
}

async function purge(session: Session, options: PurgeOptions): Promise<Report> {
  const asked = askedPurge(options);
  const target = await openStore(session, options);
  const request = await canonical(target.store, asked);
  const what = `${request.soft ? "make stale" : "purge"} ${describe(request)}`;
  if (options.dryRun === true) return report([`Would ${what}.`], { dryRun: true, request });
  const api = requireAdmin(sessionAdmin(session, target), "nothing was purged");
  await confirm(session, options, { target, question: `${capital(what)} at ${api.url}?` });
  const receipt = await api.call("POST", "/_breakwater/purge", asked);
  const everywhereByMs = field(receipt, "everywhereByMs");
  const by = typeof everywhereByMs === "number" ? [`Everywhere by ${formatTime(everywhereByMs)}.`] : [];
  const done = request.soft ? `Stale from now on: ${describe(request)}.` : `Purged ${describe(request)}.`;
  return report([done, ...by], { request, receipt });
}

function askedPurge(options: PurgeOptions): PurgeRequest {
  const soft = options.soft === true;
  const named: PurgeRequest[] = [];
  if (options.everything === true) named.push({ kind: "everything", value: "", soft });
  for (const kind of ["url", "host", "prefix", "tag"] as const) {
    const value = options[kind];
    if (value !== undefined) named.push({ kind, value, soft });
  }
  const [only, other] = named;
  const fix = "give one of --url URL, --host HOST, --prefix HOST/PATH, --tag TAG, --everything";
  if (only === undefined) throw usageFailure("nothing was named to purge", fix);
  if (other !== undefined) throw usageFailure("one purge takes one thing at a time", fix);
  return only;
}

/** The form that the Worker makes of it, so that a mistake is told here and --dry-run shows the key. */
async function canonical(store: KvStore, asked: PurgeRequest): Promise<PurgeRequest> {
  // Loaded when needed: the Worker's request code is of no use to the other commands.
  const { parsePurge } = await import("../../src/admin/purge-request.ts");
  const { loadRuleset } = await import("../../src/config/load.ts");
  const state = await readPointer(store);
  const release = state.kind === "pointer" ? await readRelease(store, state.pointer.release) : null;
  const ruleset = release === null ? null : loadRuleset(release.snapshot, release.hash);
  const parsed = parsePurge(asked, ruleset);
  if (!parsed.ok) throw usageFailure(`--${asked.kind}: ${parsed.error.message}`, `breakwater purge --help`);
  return parsed.value;
}

function describe(request: PurgeRequest): string {
  switch (request.kind) {
    case "everything":
      return "everything";
    case "host":
      return `everything of ${request.value}`;
    case "prefix":
      return `everything below ${request.value}`;
    case "tag":
      return `everything with the tag ${request.value}`;
    case "url":
      return request.value;
    default:
      return request.kind satisfies never;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
