// The scheme and the contexts that the tests of the language run on: one field of every type, getters from a plain record.

import { FUNCTIONS } from "../../../src/expression/functions.ts";
import { compileExpression } from "../../../src/expression/compile.ts";
import { renderDiagnostic } from "../../../src/expression/diagnostics.ts";
import { parseExpression } from "../../../src/expression/parse.ts";
import { makeScheme, withLists } from "../../../src/expression/scheme.ts";
import type { Expression, ValueType } from "../../../src/expression/ast.ts";
import type { Membership } from "../../../src/expression/compile.ts";
import type { Field } from "../../../src/expression/scheme.ts";
import type { RuntimeValue } from "../../../src/expression/types.ts";

export type Context = Readonly<Record<string, RuntimeValue | undefined>>;

function field(name: string, type: ValueType, more: Partial<Field<Context>> = {}): Field<Context> {
  return { name, type, description: `The field ${name}.`, get: (context) => context[name], ...more };
}

export const FIELDS: readonly Field<Context>[] = [
  field("text", "Bytes"),
  field("other.text", "Bytes"),
  field("number", "Int"),
  field("flag", "Bool"),
  field("other.flag", "Bool"),
  field("address", "Ip"),
  field("texts", { array: "Bytes" }),
  field("more.texts", { array: "Bytes" }),
  field("numbers", { array: "Int" }),
  field("flags", { array: "Bool" }),
  field("addresses", { array: "Ip" }),
  field("map", { map: "Bytes" }),
  field("headers", { map: { array: "Bytes" } }, { lowerCaseKeys: true }),
  field("grid", { array: { array: "Bytes" } }),
  field("hidden", "Int", { get: null }),
  field("method", "Bytes", {
    doubt: (bytes) => (/[a-z]/.test(bytes) ? { message: "methods are in upper case", fix: `write "${bytes.toUpperCase()}"` } : null),
  }),
];

const LISTS: ReadonlyMap<string, Membership> = new Map<string, Membership>([
  ["numbers_list", (value) => value === 1 || value === 2],
  ["texts.list", (value) => value === "a"],
  ["addresses_list", (value) => value === 0x0a000001],
]);

export const scheme = withLists(
  makeScheme(FIELDS, FUNCTIONS),
  new Map([
    ["numbers_list", "Int"],
    ["texts.list", "Bytes"],
    ["addresses_list", "Ip"],
  ]),
);

/** The expression of a source that must be correct. */
export function expressionOf(source: string): Expression {
  const parsed = parseExpression(source, scheme);
  if (!parsed.ok) throw new Error(parsed.error.map((diagnostic) => renderDiagnostic(source, diagnostic)).join("\n\n"));
  return parsed.value.expression;
}

/** Evaluates a source against values of fields. */
export function evaluate(source: string, context: Context = {}): boolean {
  return compileExpression(expressionOf(source), scheme, LISTS)(context);
}

export function compiled(expression: Expression): (context: Context) => boolean {
  return compileExpression(expression, scheme, LISTS);
}

/** The messages for a source that must be wrong. */
export function errorsOf(source: string): readonly string[] {
  const parsed = parseExpression(source, scheme);
  return parsed.ok ? [] : parsed.error.map(({ message }) => message);
}

export function warningsOf(source: string): readonly string[] {
  const parsed = parseExpression(source, scheme);
  return parsed.ok ? parsed.value.warnings.map(({ message }) => message) : ["it has errors"];
}
