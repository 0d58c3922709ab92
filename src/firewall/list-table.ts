// The lists of a release in an isolate: those that the release holds are there at once, the others when they have been loaded. A
// list that is not there answers true, so that no rule that looks into it is taken for one that does not match; who evaluates asks
// `isLoaded` before it believes the answer. Filled by `release/lists.ts`.

import type { ListKind, ListReference, ListSnapshot } from "../config/snapshot.ts";
import type { Membership } from "../expression/compilation.ts";
import type { RuleContext } from "./context.ts";
import { loadList } from "./lists.ts";

export interface ListTable {
  /** By name; what is loaded later is seen by those handed out before. */
  readonly memberships: ReadonlyMap<string, Membership<RuleContext>>;
  /** Whether the answers count. Also while an older edition stands in for one that is not there yet. */
  isLoaded(name: string): boolean;
  /** The document to load for a list; null when there is nothing to load. */
  wanted(name: string): ListReference | null;
  /** Whether a list of the release is this document. */
  names(hash: string): boolean;
  /** Names of the lists for which an older edition stands in. */
  outdated(): readonly string[];
  /** Takes a loaded document for all lists that are made of it. */
  put(hash: string, holds: Membership<RuleContext>): void;
  /** The look-up of a document, when it is loaded here. */
  loaded(hash: string): Membership<RuleContext> | null;
  /** What answers for a list of this kind now; null when nothing does. */
  edition(name: string, kind: ListKind): Edition | null;
  /** Takes over what the table of the release before has: the same documents, and older editions of lists of the same kind. */
  adopt(before: ListTable): void;
}

interface Slot {
  readonly kind: ListKind;
  /** What the release names; null when it holds the list itself. */
  readonly reference: ListReference | null;
  held: Edition | null;
}

export interface Edition {
  /** Of its document; null when a release held it. */
  readonly hash: string | null;
  readonly holds: Membership<RuleContext>;
}

export function createListTable(lists: Readonly<Record<string, ListSnapshot>>): ListTable {
  const slots = new Map(Object.entries(lists).map(([name, list]) => [name, slotOf(list)]));
  const editions = new Map<string, Membership<RuleContext>>();
  const wanted = (name: string): ListReference | null => {
    const slot = slots.get(name);
    if (slot === undefined || slot.reference === null) return null;
    return slot.held?.hash === slot.reference.hash ? null : slot.reference;
  };
  const put: ListTable["put"] = (hash, holds) => {
    for (const slot of slots.values()) {
      if (slot.reference?.hash !== hash) continue;
      slot.held = { hash, holds };
      editions.set(hash, holds);
    }
  };
  return {
    memberships: new Map(
      [...slots].map(([name, slot]) => [name, (value, context) => slot.held === null || slot.held.holds(value, context)]),
    ),
    isLoaded: (name) => (slots.get(name)?.held ?? null) !== null,
    wanted,
    names: (hash) => [...slots.values()].some(({ reference }) => reference?.hash === hash),
    outdated: () => [...slots].filter(([name, slot]) => slot.held !== null && wanted(name) !== null).map(([name]) => name),
    put,
    loaded: (hash) => editions.get(hash) ?? null,
    edition: (name, kind) => {
      const slot = slots.get(name);
      return slot?.kind === kind ? slot.held : null;
    },
    adopt: (before) => {
      for (const [name, slot] of slots) {
        if (slot.reference === null) continue;
        const same = before.loaded(slot.reference.hash);
        if (same !== null) put(slot.reference.hash, same);
        else slot.held ??= before.edition(name, slot.kind);
      }
    },
  };
}

function slotOf(list: ListSnapshot): Slot {
  const { kind } = list;
  return "hash" in list ? { kind, reference: list, held: null } : { kind, reference: null, held: { hash: null, holds: loadList(list) } };
}
