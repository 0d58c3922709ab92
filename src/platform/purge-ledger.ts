// The purge ledger: one Durable Object that all purges of a deployment go through, and the only writer of `purges` in KV. It
// gives them an order and a time of its own clock, keeps them in its own storage before it answers, and then writes the whole
// document to KV, once per second at most and again until KV takes it. Two purges at once are both kept.

import { DurableObject } from "cloudflare:workers";
import {
  applyPurge,
  applyRecords,
  dropSpent,
  emptyPurgeGenerations,
  encodePurgeGenerations,
  parsePurgeGenerations,
  type PurgeGenerations,
  type PurgeRecord,
} from "../cache/purge.ts";
import { PURGE_EVERYWHERE_MS, PURGE_WRITE_INTERVAL_MS, PURGE_WRITE_RETRY_MS_MAX, PURGE_WRITE_WAIT_MS_MAX } from "../limits.ts";
import type { PurgeReceipt, PurgeRequest, PurgeLedger as PurgeLedgerPort } from "../ports.ts";
import { PURGES_KEY } from "../release/keys.ts";
import { within } from "../release/within.ts";
import { createPurgeRows, type PurgeRows } from "./purge-rows.ts";

export interface PurgeLedgerEnv {
  readonly CONFIG: KVNamespace;
  /** Milliseconds until a purge is seen everywhere, for the receipt; shorter on one machine. */
  readonly PURGE_EVERYWHERE_MS?: string;
}

/** The name of the one object of a deployment. */
const LEDGER_NAME = "purges";

export class PurgeLedger extends DurableObject<PurgeLedgerEnv> {
  readonly #rows: PurgeRows = createPurgeRows(this.ctx.storage);
  /** The document as of the last text that was made of it, and the records since. */
  #generations = emptyPurgeGenerations();
  #since: PurgeRecord[] = [];
  #text: string | null = null;
  #lastAtMs = 0;
  #writtenVersion = 0;
  #writeStartedAtMs = 0;
  #writing = false;
  #failures = 0;

  constructor(state: DurableObjectState, env: PurgeLedgerEnv) {
    super(state, env);
    void state.blockConcurrencyWhile(() => this.#open());
  }

  /** Puts purges on record, all or none. They are durable when this returns, and in KV then or at the next write. */
  async record(requests: readonly PurgeRequest[]): Promise<PurgeReceipt> {
    // No await up to the end of the storage write, so two records cannot come between each other.
    const atMs = Math.max(Date.now(), this.#lastAtMs);
    const version = this.#rows.add({ requests, atMs });
    this.#since.push({ requests, atMs });
    this.#lastAtMs = atMs;
    const id = `${version}-${crypto.randomUUID().slice(0, 8)}`;
    // First the alarm: if this object goes away during the write, another instance of it writes.
    await this.ctx.storage.setAlarm(Math.max(Date.now(), this.#writeStartedAtMs) + PURGE_WRITE_INTERVAL_MS);
    // The receipt does not depend on KV, so it does not wait for a slow one.
    if (Date.now() - this.#writeStartedAtMs >= PURGE_WRITE_INTERVAL_MS) await within(this.#write(), PURGE_WRITE_WAIT_MS_MAX);
    // Records that arrived meanwhile come first: then one text, which takes milliseconds to make of full tables, does for all.
    await scheduler.wait(0);
    return { id, atMs, everywhereByMs: atMs + everywhereMs(this.env), generations: this.#encoded() };
  }

  override async alarm(): Promise<void> {
    await this.#write();
  }

  /** The document that counts: the own one, or, for a new ledger, what an earlier one left in KV. */
  async #open(): Promise<void> {
    const own = this.#rows.open(Date.now());
    if (own !== null) {
      this.#generations = own.generations;
      this.#lastAtMs = own.lastAtMs;
      return;
    }
    // A version that began again at 0 would be ignored by every isolate as a read that went backwards. When KV cannot be read,
    // this throws, the object does not open, and the purge fails aloud instead of being lost.
    this.#generations = openedFrom(await this.env.CONFIG.get(PURGES_KEY, "text"));
    this.#writtenVersion = this.#generations.version;
    this.#rows.begin(this.#generations);
  }

  get #version(): number {
    return this.#generations.version + this.#since.length;
  }

  /** The text of the newest document, made once for each version. */
  #encoded(): string {
    if (this.#text !== null && this.#since.length === 0) return this.#text;
    this.#generations = dropSpent(applyRecords(this.#generations, this.#since), Date.now());
    this.#since = [];
    this.#text = encodePurgeGenerations(this.#generations);
    return this.#text;
  }

  /** Writes the newest document, unless it is there already or being written. A failure is tried again by alarm, later each time. */
  async #write(): Promise<void> {
    const version = this.#version;
    if (version === this.#writtenVersion) return;
    if (this.#writing) return this.ctx.storage.setAlarm(Date.now() + PURGE_WRITE_INTERVAL_MS);
    this.#writing = true;
    this.#writeStartedAtMs = Date.now();
    try {
      await this.env.CONFIG.put(PURGES_KEY, this.#encoded());
      this.#writtenVersion = version;
      this.#failures = 0;
      if (version === this.#version) await this.ctx.storage.deleteAlarm();
    } catch (cause) {
      // KV takes one write per second and key and answers 429 to more; it can also be down.
      this.#failures += 1;
      const waitMs = Math.min(PURGE_WRITE_INTERVAL_MS * 2 ** this.#failures, PURGE_WRITE_RETRY_MS_MAX);
      await this.ctx.storage.setAlarm(Date.now() + waitMs);
      console.warn({ event: "purge-write-failed", version, failures: this.#failures, message: String(cause) });
    } finally {
      this.#writing = false;
    }
  }
}

/** The ledger as the PurgeLedger port. */
export function createPurgeLedger(namespace: DurableObjectNamespace<PurgeLedger>): PurgeLedgerPort {
  return {
    record: async (requests) => {
      const { id, atMs, everywhereByMs, generations } = await namespace.getByName(LEDGER_NAME).record(requests);
      return { id, atMs, everywhereByMs, generations };
    },
  };
}

/**
 * A document that this Worker cannot read, of a newer one or broken, counts as a purge of everything: what it purged is not
 * known, and a miss is cheaper than a stale answer. The version goes on from the time, above any that isolates can hold.
 */
function openedFrom(text: string | null): PurgeGenerations {
  if (text === null) return emptyPurgeGenerations();
  const parsed = parsePurgeGenerations(text);
  if (parsed.ok) return parsed.value;
  const nowMs = Date.now();
  return applyPurge({ ...emptyPurgeGenerations(), version: nowMs }, { kind: "everything", value: "", soft: false }, nowMs);
}

function everywhereMs(env: PurgeLedgerEnv): number {
  const configured = Number(env.PURGE_EVERYWHERE_MS);
  return Number.isFinite(configured) && configured > 0 ? configured : PURGE_EVERYWHERE_MS;
}
