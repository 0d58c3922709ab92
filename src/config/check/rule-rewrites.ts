// Rewrites by rules: what may be changed in which phase, header names, and values that keep answers of different visitors apart.

import type { NormalAction } from "../normalize.ts";
import { report, reportKey } from "./context.ts";
import { checkHeaderNames } from "./headers.ts";
import { takeValue, type ActionCheck } from "./action-values.ts";
import { checkKeyedFields } from "./rule-phases.ts";
import { checkTemplate } from "./templates.ts";

type Rewrite = NonNullable<NormalAction["rewrite"]>;
type Made = string | { readonly expression: string };

export function checkRewrite(check: ActionCheck, rewrite: Rewrite): void {
  const { context, rule } = check;
  const path = [...check.path, "rewrite"];
  if (Object.keys(rewrite).length === 0) {
    const message = "The rule rewrites nothing.";
    report(context, path, { code: "conflicting-actions", message, expected: "path, query or headers", fix: "Name what it rewrites." });
  }
  for (const key of ["path", "query"] as const) {
    if (rewrite[key] === undefined || rule.phase === "request" || (rule.phase === "origin" && key === "path")) continue;
    const message =
      rule.phase === "response"
        ? `In the phase response the request is over: \`${key}\` has no effect.`
        : "In the phase origin the query is that of the cache key, and stays.";
    reportKey(context, [...path, key], { code: "rule-phase", message, fix: "Put the rule into `phase: request`." });
  }
  if (rule.phase === "origin" && check.when !== null) {
    checkKeyedFields(context, { at: ["firewall", check.path[1] ?? 0, "when"], text: rule.when, of: check.when });
  }
  if (rewrite.path !== undefined) checkMade(check, ["rewrite", "path"], rewrite.path);
  checkQuery(check, rewrite.query);
  const { headers } = rewrite;
  if (headers === undefined) return;
  const side = rule.phase === "response" ? "response" : "request";
  checkHeaderNames(context, side, headers, [...path, "headers"]);
  for (const verb of ["set", "add"] as const) {
    for (const [name, made] of Object.entries(headers[verb])) checkMade(check, ["rewrite", "headers", verb, name], made);
  }
}

function checkQuery(check: ActionCheck, query: Rewrite["query"]): void {
  if (query === undefined) return;
  if ("expression" in query) return checkMade(check, ["rewrite", "query"], query);
  for (const [name, made] of Object.entries(query.set)) checkMade(check, ["rewrite", "query", "set", name], made);
}

/** Text with placeholders, or an expression. */
function checkMade(check: ActionCheck, place: readonly string[], made: Made): void {
  const { context, path, rule } = check;
  if (typeof made === "string") {
    checkTemplate(context, [...path, ...place], { text: made, params: [] });
    checkPlaceholders(check, place, made);
    return;
  }
  const value = takeValue(check, [...place, "expression"], made.expression);
  if (value === null || rule.phase !== "origin") return;
  checkKeyedFields(context, { at: [...path, ...place, "expression"], text: made.expression, of: value });
}

/** Placeholders of the visitor, where the cache key holds nothing of what is made of them. */
function checkPlaceholders({ context, path, rule }: ActionCheck, place: readonly string[], text: string): void {
  const found = rule.phase === "origin" ? /\{(client\.address|client\.country|method|query|request\.id)\}/.exec(text)?.[1] : undefined;
  if (found === undefined) return;
  report(context, [...path, ...place], {
    code: "unkeyed-rewrite",
    message: `What this rule tells the origin depends on {${found}}, which is not part of every cache key: one visitor's answer could be stored for all.`,
    found: text,
    fix: "Put the rule into `phase: request`: what it changes there is part of the cache key.",
  });
}
