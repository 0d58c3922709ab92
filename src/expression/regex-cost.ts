// What a backtracking engine may have to do for a pattern, from one position of a value. Loops without an end count as one round:
// how often they turn is for `regex.ts` (by form) and `regex-safety.ts` (by proof) to judge; this is the factor that neither sees.
// `(a|a)(a|a)...` and `(a{1,30}){1,30}` have no such loop, are "linear" in the value's length, and take longer than the universe.

import type { RegexNode } from "./regex-syntax.ts";

export interface BacktrackCost {
  /** Ways to go through the node. */
  readonly paths: number;
  /** Steps that all of them take together. */
  readonly steps: number;
}

/** The cost of a node; infinite where `loops` is so and a loop has more than one byte class for a body. */
export function backtrackCost(node: RegexNode, loops: "infinite" | "once" = "infinite"): BacktrackCost {
  switch (node.kind) {
    case "empty":
      return { paths: 1, steps: 0 };
    case "set":
    case "assert":
      return { paths: 1, steps: 1 };
    case "group":
      return backtrackCost(node.of, loops);
    case "concat":
      return node.parts.map((part) => backtrackCost(part, loops)).reduce(inTurn, { paths: 1, steps: 0 });
    case "alternation": {
      const options = node.options.map((option) => backtrackCost(option, loops));
      return { paths: sum(options.map(({ paths }) => paths)), steps: sum(options.map(({ steps }) => steps)) };
    }
    case "repeat":
      return repeatCost(node, loops);
    default:
      return node satisfies never;
  }
}

function repeatCost({ of, min, max }: RegexNode & { readonly kind: "repeat" }, loops: "infinite" | "once"): BacktrackCost {
  if (max === 0) return { paths: 1, steps: 0 };
  if (of.kind === "set") return max === null ? { paths: 1, steps: min + 1 } : { paths: max - min + 1, steps: max };
  const body = backtrackCost(of, loops);
  if (max === null && loops === "infinite") return { paths: Number.POSITIVE_INFINITY, steps: Number.POSITIVE_INFINITY };
  let paths = min === 0 ? 1 : 0;
  let rounds: BacktrackCost = { paths: 1, steps: 0 };
  for (let round = 1; round <= (max ?? Math.max(1, min)); round += 1) {
    rounds = inTurn(rounds, body);
    if (round >= min) paths += rounds.paths;
    if (rounds.paths > Number.MAX_SAFE_INTEGER) break;
  }
  return { paths, steps: rounds.steps };
}

function inTurn(first: BacktrackCost, second: BacktrackCost): BacktrackCost {
  return { paths: first.paths * second.paths, steps: first.steps + first.paths * second.steps };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
