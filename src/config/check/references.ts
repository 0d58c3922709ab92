// Names that must exist somewhere else in the config.

import { nearestName } from "../../expression/diagnostics.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

/**
 * Reports a name that is not among `known`.
 *
 * @param what - `pool`, `list` or `rule`; the code is `dangling-<what>`.
 * @param name - Undefined is no reference.
 */
export function checkReference(
  context: CheckContext,
  what: "pool" | "rule",
  name: string | undefined,
  known: readonly string[],
  path: Path,
): void {
  if (name === undefined || known.includes(name)) return;
  const near = nearestName(name, known);
  const there =
    known.length === 0 ? `There is no ${what} yet.` : `Known: ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", ..." : ""}.`;
  const fix = near === null ? `Add a ${what} named "${name}", or use one that exists. ${there}` : `Did you mean "${near}"?`;
  report(context, path, {
    code: `dangling-${what}`,
    message: `There is no ${what} named "${name}".`,
    expected: `the name of a ${what}`,
    found: name,
    fix,
  });
}
