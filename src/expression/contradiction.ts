// Whether assertions about a context contradict each other. Sound and incomplete: true is certain, false means that no
// contradiction was found. Part of the analysis at publishing.

import { contradictBytes } from "./constraint-bytes.ts";
import { contradictNumbers } from "./constraint-number.ts";
import type { Value } from "./ast.ts";
import type { Assertion, Constraint } from "./normal-form.ts";

/** Whether a value is never missing. */
export type IsPresent = (value: Value) => boolean;

/** What is asserted about one value, or about the elements of one collection. */
interface About {
  readonly subject: Value;
  readonly value: Constraint[];
  readonly some: Constraint[];
  readonly every: Constraint[];
}

/** True when no context satisfies all assertions. */
export function contradict(assertions: readonly Assertion[], isPresent: IsPresent): boolean {
  const said = new Map<string, boolean>();
  const subjects = new Map<string, About>();
  for (const { key, holds, about } of assertions) {
    if (said.get(key) === !holds) return true;
    if (said.has(key) || about === null) {
      said.set(key, holds);
      continue;
    }
    said.set(key, holds);
    const group = subjects.get(about.key) ?? { subject: about.subject, value: [], some: [], every: [] };
    subjects.set(about.key, group);
    group[about.role].push(about.constraint);
  }
  for (const group of subjects.values()) if (contradictAbout(group, isPresent)) return true;
  return false;
}

function contradictAbout({ subject, value, some, every }: About, isPresent: IsPresent): boolean {
  // A test holds for a value that is there only; without one that holds, the value may be missing, and then no test does.
  const isThere = value.some(({ holds }) => holds) || isPresent(subject);
  if (value.length > 0 && isThere && contradictOne(subject, value)) return true;
  // Elements are never missing, but there may be none.
  return some.some((constraint) => contradictOne(subject, [constraint, ...every]));
}

function contradictOne(subject: Value, constraints: readonly Constraint[]): boolean {
  if (subject.type === "Bytes") return contradictBytes(constraints);
  return (subject.type === "Int" || subject.type === "Ip") && contradictNumbers(subject, constraints);
}
