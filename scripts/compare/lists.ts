// What differs between two editions of a list, in counts: a list of 100,000 entries differs in three numbers, not in as many lines.

import type { ListContent, ListSnapshot } from "../../src/config/snapshot.ts";
import type { ChangeDetail } from "./snapshots.ts";

export interface ListDifference {
  /** `+3 -1 ~2`: entries that came, that went, and whose expiry is another; null when entries cannot be compared. */
  readonly summary: string | null;
  readonly details: readonly ChangeDetail[];
}

export function compareLists(before: ListSnapshot, after: ListSnapshot): ListDifference {
  if (before.kind !== after.kind) return { summary: null, details: [{ path: "kind", before: before.kind, after: after.kind }] };
  const sizes = { path: "entries", before: sizeOf(before), after: sizeOf(after) };
  if ("hash" in before || "hash" in after) return { summary: null, details: [sizes] };
  const [was, is] = [entriesOf(before), entriesOf(after)];
  const added = [...is.keys()].filter((entry) => !was.has(entry)).length;
  const removed = [...was.keys()].filter((entry) => !is.has(entry)).length;
  const changed = [...is].filter(([entry, untilMs]) => was.has(entry) && was.get(entry) !== untilMs).length;
  const parts = [
    [added, "+", "added"],
    [removed, "-", "removed"],
    [changed, "~", "with another expiry"],
  ] as const;
  const some = parts.filter(([count]) => count > 0);
  return {
    summary: some.map(([count, sign]) => `${sign}${count}`).join(" "),
    details: [{ ...sizes, after: `${sizes.after} (${some.map(([count, , what]) => `${count} ${what}`).join(", ")})` }],
  };
}

function sizeOf(list: ListSnapshot): number {
  if ("hash" in list) return list.count;
  return list.kind === "ip" ? (list.v4.length + list.v6.length) / 2 : list.entries.length;
}

/** Each entry and its expiry; addresses as ranges. */
function entriesOf(list: ListContent): ReadonlyMap<string, number> {
  const entries = list.kind === "ip" ? [...rangesOf(list.v4), ...rangesOf(list.v6)] : list.entries.map(String);
  const until = new Map(entries.map((entry) => [entry, Number.POSITIVE_INFINITY]));
  for (let at = 0; at < list.until.length; at += 2) until.set(entries[list.until[at] ?? 0] ?? "", list.until[at + 1] ?? 0);
  return until;
}

function rangesOf(bounds: readonly (number | string)[]): readonly string[] {
  return bounds.flatMap((from, index) => (index % 2 === 0 ? [`${from}-${bounds[index + 1]}`] : []));
}
