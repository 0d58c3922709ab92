// Lists that rules name with `$name`: the type of each kind's entries, and the look-up of a list that a release holds whole. Lists
// that are documents of their own are in `list-table.ts`.

import type { ListContent, ListKind } from "../config/snapshot.ts";
import type { Membership } from "../expression/compilation.ts";
import type { ListType } from "../expression/scheme.ts";
import type { RuleContext } from "./context.ts";
import { packList } from "./list-arrays.ts";
import { lookup } from "./list-lookup.ts";

/** The type that values must have to be looked up in a list of this kind. */
export function listType(kind: ListKind): ListType {
  return kind === "ip" ? "Ip" : kind === "asn" ? "Int" : "Bytes";
}

/** The lists of a config or a snapshot as the checker wants them. */
export function listTypes(lists: Readonly<Record<string, { readonly kind: ListKind }>>): ReadonlyMap<string, ListType> {
  return new Map(Object.entries(lists).map(([name, { kind }]) => [name, listType(kind)]));
}

/** Makes the membership test of a list. */
export function loadList(content: ListContent): Membership<RuleContext> {
  return lookup(packList(content));
}
