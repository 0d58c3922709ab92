// Where the entries of each list go: into the release, or into a document of its own when there are many. Runs when a config is
// built; what it makes is written by whoever publishes.

import { countEntries, packList } from "../../firewall/list-arrays.ts";
import { encodeList } from "../../firewall/list-document.ts";
import { LIST_INLINE_ENTRIES_MAX } from "../../limits.ts";
import { hashText } from "../encode.ts";
import type { ListContent, ListSnapshot } from "../snapshot.ts";

export interface StoredLists {
  /** As the snapshot has them, by name. */
  readonly snapshots: ReadonlyMap<string, ListSnapshot>;
  /** Texts by their hash. */
  readonly documents: ReadonlyMap<string, string>;
}

export async function storeLists(lists: ReadonlyMap<string, ListContent>): Promise<StoredLists> {
  const snapshots = new Map<string, ListSnapshot>();
  const documents = new Map<string, string>();
  for (const [name, list] of lists) {
    const count = countEntries(list);
    if (count <= LIST_INLINE_ENTRIES_MAX) {
      snapshots.set(name, list);
      continue;
    }
    const text = encodeList(packList(list));
    const hash = await hashText(text);
    documents.set(hash, text);
    snapshots.set(name, { kind: list.kind, hash, count });
  }
  return { snapshots, documents };
}
