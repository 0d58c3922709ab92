// Header rules of site and route, merged: the route's word on a name replaces the site's.

import type { NormalRoute } from "../normalize.ts";
import type { HeaderRulesSnapshot, Template } from "../snapshot.ts";
import { compareText, sortedUnique } from "./order.ts";
import { compileTemplate } from "./template.ts";

type Side = NormalRoute["headers"]["request"];

/**
 * @param layers - The site's rules, then the route's. A name that a later layer sets or removes loses the earlier `set` and `add`;
 * what is only added later is added to the earlier.
 * @param params - Names of the route's parameters.
 */
export function compileHeaders(layers: readonly Side[], params: readonly string[]): HeaderRulesSnapshot {
  const set = new Map<string, string>();
  const add = new Map<string, readonly string[]>();
  for (const layer of layers) {
    const removed = layer.remove.map((name) => name.toLowerCase());
    const replaced = Object.keys(layer.set).map((name) => name.toLowerCase());
    for (const name of [...removed, ...replaced]) {
      set.delete(name);
      add.delete(name);
    }
    for (const [name, value] of Object.entries(layer.set)) set.set(name.toLowerCase(), value);
    for (const [name, value] of Object.entries(layer.add))
      add.set(name.toLowerCase(), [...(add.get(name.toLowerCase()) ?? []), ...[value].flat()]);
  }
  return {
    remove: sortedUnique(layers.flatMap((layer) => layer.remove).map((name) => name.toLowerCase())),
    set: [...set].toSorted(byName).map(([name, value]) => [name, compileTemplate(value, params)] as const),
    add: [...add]
      .toSorted(byName)
      .flatMap(([name, values]) => values.map((value) => [name, compileTemplate(value, params)] as readonly [string, Template])),
  };
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return compareText(a[0], b[0]);
}
