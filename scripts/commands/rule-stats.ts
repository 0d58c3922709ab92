// breakwater rule stats: what the rules matched in the last hours, on all isolates of all data centres: what was blocked, and what
// rules in mode `log` would have blocked, with samples. Asks the Worker, which keeps it where it has a binding for that.

import type { Command } from "commander";
import { RULE_STATS_KEPT_MS, RULE_STATS_SAMPLES_MAX } from "../../src/limits.ts";
import { historyKey } from "../../src/release/keys.ts";
import type { Pointer } from "../../src/release/pointer.ts";
import { failure, isFailure, usageFailure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { parseDuration } from "../output/time.ts";
import { statsLines } from "../stats/print.ts";
import { statsRows } from "../stats/view.ts";
import { historyNumbers, parseHistory, requirePointer, requireRelease, type HistoryEntry } from "../store/documents.ts";
import type { KvStore } from "../store/kv.ts";
import { field } from "../store/rest.ts";
import { requireAdmin, UNKNOWN_PATH, type AdminApi, type AdminPath } from "../store/worker.ts";
import { sessionAdmin } from "./after-edit.ts";
import { withStanding } from "./history.ts";
import { withStore, type Run } from "./options.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface StatsOptions extends StoreOptions {
  readonly since: string;
  readonly samples?: string;
}

/** Of a rule that is named, unless --samples says otherwise. */
const SAMPLES_OF_NAMED = 5;

/** Publications that are looked at for how long a rule has been as it is. */
const HISTORY_ENTRIES_MAX = 100;

/** With more names all rules are asked for: an address has its limit. */
const NAMES_ASKED_MAX = 50;

const HOUR_MS = 3_600_000;

export function addRuleStats(rule: Command, run: Run): void {
  const command = rule
    .command("stats [id...]")
    .description("what the rules matched in the last hours, and what those in mode log would have done")
    .option("--since <duration>", "how far back, to the full hour; 7d at most", "24h")
    .option(
      "--samples <count>",
      `the newest requests of each rule, ${RULE_STATS_SAMPLES_MAX} at most (default: ${SAMPLES_OF_NAMED} when rules are named, else none)`,
    );
  withStore(command).action((ids: readonly string[], options: StatsOptions) => run(options, (session) => ruleStats(session, ids, options)));
}

async function ruleStats(session: Session, ids: readonly string[], options: StatsOptions): Promise<Report> {
  const hours = hoursOf(options.since);
  const samples = samplesOf(options.samples, ids);
  const target = await openStore(session, options);
  const pointer = await requirePointer(target.store);
  const { snapshot } = await requireRelease(target.store, pointer.release);
  const api = requireAdmin(sessionAdmin(session, target), "what rules did was not read");
  const answer = await ask(api, { hours, samples, ids });
  const history = await readHistory(target.store, pointer);
  const nowMs = session.nowMs();
  const rows = statsRows({ rules: snapshot.rules, answer, history, wanted: ids, samples, nowMs });
  const unknown = ids.filter((id) => !rows.some(({ rule }) => rule === id));
  if (unknown.length > 0)
    throw usageFailure(
      `there is no rule "${unknown[0] ?? ""}", and none of that name matched since ${options.since} ago`,
      "breakwater rule stats without a name shows all; breakwater rule list shows those in force",
    );
  const told = field(answer, "sinceMs");
  const sinceMs = typeof told === "number" && Math.abs(told) <= nowMs ? told : nowMs - hours * HOUR_MS;
  const text = statsLines({ rows, sinceMs, nowMs, paint: session.paint });
  return report(text, { worker: api.url, release: pointer.release, sinceMs, nowMs, rules: rows });
}

function hoursOf(since: string): number {
  const duration = parseDuration(since);
  const example = "for example: breakwater rule stats --since 2h";
  if (!duration.ok) throw usageFailure(`--since: ${duration.error}`, example);
  if (duration.value > RULE_STATS_KEPT_MS) throw usageFailure(`--since ${since} is too long: 7 days are kept`, example);
  return Math.ceil(duration.value / HOUR_MS);
}

function samplesOf(text: string | undefined, ids: readonly string[]): number {
  if (text === undefined) return ids.length === 0 ? 0 : SAMPLES_OF_NAMED;
  const count = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (count <= RULE_STATS_SAMPLES_MAX) return count;
  throw usageFailure(`--samples "${text}" is no such number`, `give a whole number from 0 to ${RULE_STATS_SAMPLES_MAX}`);
}

interface Asked {
  readonly hours: number;
  readonly samples: number;
  readonly ids: readonly string[];
}

async function ask(api: AdminApi, { hours, samples, ids }: Asked): Promise<unknown> {
  const query = new URLSearchParams({ hours: String(hours), samples: String(samples) });
  if (ids.length <= NAMES_ASKED_MAX) for (const id of ids) query.append("rule", id);
  const path: AdminPath = `/_breakwater/rule-stats?${query.toString()}`;
  try {
    return await api.call("GET", path);
  } catch (error) {
    if (!isFailure(error)) throw error;
    const { code } = error.parts.data ?? {};
    const what = `the Worker at ${api.url} cannot say what rules did`;
    if (code === NO_BINDING)
      throw failure({ what, why: "it has no Durable Object bound as RULE_STATS, so nothing is kept", fix: ADD_BINDING });
    if (code === UNKNOWN_PATH) throw failure({ what, why: "it is older than this command line", fix: "deploy it again: npm run deploy" });
    throw error;
  }
}

/** The `code` of the Worker (src/admin/app.ts) that keeps no counts. */
const NO_BINDING = "no-rule-stats";

const ADD_BINDING =
  "add the binding RULE_STATS and its migration to wrangler.toml (docs/deploy.md, What rules did) and run: npm run deploy";

/** Newest first, without publications that were never in force. */
async function readHistory(store: KvStore, pointer: Pointer): Promise<readonly HistoryEntry[]> {
  const numbers = (await historyNumbers(store)).slice(0, HISTORY_ENTRIES_MAX);
  const texts = await store.getMany(numbers.map(historyKey));
  const entries = numbers.map((number) => parseHistory(texts.get(historyKey(number)) ?? "")).filter((entry) => entry !== null);
  return withStanding(entries, pointer).flatMap(({ entry, standing }) => (standing === "unused" ? [] : [entry]));
}
