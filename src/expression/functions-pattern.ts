// Replacing by regular expression and by wildcard. Patterns and replacements are compiled when the rule is loaded.

import { compileWildcard, parseWildcard } from "./wildcard.ts";
import type { Literal } from "./ast.ts";
import type { FunctionDefinition, Parameter } from "./scheme.ts";

const REPLACEMENT: Parameter = {
  name: "replacement",
  accepts: ["Bytes"],
  form: "literal",
  check: (literal) => {
    const parsed = parseReplacement(String(literal.value));
    return typeof parsed === "string" ? parsed : null;
  },
};

const CASE_FLAG: Parameter = {
  name: "flags",
  accepts: ["Bytes"],
  form: "literal",
  optional: true,
  check: (literal) => (literal.value === "s" || literal.value === "" ? null : 'the only flag is "s": case-sensitive'),
};

export const PATTERN_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: "regex_replace",
    description: "Replaces the first match of a regular expression. `${1}` to `${8}` are its groups, `$$` is a dollar sign.",
    parameters: [
      { name: "source", accepts: ["Bytes"], form: "any" },
      { name: "pattern", accepts: ["Bytes"], form: "literal", regex: true },
      REPLACEMENT,
    ],
    returns: "Bytes",
    prepare: ({ values, matcher }) => {
      const parts = partsOf(values[2]);
      return ([source]) => {
        const text = source as string;
        const found = matcher?.find(text) ?? null;
        if (found === null) return text;
        const group = (index: number): string => text.slice(found[2 * index] ?? -1, found[2 * index + 1] ?? -1);
        return text.slice(0, found[0]) + fill(parts, (index) => ((found[2 * index] ?? -1) < 0 ? "" : group(index))) + text.slice(found[1]);
      };
    },
  },
  {
    name: "wildcard_replace",
    description:
      "Replaces the whole value when it matches a wildcard. `${1}` to `${8}` are what its stars stand for. Ignores case without the flag `s`.",
    parameters: [
      { name: "source", accepts: ["Bytes"], form: "value" },
      { name: "pattern", accepts: ["Bytes"], form: "literal", check: checkWildcard },
      REPLACEMENT,
      CASE_FLAG,
    ],
    returns: "Bytes",
    prepare: ({ values }) => {
      const match = compileWildcard(values[1] as string, values[3] === "s");
      const parts = partsOf(values[2]);
      return ([source]) => {
        const captures = match(source as string);
        return captures === null ? source : fill(parts, (index) => captures[index - 1] ?? "");
      };
    },
  },
];

type ReplacementPart = string | number;

function checkWildcard(literal: Literal): string | null {
  const parsed = parseWildcard(String(literal.value));
  return "problem" in parsed ? parsed.problem : null;
}

/** Literal text and numbers of groups in turn; a string is what is wrong. */
function parseReplacement(text: string): readonly ReplacementPart[] | string {
  const parts: ReplacementPart[] = [];
  const pattern = /([^$]+)|\$(\$)|\$\{([1-8])\}|(\$)/g;
  for (const [, literal, dollar, group, stray] of text.matchAll(pattern)) {
    if (stray !== undefined) return "after $ comes {1} to {8}, or another $ for a dollar sign";
    parts.push(literal ?? dollar ?? Number(group));
  }
  return parts;
}

function partsOf(replacement: unknown): readonly ReplacementPart[] {
  const parts = parseReplacement(String(replacement));
  if (typeof parts === "string") throw new Error(`invalid replacement in a release: ${parts}`);
  return parts;
}

function fill(parts: readonly ReplacementPart[], group: (index: number) => string): string {
  return parts.map((part) => (typeof part === "number" ? group(part) : part)).join("");
}
