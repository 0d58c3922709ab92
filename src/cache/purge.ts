// Purge generations: when what was last purged, in one bounded document. Nothing is listed and nothing deleted; an entry whose
// origin request began at or before a generation that covers it is purged. URLs, tags, prefixes and hosts share fixed-size
// hash tables, where a collision costs a miss and never a stale answer. The purge ledger writes the document, lookup and admit ask it.

import { badField, isCount, parseDocument } from "../json-document.ts";
import type { DocumentError, FieldError, Fields } from "../json-document.ts";
import {
  CACHE_LIFETIME_SECONDS_MAX,
  PURGES_CHARS_MAX,
  PURGE_HOST_SLOTS,
  PURGE_PREFIX_SEGMENTS_MAX,
  PURGE_PREFIX_SLOTS,
  PURGE_TAG_SLOTS,
  PURGE_URL_SLOTS,
} from "../limits.ts";
import type { PurgeRequest } from "../ports.ts";
import { ok, type Result } from "../result.ts";

/** Raised on a change that an older Worker would misread, the sizes of the tables and the hash included. */
export const PURGES_FORMAT = 1;

export interface PurgeGenerations {
  readonly format: typeof PURGES_FORMAT;
  /** Rises by one with every record of purges; a lower one than the one held is a read that went backwards. */
  readonly version: number;
  readonly everything: Generation;
  readonly tables: Readonly<Record<PurgeTable, ReadonlyMap<number, Generation>>>;
}

/** Milliseconds since the epoch; 0 is never. Hard: what began before is a miss. Soft: it is stale. */
export interface Generation {
  readonly hardMs: number;
  readonly softMs: number;
}

export type PurgeTable = "host" | "prefix" | "tag" | "url";

/** What of a stored response a purge can name. */
export interface PurgeSubject {
  /** Its cache key, or any URL; what follows `#` and the scheme do not count, so that a purge covers http and https. */
  readonly url: string;
  readonly tags: readonly string[];
}

const SLOTS: Readonly<Record<PurgeTable, number>> = {
  host: PURGE_HOST_SLOTS,
  prefix: PURGE_PREFIX_SLOTS,
  tag: PURGE_TAG_SLOTS,
  url: PURGE_URL_SLOTS,
};

const NEVER: Generation = { hardMs: 0, softMs: 0 };

/** What holds where nothing was ever purged. */
export function emptyPurgeGenerations(): PurgeGenerations {
  return {
    format: PURGES_FORMAT,
    version: 0,
    everything: NEVER,
    tables: { host: new Map(), prefix: new Map(), tag: new Map(), url: new Map() },
  };
}

/** Where a purge is noted: a slot of a table, or the one generation of everything. */
export type PurgePlace = { readonly table: PurgeTable; readonly slot: number } | { readonly table: "everything"; readonly slot: null };

export function placeOf({ kind, value }: Pick<PurgeRequest, "kind" | "value">): PurgePlace {
  return kind === "everything" ? { table: kind, slot: null } : { table: kind, slot: slotOf(kind, purgeName(kind, value)) };
}

/** What the place of a purge holds before it. In a table that may be of another name, which shares the slot. */
export function generationFor(generations: PurgeGenerations, request: Pick<PurgeRequest, "kind" | "value">): Generation {
  const place = placeOf(request);
  return place.table === "everything" ? generations.everything : (generations.tables[place.table].get(place.slot) ?? NEVER);
}

/** What a purge at this time sets. */
export function markOf({ soft }: Pick<PurgeRequest, "soft">, atMs: number): Generation {
  return soft ? { hardMs: 0, softMs: atMs } : { hardMs: atMs, softMs: 0 };
}

/** Purges that happen at one time. */
export interface PurgeRecord {
  readonly requests: readonly PurgeRequest[];
  readonly atMs: number;
}

/** The document after one more purge, without what is spent. */
export function applyPurge(generations: PurgeGenerations, request: PurgeRequest, atMs: number): PurgeGenerations {
  return dropSpent(applyRecords(generations, [{ requests: [request], atMs }]), atMs);
}

/**
 * The document after these records. A time that lies before an earlier purge of the same slot leaves that one in force. What is
 * spent stays until `dropSpent`. A table is copied once, however many records there are.
 */
export function applyRecords(generations: PurgeGenerations, records: readonly PurgeRecord[]): PurgeGenerations {
  let { everything } = generations;
  const marked: { [Table in PurgeTable]?: Map<number, Generation> } = {};
  for (const { requests, atMs } of records) {
    for (const request of requests) {
      const { table, slot } = placeOf(request);
      const mark = markOf(request, atMs);
      if (table === "everything") everything = later(everything, mark);
      else {
        const slots = (marked[table] ??= new Map(generations.tables[table]));
        slots.set(slot, later(slots.get(slot) ?? NEVER, mark));
      }
    }
  }
  return { ...generations, version: generations.version + records.length, everything, tables: { ...generations.tables, ...marked } };
}

/** Generations up to these times say nothing: a purge of everything said it since, or nothing stored is that old any more. */
export function spentUpTo({ everything }: PurgeGenerations, nowMs: number): Generation {
  const oldestMs = nowMs - CACHE_LIFETIME_SECONDS_MAX * 1000;
  const hardMs = Math.max(everything.hardMs, oldestMs);
  return { hardMs, softMs: Math.max(everything.softMs, hardMs) };
}

/** The document without generations that are spent, by which it shrinks by itself. */
export function dropSpent(generations: PurgeGenerations, nowMs: number): PurgeGenerations {
  const spent = spentUpTo(generations, nowMs);
  const { host, prefix, tag, url } = generations.tables;
  const tables = { host: without(host, spent), prefix: without(prefix, spent), tag: without(tag, spent), url: without(url, spent) };
  return { ...generations, tables };
}

