// Values that are derived from a request at most once, however many rules ask for them. The cache lives as long as the facts.

import type { Facts } from "../facts.ts";

/** A getter that computes its value on the first call for a request. */
export function oncePerRequest<T>(derive: (facts: Facts) => T): (facts: Facts) => T {
  const values = new WeakMap<Facts, { readonly value: T }>();
  return (facts) => {
    const known = values.get(facts);
    if (known !== undefined) return known.value;
    const value = derive(facts);
    values.set(facts, { value });
    return value;
  };
}

/** Adds a value to the array under a name. */
export function addTo(map: Map<string, string[]>, name: string, value: string): void {
  const values = map.get(name);
  if (values === undefined) map.set(name, [value]);
  else values.push(value);
}
