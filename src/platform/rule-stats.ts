// What firewall rules did, of all isolates together: one Durable Object that every isolate sends its counts to, and the admin API reads.
// It answers from memory and keeps a row for each rule and effect in its storage. How many rows it writes is bounded by time, not by
// visitors: what it has no right to write yet is written later. Nobody depends on it: a count that is lost changes no answer.

import { DurableObject } from "cloudflare:workers";
import {
  RULE_STATS_BATCHES_MAX,
  RULE_STATS_CLEAN_MS,
  RULE_STATS_RECORDS_MAX,
  RULE_STATS_ROW_MS,
  RULE_STATS_ROWS_AT_ONCE,
  RULE_STATS_ROWS_AT_START,
} from "../limits.ts";
import type { RuleBatch } from "../observe/rule-counts.ts";
import { countSince, decodeRecord, encodeRecord, withCount, withoutOld, type RuleRecord } from "../observe/rule-history.ts";
import type { RuleStats as RuleStatsPort, RuleStatsLine, RuleStatsQuery } from "../ports.ts";

/** The name of the one object of a deployment. */
const STATS_NAME = "rules";

/** Without a row id, since an index of its own would make each write two. */
const RECORDS_TABLE = `CREATE TABLE IF NOT EXISTS records (rule TEXT NOT NULL, did TEXT NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY (rule, did)) WITHOUT ROWID`;

type Row = { readonly rule: string; readonly did: string; readonly record: string };
type Names = Pick<RuleRecord, "rule" | "did">;

export class RuleStats extends DurableObject<object> {
  /** By keyOf, in the order of their last change: the first is the one that was quiet for longest. */
  readonly #records = new Map<string, RuleRecord>();
  /** Changed or removed since they were written, in the order of that. */
  readonly #unwritten = new Map<string, Names>();
  /** Batches that arrived, for those that are sent again because their answer was late. */
  readonly #batches = new Set<string>();
  #rowsLeft = RULE_STATS_ROWS_AT_START;
  #refilledAtMs = Date.now();
  #isWriteSet = false;

  constructor(state: DurableObjectState, env: object) {
    super(state, env);
    void state.blockConcurrencyWhile(() => this.#open());
  }

  add({ id, counts }: RuleBatch): void {
    if (this.#batches.has(id)) return;
    this.#remember(id);
    const nowMs = Date.now();
    for (const count of counts) this.#change(count, (record) => withCount(record, count, nowMs));
    this.#write(nowMs);
  }

  read({ sinceMs, rules, samples }: RuleStatsQuery): readonly RuleStatsLine[] {
    const wanted = new Set(rules);
    const found = [...this.#records.values()].filter(
      ({ rule, lastAtMs }) => lastAtMs >= sinceMs && (wanted.size === 0 || wanted.has(rule)),
    );
    return found.map((record) => ({
      rule: record.rule,
      did: record.did,
      count: countSince(record, sinceMs),
      lastAtMs: record.lastAtMs,
      samples: record.samples.filter(({ atMs }) => atMs >= sinceMs).slice(0, samples),
    }));
  }

  /** Once a day: what is older than it is kept goes, also when nothing comes any more. */
  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    const cleaned = [...this.#records.values()].map((record) => ({ record, kept: withoutOld(record, nowMs) }));
    for (const { record, kept } of cleaned) if (kept === null || isShorter(kept, record)) this.#change(record, () => kept);
    // All of it, whatever was written lately: that addresses of visitors go in time is a promise.
    this.#writeRows([...this.#unwritten.values()]);
    await this.ctx.storage.setAlarm(nowMs + RULE_STATS_CLEAN_MS);
  }

  async #open(): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec(RECORDS_TABLE);
    const nowMs = Date.now();
    const rows = sql.exec<Row>("SELECT rule, did, record FROM records").toArray();
    const kept = rows.map(({ rule, did, record }) => {
      const stored = decodeRecord({ rule, did }, record);
      const fresh = stored === null ? null : withoutOld(stored, nowMs);
      if (fresh === null || isShorter(fresh, stored)) this.#unwritten.set(keyOf({ rule, did }), { rule, did });
      return fresh;
    });
    for (const record of kept.filter((each) => each !== null).toSorted((a, b) => a.lastAtMs - b.lastAtMs))
      this.#records.set(keyOf(record), record);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(nowMs + RULE_STATS_CLEAN_MS);
  }

  #remember(batch: string): void {
    this.#batches.add(batch);
    if (this.#batches.size > RULE_STATS_BATCHES_MAX) this.#batches.delete(first(this.#batches) ?? "");
  }

  #change(names: Names, next: (record: RuleRecord | null) => RuleRecord | null): void {
    const key = keyOf(names);
    const record = next(this.#records.get(key) ?? null);
    this.#records.delete(key);
    if (record !== null) this.#records.set(key, record);
    this.#unwritten.set(key, { rule: names.rule, did: names.did });
    if (this.#records.size <= RULE_STATS_RECORDS_MAX) return;
    const quietest = first(this.#records.values());
    if (quietest !== undefined) this.#change(quietest, () => null);
  }

  /** Writes as many rows as there is a right to, and sets a time for the others. */
  #write(nowMs: number): void {
    const earned = Math.floor((nowMs - this.#refilledAtMs) / RULE_STATS_ROW_MS);
    this.#rowsLeft = Math.min(RULE_STATS_ROWS_AT_ONCE, this.#rowsLeft + earned);
    this.#refilledAtMs += earned * RULE_STATS_ROW_MS;
    const now = [...this.#unwritten.values()].slice(0, this.#rowsLeft);
    this.#rowsLeft -= now.length;
    this.#writeRows(now);
    if (this.#unwritten.size === 0 || this.#isWriteSet) return;
    // A timer keeps the object in memory until all is written; without one it may go when nothing comes for some seconds.
    this.#isWriteSet = true;
    setTimeout(() => {
      this.#isWriteSet = false;
      this.#write(Date.now());
    }, RULE_STATS_ROW_MS);
  }

  #writeRows(all: readonly Names[]): void {
    if (all.length === 0) return;
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      for (const names of all) {
        const record = this.#records.get(keyOf(names));
        if (record === undefined) sql.exec("DELETE FROM records WHERE rule = ? AND did = ?", names.rule, names.did);
        else sql.exec("INSERT OR REPLACE INTO records (rule, did, record) VALUES (?, ?, ?)", names.rule, names.did, encodeRecord(record));
      }
    });
    for (const names of all) this.#unwritten.delete(keyOf(names));
  }
}

/** The object as the RuleStats port; null where the deployment has no such binding. */
export function createRuleStats(namespace: DurableObjectNamespace<RuleStats> | undefined): RuleStatsPort | null {
  if (namespace === undefined) return null;
  return {
    add: async (batch) => {
      await namespace.getByName(STATS_NAME).add(batch);
    },
    read: async (query) => [...(await namespace.getByName(STATS_NAME).read(query))],
  };
}

function isShorter(record: RuleRecord, than: RuleRecord | null): boolean {
  return record.hours.length < (than?.hours.length ?? 0) || record.samples.length < (than?.samples.length ?? 0);
}

function keyOf({ rule, did }: Names): string {
  return `${did} ${rule}`;
}

function first<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}
