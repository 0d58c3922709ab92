// Unknown keys put right as their diagnostics suggest, so that the rest of a config can be checked in the same run. The result is
// never published: the diagnostics stay errors.

import type { Diagnostic } from "./diagnostic.ts";
import type { Path } from "./source.ts";

/** A copy of `value`: each unknown key renamed to the one that was probably meant, if that is free, else removed. */
export function repairUnknownKeys(value: unknown, diagnostics: readonly Diagnostic[]): unknown {
  const copy = structuredClone(value);
  for (const { code, path, fix } of diagnostics) {
    const parent = code === "unknown-key" ? mappingAt(copy, path.slice(0, -1)) : null;
    const name = path.at(-1);
    if (parent === null || name === undefined) continue;
    const meant = /^Did you mean "([^"]+)"/.exec(fix ?? "")?.[1];
    if (meant !== undefined && !Object.hasOwn(parent, meant)) parent[meant] = parent[name];
    delete parent[name];
  }
  return copy;
}

function mappingAt(root: unknown, path: Path): Record<string | number, unknown> | null {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return null;
    value = (value as Record<string | number, unknown>)[step];
  }
  return typeof value === "object" && value !== null ? (value as Record<string | number, unknown>) : null;
}
