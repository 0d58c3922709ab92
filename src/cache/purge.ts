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
  /** Rises by one with every purge; a lower one than the one held is a read that went backwards. */
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

/**
 * The document after one more purge. Generations that no stored response can be older than any more are dropped, so the
 * document shrinks by itself. A time that lies before an earlier purge of the same slot leaves that one in force.
 */
export function applyPurge(generations: PurgeGenerations, request: PurgeRequest, atMs: number): PurgeGenerations {
  const mark: Generation = request.soft ? { hardMs: 0, softMs: atMs } : { hardMs: atMs, softMs: 0 };
  const everything = request.kind === "everything" ? later(generations.everything, mark) : generations.everything;
  const tables = { ...generations.tables };
  if (request.kind !== "everything") {
    const slot = slotOf(request.kind, purgeName(request.kind, request.value));
    tables[request.kind] = new Map(tables[request.kind]).set(slot, later(tables[request.kind].get(slot) ?? NEVER, mark));
  }
  const oldestMs = atMs - CACHE_LIFETIME_SECONDS_MAX * 1000;
  return {
    format: PURGES_FORMAT,
    version: generations.version + 1,
    everything,
    tables: {
      host: withoutSpent(tables.host, everything, oldestMs),
      prefix: withoutSpent(tables.prefix, everything, oldestMs),
      tag: withoutSpent(tables.tag, everything, oldestMs),
      url: withoutSpent(tables.url, everything, oldestMs),
    },
  };
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

function withoutSpent(table: ReadonlyMap<number, Generation>, everything: Generation, oldestMs: number): ReadonlyMap<number, Generation> {
  const kept = new Map<number, Generation>();
  for (const [slot, { hardMs, softMs }] of table) {
    const hard = hardMs > Math.max(everything.hardMs, oldestMs);
    const soft = softMs > Math.max(everything.hardMs, everything.softMs, oldestMs);
    if (hard || soft) kept.set(slot, { hardMs, softMs });
  }
  return kept;
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
