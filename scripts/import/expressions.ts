// Whether an expression of Cloudflare's means the same here. It is parsed and checked as publishing does; what it names and nobody
// knows here (a list, a field that only Cloudflare computes) keeps its rule out, since such a comparison is always false, and its
// `not` always true.

import { renderDiagnostic, type ExpressionDiagnostic } from "../../src/expression/diagnostics.ts";
import { lex } from "../../src/expression/lexer.ts";
import { fieldsOf } from "../../src/expression/may-hold.ts";
import { parseExpression, parseValueExpression } from "../../src/expression/parse.ts";
import { withLists, type ListType, type Scheme } from "../../src/expression/scheme.ts";
import { left, type Left } from "./converted.ts";

export interface CarriedExpression {
  readonly kind: "expression";
  readonly text: string;
  readonly changes: readonly string[];
  /** It may mean something else here, so that a condition had better be watched first. */
  readonly isDoubtful: boolean;
}

/** Of one expression; more would bury the next rule. */
const PROBLEMS_SHOWN_MAX = 3;

/** True for every request: each has a host. */
const ALWAYS = 'http.host ne ""';

/** A condition: `expression`, `counting_expression`. */
export function carryCondition(source: string, scheme: Scheme<never>): CarriedExpression | Left {
  const text = source.trim();
  if (text === "") return left("it has no expression", "write the rule by hand: breakwater rule add");
  const constant = /^\(*\s*(true|false)\s*\)*$/.exec(text)?.[1];
  if (constant === "false") return left("its expression is false: it never matches", "nothing: it did nothing");
  if (constant === "true")
    return {
      kind: "expression",
      text: ALWAYS,
      changes: [`the expression true, which holds for all requests, is written ${ALWAYS}`],
      isDoubtful: false,
    };
  return carry(text, scheme, parseExpressionTree);
}

/** A value: the target of a redirect, a header, a part of a key. */
export function carryValue(source: string, scheme: Scheme<never>): CarriedExpression | Left {
  return carry(source.trim(), scheme, parseValueTree);
}

type Parsed =
  | { readonly ok: true; readonly fields: ReadonlySet<string> }
  | { readonly ok: false; readonly error: readonly ExpressionDiagnostic[] };

type Parse = (text: string, scheme: Scheme<never>) => Parsed;

function parseExpressionTree(text: string, scheme: Scheme<never>): Parsed {
  const parsed = parseExpression(text, scheme);
  return parsed.ok ? { ok: true, fields: fieldsOf(parsed.value.expression) } : parsed;
}

function parseValueTree(text: string, scheme: Scheme<never>): Parsed {
  const parsed = parseValueExpression(text, scheme);
  return parsed.ok ? { ok: true, fields: fieldsOf(parsed.value.value) } : parsed;
}

function carry(text: string, scheme: Scheme<never>, parse: Parse): CarriedExpression | Left {
  const missing = listsOf(text).filter((list) => !scheme.lists.has(list));
  const guessed = missing.length === 0 ? null : guessKind(text, scheme, missing, parse);
  const parsed = parse(text, guessed?.scheme ?? scheme);
  if (!parsed.ok) return refused(text, parsed.error);
  if (missing.length > 0) return withoutLists(missing, guessed?.type ?? "Ip");
  const unknown = [...parsed.fields].filter((name) => scheme.fields.get(name)?.get === null);
  if (unknown.length > 0) return withoutFields(unknown, scheme);
  const changes = [...parsed.fields].flatMap((name) => absenceOf(name, scheme));
  return { kind: "expression", text, changes, isDoubtful: changes.length > 0 };
}

/** Fields that are known where the zone has a product of Cloudflare's. */
function absenceOf(name: string, scheme: Scheme<never>): readonly string[] {
  const product = scheme.fields.get(name)?.onlyWith;
  if (product === undefined) return [];
  return [
    `${name} is missing unless the zone has ${product}: then comparisons with it are false, and \`not\` of them is true for everybody`,
  ];
}

function refused(text: string, problems: readonly ExpressionDiagnostic[]): Left {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).flatMap((problem) => renderDiagnostic(text, problem).split("\n"));
  const rest = problems.length - PROBLEMS_SHOWN_MAX;
  const details = rest > 0 ? [...shown, `... and ${rest} more`] : shown;
  return left(
    "its expression is not understood here",
    "write it another way: docs/rules.md has the fields, functions and operators",
    details,
  );
}

/** Names after `$`, outside of strings. */
function listsOf(text: string): readonly string[] {
  const { tokens } = lex(text);
  return [...new Set(tokens.flatMap((token, at) => (isDollar(token) ? (tokens[at + 1]?.text ?? []) : [])))];
}

function isDollar(token: { readonly kind: string; readonly text: string }): boolean {
  return token.kind === "symbol" && token.text === "$";
}

/** The type that the lists would need for the expression to be right. */
function guessKind(
  text: string,
  scheme: Scheme<never>,
  missing: readonly string[],
  parse: Parse,
): { readonly type: ListType; readonly scheme: Scheme<never> } {
  const tried = (["Ip", "Bytes", "Int"] as const).map((type) => ({
    type,
    scheme: withLists(scheme, new Map([...scheme.lists, ...missing.map((name) => [name, type] as const)])),
  }));
  return tried.find((each) => parse(text, each.scheme).ok) ?? (tried[0] as (typeof tried)[0]);
}

const KINDS: Readonly<Record<ListType, string>> = { Ip: "ip", Bytes: "string", Int: "asn" };

function withoutLists(missing: readonly string[], type: ListType): Left {
  const managed = missing.filter((name) => name.startsWith("cf."));
  if (managed.length > 0) {
    const instead = "keep a list of your own in its place, or leave the rule out";
    return left(`$${managed.join(", $")} is a list that Cloudflare keeps and hands to nobody`, instead);
  }
  const create = missing.map((name) => `breakwater list create ${name} --kind ${KINDS[type]}`).join("; ");
  return left(`the config has no list $${missing.join(", $")}`, `create it: ${create}; fill it (breakwater list import), and import again`);
}

function withoutFields(unknown: readonly string[], scheme: Scheme<never>): Left {
  const [first = ""] = unknown;
  const why = scheme.fields.get(first)?.description ?? "";
  const reason = `${unknown.join(", ")} ${unknown.length === 1 ? "is" : "are"} never known here. ${why}`.trim().replace(/\.$/, "");
  return left(reason, `write the rule without ${unknown.length === 1 ? "it" : "them"}: breakwater rule add`);
}