/** The latest purges that cover this response: purged hard when its origin request began at or before `hardMs`, soft likewise. */
export function purgedAt(generations: PurgeGenerations, subject: PurgeSubject): Generation {
  let found = generations.everything;
  for (const [table, name] of namesOf(generations, subject)) {
    const generation = generations.tables[table].get(slotOf(table, name));
    if (generation !== undefined) found = later(found, generation);
  }
  return found;
}

/** The text of the document: tables as flat lists of slot, hard, soft. `parsePurgeGenerations` of it gives the same. */
export function encodePurgeGenerations(generations: PurgeGenerations): string {
  const { format, version, everything, tables } = generations;
  return JSON.stringify({
    format,
    version,
    everything: [everything.hardMs, everything.softMs],
    host: flat(tables.host),
    prefix: flat(tables.prefix),
    tag: flat(tables.tag),
    url: flat(tables.url),
  });
}

export function parsePurgeGenerations(text: string): Result<PurgeGenerations, DocumentError> {
  return parseDocument(text, { name: "purges", format: PURGES_FORMAT, charsMax: PURGES_CHARS_MAX, read: readGenerations });
}

function readGenerations(fields: Fields): Result<PurgeGenerations, FieldError> {
  const { version, everything } = fields;
  if (!isCount(version)) return badField("/version", "is not a whole number of 0 or more");
  if (!isTimes(everything)) return badField("/everything", "is not a list of two times in milliseconds");
  const host = readTable(fields, "host");
  if (!host.ok) return host;
  const prefix = readTable(fields, "prefix");
  if (!prefix.ok) return prefix;
  const tag = readTable(fields, "tag");
  if (!tag.ok) return tag;
  const url = readTable(fields, "url");
  if (!url.ok) return url;
  return ok({
    format: PURGES_FORMAT,
    version,
    everything: { hardMs: everything[0], softMs: everything[1] },
    tables: { host: host.value, prefix: prefix.value, tag: tag.value, url: url.value },
  });
}

/** The name under which a value is purged: without scheme and fragment, the host in lower case, a prefix cut to whole segments. */
function purgeName(table: PurgeTable, value: string): string {
  if (table === "tag") return value;
  const bare = withoutScheme(value);
  const slash = bare.search(/[/?]/);
  const host = (slash === -1 ? bare : bare.slice(0, slash)).toLowerCase();
  if (table === "host") return host;
  const rest = slash === -1 ? "" : bare.slice(slash);
  if (table === "url") return host + (rest.startsWith("/") ? rest : `/${rest}`);
  const path = rest.split("?", 1)[0] ?? "";
  return [host, ...segmentsOf(path).slice(0, PURGE_PREFIX_SEGMENTS_MAX)].join("/");
}

/** Every name that this response goes by. Tables without an entry are not walked: the usual case costs one comparison each. */
function* namesOf(generations: PurgeGenerations, subject: PurgeSubject): Generator<readonly [PurgeTable, string]> {
  const { host, prefix, tag, url } = generations.tables;
  if (url.size > 0) yield ["url", purgeName("url", subject.url)];
  if (host.size > 0) yield ["host", purgeName("host", subject.url)];
  if (tag.size > 0) for (const name of subject.tags) yield ["tag", name];
  if (prefix.size === 0) return;
  const segments = purgeName("prefix", subject.url).split("/");
  for (let count = 1; count <= segments.length; count++) yield ["prefix", segments.slice(0, count).join("/")];
}

function withoutScheme(url: string): string {
  return (url.split("#", 1)[0] ?? "").replace(/^[a-z]+:\/\//i, "");
}

function segmentsOf(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}

/** FNV-1a over the UTF-16 units with a final mix (32 bits), reduced to the table. Not secret: a collision only costs a miss. */
function slotOf(table: PurgeTable, name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % SLOTS[table];
}

function later(one: Generation, other: Generation): Generation {
  return { hardMs: Math.max(one.hardMs, other.hardMs), softMs: Math.max(one.softMs, other.softMs) };
}

/** The same table where nothing of it is spent, which is nearly always. */
function without(table: ReadonlyMap<number, Generation>, spent: Generation): ReadonlyMap<number, Generation> {
  let kept: Map<number, Generation> | null = null;
  for (const [slot, { hardMs, softMs }] of table)
    if (hardMs <= spent.hardMs && softMs <= spent.softMs) (kept ??= new Map(table)).delete(slot);
  return kept ?? table;
}

function flat(table: ReadonlyMap<number, Generation>): readonly number[] {
  return [...table].flatMap(([slot, { hardMs, softMs }]) => [slot, hardMs, softMs]);
}

function readTable(fields: Fields, table: PurgeTable): Result<ReadonlyMap<number, Generation>, FieldError> {
  const list = fields[table];
  if (!Array.isArray(list) || list.length % 3 !== 0) return badField(`/${table}`, "is not a list of slot, hard and soft times");
  const parsed = new Map<number, Generation>();
  for (let index = 0; index < list.length; index += 3) {
    const [slot, hardMs, softMs]: unknown[] = list.slice(index, index + 3);
    if (!isCount(slot) || slot >= SLOTS[table]) return badField(`/${table}/${index}`, `is not a slot below ${SLOTS[table]}`);
    if (!isCount(hardMs) || !isCount(softMs)) return badField(`/${table}/${index + 1}`, "is not a time in milliseconds");
    parsed.set(slot, { hardMs, softMs });
  }
  return ok(parsed);
}

function isTimes(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && isCount(value[0]) && isCount(value[1]);
}
