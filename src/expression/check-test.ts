// Checks the operator of a comparison and reads what stands to its right, by the type of what stands to its left.

import { checkRegex } from "./check-regex.ts";
import { diagnose, nearestName } from "./diagnostics.ts";
import { readBytes, readInt, readLiteral, readRegexText, readSet } from "./literals.ts";
import { typeName } from "./types.ts";
import { parseWildcard } from "./wildcard.ts";
import type { Checker } from "./checker.ts";
import type { CheckedValue } from "./check-value.ts";
import type { Test } from "./ast.ts";
import type { Span } from "./diagnostics.ts";
import type { Token } from "./lexer.ts";
import type { Read } from "./literals.ts";
import type { OperatorName, SyntaxOperator, SyntaxValue } from "./syntax.ts";

type Comparable = "Int" | "Bytes" | "Ip";

const TAKES: Readonly<Record<OperatorName, readonly Comparable[]>> = {
  eq: ["Int", "Bytes", "Ip"],
  ne: ["Int", "Bytes", "Ip"],
  lt: ["Int", "Bytes", "Ip"],
  le: ["Int", "Bytes", "Ip"],
  gt: ["Int", "Bytes", "Ip"],
  ge: ["Int", "Bytes", "Ip"],
  in: ["Int", "Bytes", "Ip"],
  bitwise_and: ["Int"],
  contains: ["Bytes"],
  matches: ["Bytes"],
  wildcard: ["Bytes"],
  "strict wildcard": ["Bytes"],
};

/** The test that an operator stands for, or null after reporting what is wrong. */
export function checkTest(checker: Checker, subject: CheckedValue, written: SyntaxValue, operator: SyntaxOperator): Test | null {
  const type = TAKES[operator.name].find((candidate) => candidate === subject.value.type);
  if (type === undefined) {
    reportType(checker, subject, written, operator);
    return null;
  }
  const { right } = operator;
  if (right.kind === "hole") return null;
  if (right.kind === "list") return checkList(checker, right, type);
  if (right.kind === "set") return checkSet(checker, subject, right.items, type);
  const test = readTest(checker, operator.name, right.token, type);
  if (test?.op === "eq" && test.value.type === "Bytes") warnOfDoubt(checker, subject, test.value.value, right);
  return test;
}

/** Checks what can be wrong on the right of an operator whatever stands on its left. */
export function checkUntyped(checker: Checker, { name, right }: SyntaxOperator): void {
  if (right.kind === "list") checkList(checker, right, null);
  const [only, ...more] = TAKES[name];
  if (right.kind === "literal" && only === "Bytes" && more.length === 0) readTest(checker, name, right.token, only);
}

function readTest(checker: Checker, name: OperatorName, token: Token, type: Comparable): Test | null {
  switch (name) {
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge": {
      const value = take(checker, token, readLiteral(token, type));
      return value === null ? null : { op: name, value };
    }
    case "bitwise_and": {
      const mask = take(checker, token, readInt(token));
      return mask === null ? null : { op: name, mask };
    }
    case "contains": {
      const bytes = take(checker, token, readBytes(token));
      return bytes === null ? null : { op: name, bytes };
    }
    case "matches": {
      const source = take(checker, token, readRegexText(token));
      const pattern = source === null ? null : checkRegex(checker, token, source, false);
      return pattern === null ? null : { op: name, pattern };
    }
    case "wildcard":
    case "strict wildcard":
      return checkWildcard(checker, token, name === "strict wildcard");
    case "in":
      return null;
    default:
      return name satisfies never;
  }
}

function checkWildcard(checker: Checker, token: Token, strict: boolean): Test | null {
  if (token.kind !== "string") {
    checker.errors.push(diagnose(token, "a wildcard is written as a string", { fix: `write "${token.text}"` }));
    return null;
  }
  const pattern = take(checker, token, readBytes(token));
  if (pattern === null) return null;
  const parsed = parseWildcard(pattern);
  if ("pieces" in parsed) return { op: "wildcard", pattern, strict };
  checker.errors.push(diagnose(token, parsed.problem));
  return null;
}

function checkSet(checker: Checker, subject: CheckedValue, items: readonly Token[], type: Comparable): Test | null {
  const read = readSet(items, type);
  if ("bad" in read) {
    for (const { token, problem, fix } of read.bad) checker.errors.push(diagnose(token, problem, { fix }));
    return null;
  }
  if (read.value.type === "Bytes") {
    for (const [index, bytes] of read.value.values.entries()) warnOfDoubt(checker, subject, bytes, items[index] as Token);
  }
  return { op: "in", set: read.value };
}

const LIST_KINDS: Readonly<Record<Comparable, string>> = { Ip: "ip", Int: "asn", Bytes: "string, country or host" };

/** Without a type only whether there is such a list. */
function checkList(checker: Checker, right: Span & { readonly name: string }, type: Comparable | null): Test | null {
  const known = checker.scheme.lists.get(right.name);
  if (type === null && known !== undefined) return null;
  if (known === type && type !== null) return { op: "in-list", list: right.name, type };
  if (known !== undefined) {
    const fix = type === null ? undefined : `use a list of kind ${LIST_KINDS[type]}`;
    checker.errors.push(diagnose(right, `the list ${right.name} holds ${known}, and this compares ${type}`, { fix }));
    return null;
  }
  const near = nearestName(right.name, checker.scheme.lists.keys());
  checker.errors.push(
    diagnose(right, `there is no list named ${right.name}`, { fix: near === null ? "declare it under lists" : `did you mean $${near}?` }),
  );
  return null;
}

function reportType(checker: Checker, subject: CheckedValue, written: SyntaxValue, operator: SyntaxOperator): void {
  const { type } = subject.value;
  if (type === "Bool") {
    const fix = `write ${written.name} or not ${written.name}`;
    checker.errors.push(diagnose(operator, `${written.name} is a Bool and takes no operator`, { fix }));
  } else if (typeof type === "object") {
    const fix =
      "array" in type ? "write any(... [*] ...), or an index such as [0]" : 'name an entry: ["..."], then [0] or any(... [*] ...)';
    checker.errors.push(diagnose(written, `${operator.name} compares single values; this is ${typeName(type)}`, { fix }));
  } else {
    checker.errors.push(diagnose(operator, `${operator.name} does not apply to ${type}`, { expected: TAKES[operator.name].join(" or ") }));
  }
}

function warnOfDoubt(checker: Checker, subject: CheckedValue, bytes: string, span: Span): void {
  if (subject.value.kind !== "field") return;
  const doubt = checker.scheme.fields.get(subject.value.name)?.doubt?.(bytes) ?? null;
  if (doubt !== null) checker.warnings.push(diagnose(span, doubt.message, { fix: doubt.fix }));
}

function take<T>(checker: Checker, token: Token, read: Read<T>): T | null {
  if ("value" in read) return read.value;
  if (token.kind === "word" && checker.scheme.fields.has(token.text)) {
    const fix = "compare with a literal; two fields cannot be compared";
    checker.errors.push(diagnose(token, `${token.text} is a field, and on the right of an operator stands a literal`, { fix }));
  } else checker.errors.push(diagnose(token, read.problem, { fix: read.fix }));
  return null;
}
