// The purge ledger's own storage: a row for each generation, so that a purge writes what it changes and not the whole document,
// which has up to 450,000 characters. Never decides what a purge covers. Used by the purge ledger alone.

import {
  dropSpent,
  emptyPurgeGenerations,
  markOf,
  placeOf,
  spentUpTo,
  type Generation,
  type PurgeGenerations,
  type PurgeRecord,
  type PurgeTable,
} from "../cache/purge.ts";

export interface PurgeRows {
  /** What is stored, without what is spent; null when `begin` was never called. */
  open(nowMs: number): { readonly generations: PurgeGenerations; readonly lastAtMs: number } | null;
  /** Stores a document that came from elsewhere, for `add` to go on from. */
  begin(generations: PurgeGenerations): void;
  /** Stores one record, whole or not at all. @returns the version of the document with it. */
  add(record: PurgeRecord): number;
}

type Head = { readonly version: number; readonly last_at_ms: number; readonly hard_ms: number; readonly soft_ms: number };
type Row = { readonly kind: PurgeTable; readonly slot: number; readonly hard_ms: number; readonly soft_ms: number };

/** The version, and the generation of everything. */
const HEAD_TABLE = `CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL, hard_ms INTEGER NOT NULL, soft_ms INTEGER NOT NULL)`;

/** Without a row id, since an index of its own would make each purge two writes. */
const GENERATIONS_TABLE = `CREATE TABLE IF NOT EXISTS generations (kind TEXT NOT NULL, slot INTEGER NOT NULL,
  hard_ms INTEGER NOT NULL, soft_ms INTEGER NOT NULL, PRIMARY KEY (kind, slot)) WITHOUT ROWID`;

const ADD_TO_HEAD = `UPDATE head SET version = version + 1, last_at_ms = ?, hard_ms = max(hard_ms, ?), soft_ms = max(soft_ms, ?)
  RETURNING version`;

const ADD_ROW = `INSERT INTO generations (kind, slot, hard_ms, soft_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT (kind, slot) DO UPDATE SET hard_ms = max(hard_ms, excluded.hard_ms), soft_ms = max(soft_ms, excluded.soft_ms)`;

export function createPurgeRows(storage: DurableObjectStorage): PurgeRows {
  const { sql } = storage;
  return {
    open: (nowMs) => {
      sql.exec(HEAD_TABLE);
      sql.exec(GENERATIONS_TABLE);
      const head = sql.exec<Head>("SELECT version, last_at_ms, hard_ms, soft_ms FROM head").toArray()[0];
      if (head === undefined) return null;
      const stored = readDocument(sql, head);
      // Only here: the tables cannot grow beyond their slots, and deleting reads them whole.
      const spent = spentUpTo(stored, nowMs);
      sql.exec("DELETE FROM generations WHERE hard_ms <= ? AND soft_ms <= ?", spent.hardMs, spent.softMs);
      return { generations: dropSpent(stored, nowMs), lastAtMs: head.last_at_ms };
    },
    begin: ({ version, everything, tables }) =>
      storage.transactionSync(() => {
        sql.exec(
          "INSERT INTO head (id, version, last_at_ms, hard_ms, soft_ms) VALUES (1, ?, 0, ?, ?)",
          version,
          everything.hardMs,
          everything.softMs,
        );
        for (const kind of ["host", "prefix", "tag", "url"] as const) {
          for (const [slot, { hardMs, softMs }] of tables[kind]) sql.exec(ADD_ROW, kind, slot, hardMs, softMs);
        }
      }),
    add: (record) => storage.transactionSync(() => addRecord(sql, record)),
  };
}

function addRecord(sql: SqlStorage, { requests, atMs }: PurgeRecord): number {
  let everything: Generation = { hardMs: 0, softMs: 0 };
  for (const request of requests) {
    const { table, slot } = placeOf(request);
    const { hardMs, softMs } = markOf(request, atMs);
    if (table !== "everything") sql.exec(ADD_ROW, table, slot, hardMs, softMs);
    else everything = { hardMs: Math.max(everything.hardMs, hardMs), softMs: Math.max(everything.softMs, softMs) };
  }
  return sql.exec<Pick<Head, "version">>(ADD_TO_HEAD, atMs, everything.hardMs, everything.softMs).one().version;
}

function readDocument(sql: SqlStorage, { version, hard_ms: hardMs, soft_ms: softMs }: Head): PurgeGenerations {
  const tables: Record<PurgeTable, Map<number, Generation>> = { host: new Map(), prefix: new Map(), tag: new Map(), url: new Map() };
  for (const row of sql.exec<Row>("SELECT kind, slot, hard_ms, soft_ms FROM generations"))
    tables[row.kind].set(row.slot, { hardMs: row.hard_ms, softMs: row.soft_ms });
  return { ...emptyPurgeGenerations(), version, everything: { hardMs, softMs }, tables };
}
