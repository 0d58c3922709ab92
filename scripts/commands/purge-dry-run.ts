// What a purge would do to the document `purges`: for each purge the generation that it would set, and what that holds now.
// Reads KV, which may be a second behind the purge ledger; changes nothing.

import { generationFor, parsePurgeGenerations, emptyPurgeGenerations, placeOf } from "../../src/cache/purge.ts";
import type { Generation, PurgeGenerations } from "../../src/cache/purge.ts";
import type { PurgeRequest } from "../../src/ports.ts";
import { PURGES_KEY } from "../../src/release/keys.ts";
import { report, type Report } from "../output/report.ts";
import { formatTime } from "../output/time.ts";
import type { KvStore } from "../store/kv.ts";
import { describe, verb } from "./purge-words.ts";

/** The generation that one purge would set. */
interface PlannedGeneration {
  readonly table: PurgeRequest["kind"];
  /** Null for everything, which has one generation and no table. */
  readonly slot: number | null;
  readonly sets: "hard" | "soft";
  /** Milliseconds since the epoch, null for never; null as a whole when the document cannot be read. */
  readonly holds: { readonly hardMs: number | null; readonly softMs: number | null } | null;
  /** Earlier purges set this slot, of this name or of another that shares it; null when that is not known. */
  readonly shared: boolean | null;
}

export async function dryRun(store: KvStore, requests: readonly PurgeRequest[]): Promise<Report> {
  const text = await store.get(PURGES_KEY);
  const parsed = text === null ? null : parsePurgeGenerations(text);
  const problem = parsed === null || parsed.ok ? null : parsed.error.message;
  const held = parsed === null ? emptyPurgeGenerations() : parsed.ok ? parsed.value : null;
  const purges = requests.map((request) => ({ ...request, generation: plannedGeneration(held, request) }));
  const warning = problem === null ? [] : [`warning: what the generations hold is not known: ${PURGES_KEY} in KV ${problem}`];
  const lines = purges.flatMap((purge) => [`Would ${verb(purge.soft)} ${describe(purge)}.`, `  ${generationLine(purge.generation)}`]);
  const only = requests.length === 1 ? { request: requests[0] } : {};
  return report([...warning, ...lines], { dryRun: true, ...only, version: held?.version ?? null, problem, purges });
}

function plannedGeneration(held: PurgeGenerations | null, request: PurgeRequest): PlannedGeneration {
  const { table, slot } = placeOf(request);
  const holds = held === null ? null : generationFor(held, request);
  const shared = holds === null ? null : slot !== null && (holds.hardMs > 0 || holds.softMs > 0);
  return { table, slot, sets: request.soft ? "soft" : "hard", holds: holds === null ? null : orNever(holds), shared };
}

function orNever({ hardMs, softMs }: Generation): PlannedGeneration["holds"] {
  return { hardMs: hardMs === 0 ? null : hardMs, softMs: softMs === 0 ? null : softMs };
}

function generationLine({ table, slot, sets, holds, shared }: PlannedGeneration): string {
  const place = slot === null ? `the generation of ${table}` : `slot ${slot} of the table ${table}`;
  const set = `It sets ${place}, ${sets}`;
  if (holds === null) return `${set}.`;
  if (holds.hardMs === null && holds.softMs === null) return `${set}; never purged so far.`;
  const times = `hard ${timeOrNever(holds.hardMs)}, soft ${timeOrNever(holds.softMs)}`;
  return `${set}; so far: ${times}${shared === true ? ", by earlier purges of this name or of others that share the slot" : ""}.`;
}

function timeOrNever(ms: number | null): string {
  return ms === null ? "never" : formatTime(ms);
}
