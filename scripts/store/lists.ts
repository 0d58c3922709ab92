// The documents of long lists in KV: written before the release that names them, read to tell what changed, and checked before an
// old release is made the one in force again. Content-addressed and never changed, like releases.

import { hashText } from "../../src/config/encode.ts";
import type { ListContent, ListReference, Snapshot } from "../../src/config/snapshot.ts";
import { unpackList } from "../../src/firewall/list-arrays.ts";
import { decodeList } from "../../src/firewall/list-document.ts";
import { listKey } from "../../src/release/keys.ts";
import { failure } from "../output/failure.ts";
import type { KvStore } from "./kv.ts";

/** Writes those that are not there. @param documents - Texts by their hash. */
export async function writeLists(store: KvStore, documents: ReadonlyMap<string, string>): Promise<void> {
  if (documents.size === 0) return;
  const present = new Set(await store.list(listKey("")));
  for (const [hash, text] of documents) {
    if (!present.has(listKey(hash))) await store.put(listKey(hash), text);
  }
}

/** The entries of a document; null when it is missing or not what its name says. */
export async function readList(store: KvStore, hash: string): Promise<ListContent | null> {
  const text = await store.get(listKey(hash));
  return text === null || (await hashText(text)) !== hash ? null : listOf(text);
}

/** The entries that a document's text stands for. */
export function listOf(text: string): ListContent | null {
  const decoded = decodeList(text);
  return decoded.ok ? unpackList(decoded.value) : null;
}

/** The long lists of a release by their name. */
export function listReferences(snapshot: Snapshot): ReadonlyMap<string, ListReference> {
  return new Map(Object.entries(snapshot.lists).flatMap(([name, list]) => ("hash" in list ? [[name, list] as const] : [])));
}

/** Fails when a list of the release cannot be read: its rules would not hold. */
export async function requireLists(store: KvStore, snapshot: Snapshot): Promise<void> {
  for (const [name, { hash }] of listReferences(snapshot)) {
    if ((await readList(store, hash)) !== null) continue;
    throw failure({
      what: `the list "${name}" of the release cannot be used`,
      why: `${store.label} has no good value under "${listKey(hash)}"`,
      fix: "publish the release's files instead: breakwater show RELEASE --write FOLDER, then breakwater publish",
    });
  }
}
