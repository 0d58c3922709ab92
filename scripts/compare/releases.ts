// What differs between two releases, long lists included, whose entries are read from the store where they differ. Used by
// everything that shows or records changes.

import type { ListContent, ListSnapshot, Snapshot } from "../../src/config/snapshot.ts";
import type { KvStore } from "../store/kv.ts";
import { listOf, readList } from "../store/lists.ts";
import { compareSnapshots, type SnapshotChange } from "./snapshots.ts";

export interface CompareInput {
  readonly store: KvStore;
  /** Null for the first release. */
  readonly before: Snapshot | null;
  readonly after: Snapshot;
  /** Documents of `after` that may not be in the store yet, by their hash. */
  readonly documents?: ReadonlyMap<string, string>;
}

export async function compareReleases({ store, before, after, documents }: CompareInput): Promise<readonly SnapshotChange[]> {
  if (before === null) return compareSnapshots(null, after);
  const contentOf = async (list: ListSnapshot): Promise<ListSnapshot> => {
    if (!("hash" in list)) return list;
    const text = documents?.get(list.hash);
    const content: ListContent | null = text === undefined ? await readList(store, list.hash) : listOf(text);
    return content ?? list;
  };
  const [was, is] = [new Map(Object.entries(before.lists)), new Map(Object.entries(after.lists))];
  for (const [name, now] of Object.entries(after.lists)) {
    const then = before.lists[name];
    if (then === undefined || ("hash" in then && "hash" in now && then.hash === now.hash)) continue;
    was.set(name, await contentOf(then));
    is.set(name, await contentOf(now));
  }
  return compareSnapshots({ ...before, lists: Object.fromEntries(was) }, { ...after, lists: Object.fromEntries(is) });
}
