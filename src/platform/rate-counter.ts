// Exact rate limits: Durable Objects that count, a few for each limit, each for its share of the keys. An object answers from memory,
// one request after the other, and writes what changed some seconds later, many keys in one row, so that what is written is bounded
// by time and not by visitors. What a broken machine forgets is those seconds. What is over leaves the storage, and the last key all of it.

import { DurableObject } from "cloudflare:workers";
import { decodeRatePage, encodeRatePage, type RateTimes } from "../firewall/rate-page.ts";
import { createRateTable, type RateQuestion, type RateRecord, type RateTable } from "../firewall/rate-table.ts";
import {
  RATE_COUNTER_PAGE_KEYS_MAX,
  RATE_COUNTER_PAGES,
  RATE_COUNTER_SHARDS,
  RATE_COUNTER_UNWRITTEN_SECONDS_MAX,
  RATE_COUNTER_WRITE_MS,
  RATE_COUNTER_WRITE_MS_MAX,
} from "../limits.ts";
import { hash01 } from "../origin/hash.ts";
import type { RateCounter as RateCounterPort, RateVerdict } from "../ports.ts";

const PAGES_TABLE = "CREATE TABLE IF NOT EXISTS pages (page INTEGER PRIMARY KEY, text TEXT NOT NULL)";

const HAS_TABLE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'pages'";

const ALL_PAGES = Array.from({ length: RATE_COUNTER_PAGES }, (_, page) => page);

type Row = { readonly page: number; readonly text: string };

export class RateCounter extends DurableObject<object> {
  readonly #table: RateTable = createRateTable();
  /** Changed since they were written. */
  readonly #pages = new Set<number>();
  #times: RateTimes | null = null;
  #lastMs = 0;
  #isWriteSet = false;
  #writeMs = RATE_COUNTER_WRITE_MS;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  /** Stored in several rows, by the hash of the key. */
  #isSplit = false;
  #isAlarmSet = false;

  constructor(state: DurableObjectState, env: object) {
    super(state, env);
    void state.blockConcurrencyWhile(() => this.#open());
  }

  ask(question: RateQuestion): RateVerdict {
    const { periodSeconds, blockSeconds } = question;
    this.#times ??= { periodSeconds, blockSeconds };
    const { verdict, changed } = this.#table.ask(question, this.#nowMs());
    if (changed && Math.max(periodSeconds, blockSeconds ?? 0) > RATE_COUNTER_UNWRITTEN_SECONDS_MAX) this.#changed(question.key);
    return verdict;
  }

  /** When all that was known at the alarm's setting is over: what is left is written again, without that. */
  override async alarm(): Promise<void> {
    this.#isAlarmSet = false;
    for (const page of ALL_PAGES) this.#pages.add(page);
    await this.#write();
  }

  async #open(): Promise<void> {
    const { sql } = this.ctx.storage;
    // An object that never wrote has no table, and takes no room.
    const rows = sql.exec(HAS_TABLE).toArray().length === 0 ? [] : sql.exec<Row>("SELECT page, text FROM pages").toArray();
    this.#isSplit = rows.length > 1;
    const pages = rows.flatMap(({ text }) => decodeRatePage(text) ?? []);
    const [first] = pages;
    if (first !== undefined) this.#times = { periodSeconds: first.periodSeconds, blockSeconds: first.blockSeconds };
    this.#table.restore(pages.flatMap(({ records }) => records));
    this.#isAlarmSet = (await this.ctx.storage.getAlarm()) !== null;
  }

  /** Of a clock that never goes back. */
  #nowMs(): number {
    return (this.#lastMs = Math.max(this.#lastMs, Date.now()));
  }

