// What a rule rewrites, with its values compiled.

import type { NormalAction } from "../normalize.ts";
import type { RewriteActionSnapshot, RuleText } from "../rule-snapshot.ts";
import type { CheckedRule } from "../check/rules.ts";
import { compareText, promised, sortedUnique } from "./order.ts";
import { compileTemplate } from "./template.ts";

type Rewrite = NonNullable<NormalAction["rewrite"]>;
type Made = string | { readonly expression: string };

/** A function that compiles the text at a place of the action. */
export function madeBy({ values }: CheckedRule): (place: readonly string[], made: Made) => RuleText {
  return (place, made) => {
    if (typeof made === "string") return { kind: "template", template: compileTemplate(made, []) };
    const key = [...place, "expression"].join(".");
    return { kind: "expression", value: promised(values.get(key), key) };
  };
}

export function compileRewrite({ path, query, headers }: Rewrite, checked: CheckedRule): RewriteActionSnapshot {
  const text = madeBy(checked);
  const texts = (place: readonly string[], record: Readonly<Record<string, Made>>): readonly (readonly [string, RuleText])[] =>
    Object.entries(record).map(([name, made]) => [name, text([...place, name], made)] as const);
  const lower = (place: readonly string[], record: Readonly<Record<string, Made>>): readonly (readonly [string, RuleText])[] =>
    texts(place, record)
      .map(([name, made]) => [name.toLowerCase(), made] as const)
      .toSorted(([a], [b]) => compareText(a, b));
  return {
    kind: "rewrite",
    path: path === undefined ? null : text(["rewrite", "path"], path),
    query:
      query === undefined
        ? null
        : "expression" in query
          ? { kind: "whole", value: text(["rewrite", "query"], query) }
          : { kind: "changes", remove: sortedUnique(query.remove), set: texts(["rewrite", "query", "set"], query.set) },
    headers:
      headers === undefined
        ? null
        : {
            remove: sortedUnique(headers.remove.map((name) => name.toLowerCase())),
            set: lower(["rewrite", "headers", "set"], headers.set),
            add: lower(["rewrite", "headers", "add"], headers.add),
          },
  };
}
