// Names that must exist somewhere else in the config.

import { nearestName } from "../../expression/diagnostics.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

/** Known names shown when none is near. */
const SHOWN_MAX = 20;

export interface Reference {
  /** The code is `dangling-<what>`. */
  readonly what: "pool" | "rule";
  /** Undefined is no reference. */
  readonly name: string | undefined;
  readonly known: readonly string[];
}

/** Reports a name that is not among the known ones. */
export function checkReference(context: CheckContext, path: Path, { what, name, known }: Reference): void {
  if (name === undefined || known.includes(name)) return;
  const near = nearestName(name, known);
  const shown = `${known.slice(0, SHOWN_MAX).join(", ")}${known.length > SHOWN_MAX ? ", ..." : ""}`;
  const there = known.length === 0 ? `There is no ${what} yet.` : `Known: ${shown}.`;
  const fix = near === null ? `Add a ${what} named "${name}", or use one that exists. ${there}` : `Did you mean "${near}"?`;
  const message = `There is no ${what} named "${name}".`;
  report(context, path, { code: `dangling-${what}`, message, expected: `the name of a ${what}`, found: name, fix });
}
