// Copies in the data centre's cache of what KV holds: the polled documents together, releases and lists one by one. A copy is read
// instead of KV while it is young, and in place of KV, whatever its age, when KV fails. It is verified like the original, so
// this module hands out text and believes nothing. It never fails: what cannot be read is not there.
//
// Nobody but the Worker can read or write them; see copy-key.ts.

import { isCount, isRecord, parseJson } from "../json-document.ts";
import { COPY_READ_MS_MAX } from "../limits.ts";
import type { CacheStore } from "../ports.ts";
import { createCopyKey } from "./copy-key.ts";
import { DOCUMENT_KEYS, type DocumentName, type DocumentTexts } from "./documents.ts";
import { isReleaseHash, listKey } from "./keys.ts";
import { within } from "./within.ts";

export interface PolledCopy {
  /** When these texts were read from KV, by the clock of the isolate that read them. */
  readonly readAtMs: number;
  readonly texts: DocumentTexts;
}

export interface Copies {
  readPolled(cache: CacheStore): Promise<PolledCopy | null>;
  writePolled(cache: CacheStore, copy: PolledCopy): Promise<void>;
  readRelease(cache: CacheStore, hash: string): Promise<string | null>;
  writeRelease(cache: CacheStore, hash: string, text: string): Promise<void>;
  /** For a copy that turned out not to be the release. */
  dropRelease(cache: CacheStore, hash: string): Promise<void>;
  readList(cache: CacheStore, hash: string): Promise<string | null>;
  writeList(cache: CacheStore, hash: string, text: string): Promise<void>;
  /** For a copy that turned out not to be the list. */
  dropList(cache: CacheStore, hash: string): Promise<void>;
  /** Hash of the release that was last in force here, for a cold isolate whose pointer names one that cannot be had. */
  readLastGood(cache: CacheStore): Promise<string | null>;
  writeLastGood(cache: CacheStore, hash: string): Promise<void>;
}

/** Raised when the form of a copy changes; older copies are then not found. */
const COPY_FORMAT = 1;
const YEAR_SECONDS = 31_536_000;

/** @param scope - Differs between deployments, for example the Worker's name and its admin token. Only its hash is used. */
export function createCopies(scope: string): Copies {
  const keyOf = createCopyKey(`s/${COPY_FORMAT}`, scope);
  const read = async (cache: CacheStore, name: string): Promise<string | null> => {
    const reading = cache.match(await keyOf(name)).then((response) => response?.text() ?? null);
    try {
      return (await within(reading, COPY_READ_MS_MAX))?.value ?? null;
    } catch {
      return null;
    }
  };
  const write = async (cache: CacheStore, name: string, text: string): Promise<void> => {
    const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": `max-age=${YEAR_SECONDS}` };
    await cache.put(await keyOf(name), new Response(text, { headers }));
  };
  const drop = async (cache: CacheStore, name: string): Promise<void> => {
    await cache.delete(await keyOf(name));
  };
  return {
    readPolled: async (cache) => parseCopy(await read(cache, "polled")),
    writePolled: (cache, copy) => write(cache, "polled", JSON.stringify(copy)),
    readRelease: (cache, hash) => read(cache, `release/${hash}`),
    writeRelease: (cache, hash, text) => write(cache, `release/${hash}`, text),
    dropRelease: (cache, hash) => drop(cache, `release/${hash}`),
    readList: (cache, hash) => read(cache, listKey(hash)),
    writeList: (cache, hash, text) => write(cache, listKey(hash), text),
    dropList: (cache, hash) => drop(cache, listKey(hash)),
    readLastGood: async (cache) => {
      const hash = await read(cache, "last-good");
      return isReleaseHash(hash) ? hash : null;
    },
    writeLastGood: (cache, hash) => write(cache, "last-good", hash),
  };
}

/** A copy is used instead of KV while it is young. One from the future, by a clock that is ahead, is not trusted to be. */
export function isYoung(copy: PolledCopy, nowMs: number, copyMs: number): boolean {
  return Math.abs(nowMs - copy.readAtMs) < copyMs;
}

function parseCopy(text: string | null): PolledCopy | null {
  if (text === null) return null;
  const value = parseJson(text);
  if (!isRecord(value) || !isRecord(value["texts"])) return null;
  const { readAtMs, texts } = value;
  if (!isCount(readAtMs)) return null;
  const names = Object.keys(DOCUMENT_KEYS) as DocumentName[];
  const entries = names.map((name) => [name, texts[name] ?? null] as const);
  if (!entries.every((entry) => entry[1] === null || typeof entry[1] === "string")) return null;
  return { readAtMs, texts: Object.fromEntries(entries) as Record<DocumentName, string | null> };
}
