// The long lists of a release, brought before its rules are judged: every one that the snapshot names and that can be had. A rule
// that looks into another is told as `no-list`, as in the Worker.

import type { Snapshot } from "../../src/config/snapshot.ts";
import { decodeList } from "../../src/firewall/list-document.ts";
import { lookup } from "../../src/firewall/list-lookup.ts";
import type { ListTable } from "../../src/firewall/list-table.ts";

/** @param textOf - Of a list's document, by its hash; null when it is not there. */
export async function fillLists(table: ListTable, snapshot: Snapshot, textOf: (hash: string) => Promise<string | null>): Promise<void> {
  const hashes = new Set(Object.values(snapshot.lists).flatMap((list) => ("hash" in list ? [list.hash] : [])));
  for (const hash of hashes) {
    const text = await textOf(hash);
    const decoded = text === null ? null : decodeList(text);
    if (decoded?.ok === true) table.put(hash, lookup(decoded.value));
  }
}
