// Lists with weights (RFC 9110 12.4.2), as in Accept, Accept-Encoding and Accept-Language: `text;q=0.5`. It knows nothing of what
// the texts mean.

import { splitList } from "./list.ts";

export interface Weighted {
  /** The member without its parameters, as written. */
  readonly text: string;
  /** Parameters other than q, trimmed, as written. */
  readonly parameters: readonly string[];
  /** In [0, 1]; 1 when absent. */
  readonly weight: number;
}

/** Members in the order of the header. One whose weight is not valid is left out: it cannot be said what it asks for. */
export function parseWeighted(value: string): readonly Weighted[] {
  return splitList(value).flatMap((member) => {
    const [text = "", ...parameters] = splitList(member, ";");
    if (member.startsWith(";")) return [];
    const weights = parameters.filter(isWeight);
    const weight = weights.length === 0 ? 1 : parseWeight(weights[0] ?? "");
    if (weight === null) return [];
    return [{ text, parameters: parameters.filter((parameter) => !isWeight(parameter)), weight }];
  });
}

function isWeight(parameter: string): boolean {
  return /^q[\t ]*=/i.test(parameter);
}

function parseWeight(parameter: string): number | null {
  const digits = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i.exec(parameter)?.[1];
  return digits === undefined ? null : Number(digits);
}
