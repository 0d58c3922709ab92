// Values that are derived from a request at most once, however many rules ask for them. The cache lives as long as the context.

import type { RuleContext } from "./context.ts";

/** A getter that computes its value on the first call for a context. Not for what changes while rules run. */
export function once<T>(derive: (context: RuleContext) => T): (context: RuleContext) => T {
  return (context) => {
    const known = context.derived.get(derive);
    if (known !== undefined || context.derived.has(derive)) return known as T;
    const value = derive(context);
    context.derived.set(derive, value);
    return value;
  };
}

/** Adds a value to the array under a name. */
export function addTo(map: Map<string, string[]>, name: string, value: string): void {
  const values = map.get(name);
  if (values === undefined) map.set(name, [value]);
  else values.push(value);
}
