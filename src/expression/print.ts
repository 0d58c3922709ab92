// A checked expression as text, in one canonical form. Parsing the text gives the same expression again.

import { textOfBytes } from "./bytes.ts";
import type { Argument, Expression, Literal, LogicalExpression, ScalarSource, SetLiteral, Test, Value } from "./ast.ts";

const PRECEDENCE = { or: 1, xor: 2, and: 3 } as const;

/** Prints an expression with words for operators and only the parentheses that are needed. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "or":
    case "xor":
    case "and":
      return expression.operands.map((operand) => printOperand(operand, expression)).join(` ${expression.kind} `);
    case "not": {
      const inner = printExpression(expression.operand);
      return expression.operand.kind in PRECEDENCE ? `not (${inner})` : `not ${inner}`;
    }
    case "any":
    case "all":
      return `${expression.kind}(${printExpression(expression.operand)})`;
    case "test":
      return expression.test.op === "is-true"
        ? printValue(expression.subject)
        : `${printValue(expression.subject)} ${printTest(expression.test)}`;
    default:
      return expression satisfies never;
  }
}

function printOperand(operand: Expression, parent: LogicalExpression): string {
  const text = printExpression(operand);
  const looser =
    (operand.kind === "or" || operand.kind === "xor" || operand.kind === "and") && PRECEDENCE[operand.kind] <= PRECEDENCE[parent.kind];
  return looser ? `(${text})` : text;
}

function printTest(test: Exclude<Test, { readonly op: "is-true" }>): string {
  switch (test.op) {
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return `${test.op} ${printLiteral(test.value)}`;
    case "bitwise_and":
      return `bitwise_and ${test.mask}`;
    case "contains":
      return `contains ${quote(test.bytes)}`;
    case "matches":
      return `matches ${printRaw(test.pattern.source)}`;
    case "wildcard":
      return `${test.strict ? "strict wildcard" : "wildcard"} ${quote(test.pattern)}`;
    case "in":
      return `in {${printItems(test.set).join(" ")}}`;
    case "in-list":
      return `in $${test.list}`;
    default:
      return test satisfies never;
  }
}

function printItems(set: SetLiteral): readonly string[] {
  if (set.type === "Bytes") return set.values.map(quote);
  if (set.type === "Ip") return set.ranges;
  return set.ranges.map(([from, to]) => (from === to ? `${from}` : `${from}..${to}`));
}

/** Prints a field, a call or an indexed value. */
export function printValue(value: Value): string {
  switch (value.kind) {
    case "field":
      return value.name;
    case "call":
      return `${value.name}(${value.args.map(printArgument).join(", ")})`;
    case "index":
      return `${printValue(value.of)}[${typeof value.key === "number" ? value.key : quote(value.key)}]`;
    case "each":
      return `${printValue(value.of)}[*]`;
    default:
      return value satisfies never;
  }
}

/** Prints a value expression. Parsing the text gives the same value again. */
export function printValueExpression(source: ScalarSource): string {
  return source.kind === "literal" ? printLiteral(source.literal) : printValue(source);
}

function printArgument(argument: Argument): string {
  if (argument.kind === "literal") return printLiteral(argument.literal);
  return argument.kind === "regex" ? printRaw(argument.pattern.source) : printValue(argument);
}

function printLiteral(literal: Literal): string {
  return literal.type === "Bytes" ? quote(literal.value) : `${literal.value}`;
}

/** A quoted string: readable where the bytes are UTF-8, `\xHH` for what cannot be seen. */
function quote(bytes: string): string {
  const text = textOfBytes(bytes);
  const escaped = (text ?? bytes).replaceAll(/["\\]/g, "\\$&");
  const hidden = text === null ? /[^\u0020-\u007e]/g : /[\u0000-\u001f\u007f]/g;
  return `"${escaped.replaceAll(hidden, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`)}"`;
}

function printRaw(source: string): string {
  let hashes = "";
  while (source.includes(`"${hashes}`)) hashes += "#";
  return `r${hashes}"${source}"${hashes}`;
}
