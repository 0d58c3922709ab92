// How a user names a release: its number, the beginning of its hash, or nothing for the one in force. Used by show and rollback.

import { historyKey } from "../../src/release/keys.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { historyNumbers, parseHistory, readHistory } from "../store/documents.ts";
import type { KvStore } from "../store/kv.ts";

/** Beyond this the hash has to be looked for with `history`. */
const SEARCHED_MAX = 1000;

/** The hash of a named release. */
export async function findRelease(store: KvStore, name: string): Promise<string> {
  if (/^[1-9]\d{0,8}$/.test(name)) {
    const entry = await readHistory(store, Number(name));
    if (entry !== null) return entry.pointer.release;
  }
  if (/^[0-9a-f]{64}$/.test(name)) return name;
  if (/^[0-9a-f]{6,63}$/.test(name)) return byPrefix(store, name);
  const why = /^\d+$/.test(name)
    ? "the history has no such number"
    : "a release is named by its number, or by six or more digits of its hash";
  throw failure({ what: `there is no release "${name}"`, why, fix: "list them with: breakwater history", exit: EXIT.usage });
}

async function byPrefix(store: KvStore, prefix: string): Promise<string> {
  const numbers = (await historyNumbers(store)).slice(0, SEARCHED_MAX);
  const texts = await store.getMany(numbers.map(historyKey));
  const hashes = [...texts.values()].map((text) => parseHistory(text)?.pointer.release ?? "").filter((hash) => hash.startsWith(prefix));
  const [only, other] = new Set(hashes);
  if (only !== undefined && other === undefined) return only;
  const why = only === undefined ? "the history has no hash that begins so" : "several hashes begin so";
  throw failure({ what: `"${prefix}" names no single release`, why, fix: "list them with: breakwater history", exit: EXIT.usage });
}
