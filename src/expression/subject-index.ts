// Looks up which expressions a value makes possible: by the whole value, its prefixes, the literals in it, and the ranges around
// it. The cost depends on the value's length and on what is found, hardly on how much is filed. Used by `matcher.ts`.

import { compileLiterals, compilePrefixes } from "./automaton.ts";
import { compileIntervals } from "./intervals.ts";
import type { LiteralScan } from "./automaton.ts";
import type { Filed, SubjectPlan } from "./index-plan.ts";
import type { Interval } from "./intervals.ts";
import type { Address } from "./ip.ts";
import type { RuntimeValue } from "./types.ts";

/** Called with positions of expressions that may hold; the same one may come more than once. */
export type Found = (filed: Filed) => void;

/** A look-up by one value. */
export type Lookup = (value: RuntimeValue, found: Found) => void;

/** The look-ups of one subject. */
export function compileSubjectIndex(plan: SubjectPlan): readonly Lookup[] {
  const lookups: Lookup[] = [];
  const { is, prefixes, literals, ranges } = plan;
  if (is.size > 0)
    lookups.push((value, found) => {
      const filed = is.get(value as string | number | boolean);
      if (filed !== undefined) found(filed);
    });
  if (prefixes.size > 0) lookups.push(compileTexts(prefixes, compilePrefixes));
  if (literals.size > 0) lookups.push(compileTexts(literals, compileLiterals));
  if (ranges.length > 0) lookups.push(compileRangesOf(ranges));
  return lookups;
}

function compileTexts(texts: ReadonlyMap<string, Filed>, compile: (texts: readonly string[]) => LiteralScan): Lookup {
  const filed = [...texts.values()];
  const scan = compile([...texts.keys()]);
  return (value, found) => scan(value as string, (text) => found(filed[text] as Filed));
}

/** Integers and IPv4 addresses are numbers, IPv6 addresses are texts. */
function compileRangesOf(ranges: readonly Interval<Address>[]): Lookup {
  const isNumeric = (range: Interval<Address>): range is Interval<number> => typeof range.from === "number";
  const numbers = compileIntervals(ranges.filter(isNumeric));
  const texts = compileIntervals(ranges.filter((range): range is Interval<string> => !isNumeric(range)));
  return (value, found) => (typeof value === "number" ? numbers(value, found) : texts(value as string, found));
}