  #changed(key: string): void {
    this.#pages.add(pageOf(key));
    if (this.#isWriteSet) return;
    this.#isWriteSet = true;
    const isBusy = Date.now() - this.#writtenAtMs < RATE_COUNTER_WRITE_MS_MAX;
    this.#writeMs = isBusy ? Math.min(2 * this.#writeMs, RATE_COUNTER_WRITE_MS_MAX) : RATE_COUNTER_WRITE_MS;
    // A timer keeps the object in memory until all is written.
    setTimeout(() => {
      this.#isWriteSet = false;
      this.#writtenAtMs = Date.now();
      this.ctx.waitUntil(this.#write());
    }, this.#writeMs);
  }

  /** Writes the pages that changed. What cannot be written goes on being counted in memory, and is written with the next change. */
  async #write(): Promise<void> {
    const times = this.#times;
    const nowMs = this.#nowMs();
    const records = times === null ? [] : this.#table.records(times.periodSeconds, nowMs);
    try {
      if (times === null || records.length === 0) {
        this.#pages.clear();
        this.#isAlarmSet = false;
        await this.ctx.storage.deleteAlarm();
        // The next key begins with a new table.
        await this.ctx.storage.deleteAll();
        return;
      }
      this.#writePages(times, records);
      if (!this.#isAlarmSet) await this.ctx.storage.setAlarm(nowMs + lifeSeconds(times) * 1000);
      this.#isAlarmSet = true;
    } catch (cause) {
      console.warn({ event: "rate-write-failed", message: String(cause) });
    }
  }

  #writePages(times: RateTimes, records: readonly RateRecord[]): void {
    const { sql } = this.ctx.storage;
    const isSplit = records.length > RATE_COUNTER_PAGE_KEYS_MAX;
    const changed = isSplit ? [...this.#pages] : [0];
    const pages = (isSplit === this.#isSplit ? changed : ALL_PAGES).map((page) => ({
      page,
      records: isSplit ? records.filter(({ key }) => pageOf(key) === page) : page === 0 ? records : [],
    }));
    this.ctx.storage.transactionSync(() => {
      sql.exec(PAGES_TABLE);
      for (const { page, records: own } of pages) {
        if (own.length === 0) sql.exec("DELETE FROM pages WHERE page = ?", page);
        else sql.exec("INSERT OR REPLACE INTO pages (page, text) VALUES (?, ?)", page, encodeRatePage({ ...times, records: own }));
      }
    });
    this.#isSplit = isSplit;
    this.#pages.clear();
  }
}

/** The objects as a RateCounter; null where the deployment has no such binding. */
export function createRateObjects(namespace: DurableObjectNamespace<RateCounter> | undefined): RateCounterPort | null {
  if (namespace === undefined) return null;
  return {
    async ask({ name, ...question }) {
      const once = async (): Promise<RateVerdict> => {
        const { limited, remaining, waitMs } = await namespace.getByName(`${name} ${shardOf(question.key)}`).ask(question);
        return { limited, remaining, waitMs };
      };
      // An object that is moved, or gets new code, loses the request that it has at that moment, and takes the next.
      return await once().catch((cause: unknown) => (isPassing(cause) ? once() : Promise.reject(cause)));
    },
  };
}

/** As the platform marks its errors: one that is overloaded is not asked again. */
function isPassing(cause: unknown): boolean {
  const { retryable, overloaded } = Object(cause) as { readonly retryable?: unknown; readonly overloaded?: unknown };
  return retryable === true && overloaded !== true;
}

/** After so long nothing is left of what is known now. */
function lifeSeconds({ periodSeconds, blockSeconds }: RateTimes): number {
  // A window's first part is counted to its end: a fiftieth more, which is a second at least in what is rounded up here.
  return Math.max(Math.ceil(periodSeconds * 1.02), blockSeconds ?? 0);
}

function shardOf(key: string): number {
  return Math.floor(hash01(key) * RATE_COUNTER_SHARDS);
}

/** Independent of the shard: the next digits of the same hash. */
function pageOf(key: string): number {
  return Math.floor(hash01(key) * RATE_COUNTER_SHARDS * RATE_COUNTER_PAGES) % RATE_COUNTER_PAGES;
}
