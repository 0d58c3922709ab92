// Checks values: fields, calls with their arguments, and indexes.

import { textOfBytes } from "./bytes.ts";
import { checkRegex } from "./check-regex.ts";
import { diagnose, nearestName } from "./diagnostics.ts";
import { readBytes, readLiteral } from "./literals.ts";
import { elementType, typeName } from "./types.ts";
import type { Argument, Literal, Value, ValueType } from "./ast.ts";
import type { Checker } from "./checker.ts";
import type { FunctionDefinition, Parameter } from "./scheme.ts";
import type { SyntaxArgument, SyntaxIndex, SyntaxValue } from "./syntax.ts";

export interface CheckedValue {
  readonly value: Value;
  /** There is a `[*]` in its indexes: it stands for each element. */
  readonly each: boolean;
}

/** The value, or null after reporting what is wrong. */
export function checkValue(checker: Checker, written: SyntaxValue): CheckedValue | null {
  let value = written.args === null ? checkField(checker, written) : checkCall(checker, written, written.args);
  if (value === null) return null;
  let each = false;
  for (const index of written.indexes) {
    value = checkIndex(checker, value, index);
    if (value === null) return null;
    each = each || value.kind === "each";
  }
  return { value, each };
}

function checkField(checker: Checker, written: SyntaxValue): Value | null {
  const field = checker.scheme.fields.get(written.name);
  if (field !== undefined) {
    if (field.get === null)
      checker.warnings.push(
        diagnose(written.nameSpan, `${field.name} cannot be known here: every comparison with it is false`, {
          fix: `remove it. ${field.description}`,
        }),
      );
    return { kind: "field", name: field.name, type: field.type };
  }
  if (checker.scheme.functions.has(written.name) || written.name === "any" || written.name === "all") {
    checker.errors.push(diagnose(written.nameSpan, `${written.name} is a function`, { fix: `write ${written.name}(...)` }));
    return null;
  }
  const near = nearestName(written.name, checker.scheme.fields.keys());
  const fix =
    written.name === "true" ? 'write http.host ne "", which holds for all requests' : near === null ? undefined : `did you mean ${near}?`;
  checker.errors.push(diagnose(written.nameSpan, `there is no field named ${written.name}`, { fix }));
  return null;
}

function checkIndex(checker: Checker, of: Value, index: SyntaxIndex): Value | null {
  const type = elementType(of.type);
  if (type === null) {
    checker.errors.push(diagnose(index, `${typeName(of.type)} has no elements`, { fix: "remove the index" }));
    return null;
  }
  if (index.kind === "each") return { kind: "each", of, type };
  const isArray = typeof of.type === "object" && "array" in of.type;
  if (isArray !== (index.token.kind === "word")) {
    const expected = isArray ? "a position such as [0], or [*]" : 'a key such as ["name"], or [*]';
    checker.errors.push(diagnose(index, `${typeName(of.type)} is not indexed like this`, { expected }));
    return null;
  }
  if (isArray) {
    const position = Number(index.token.text);
    if (position <= 0xffffffff) return { kind: "index", of, key: position, type };
    checker.errors.push(diagnose(index, "this position is larger than any array"));
    return null;
  }
  const key = readBytes(index.token);
  if ("problem" in key) {
    checker.errors.push(diagnose(index.token, key.problem, { fix: key.fix }));
    return null;
  }
  warnOfUpperCase(checker, of, key.value, index);
  return { kind: "index", of, key: key.value, type };
}

function warnOfUpperCase(checker: Checker, of: Value, key: string, index: SyntaxIndex): void {
  if (of.kind !== "field" || !/[A-Z]/.test(key)) return;
  if (checker.scheme.fields.get(of.name)?.lowerCaseKeys !== true) return;
  checker.warnings.push(
    diagnose(index, `the keys of ${of.name} are in lower case, so this entry never exists`, { fix: `write ["${key.toLowerCase()}"]` }),
  );
}

function checkCall(checker: Checker, written: SyntaxValue, args: readonly SyntaxArgument[]): Value | null {
  const definition = checker.scheme.functions.get(written.name);
  if (definition === undefined) {
    reportUnknownFunction(checker, written);
    checkNames(checker, args);
    return null;
  }
  const most = definition.variadic === true ? Number.POSITIVE_INFINITY : definition.parameters.length;
  const least = definition.parameters.filter((parameter) => parameter.optional !== true).length;
  if (args.length < least || args.length > most) {
    const message = `${written.name} takes ${least === most ? least : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`} ${most === 1 ? "argument" : "arguments"}, not ${args.length}`;
    checker.errors.push(diagnose(written, message, { expected: signature(definition) }));
    checkNames(checker, args);
    return null;
  }
  const checked = args.map((arg, index) => checkArgument(checker, { definition, arg, index }));
  if (checked.some((arg) => arg === null)) return null;
  const given = checked as readonly CheckedArgument[];
  if (definition.uniform === true && !areUniform(checker, definition, args, given)) return null;
  const [first] = given;
  const returns = definition.returns === "first" ? (first?.type ?? "Bytes") : definition.returns;
  return {
    kind: "call",
    name: definition.name,
    args: given.map((arg) => arg.argument),
    type: first?.each === true ? { array: returns } : returns,
  };
}

/** What can be wrong with arguments whatever the function is. */
function checkNames(checker: Checker, args: readonly SyntaxArgument[]): void {
  for (const arg of args) if (arg.kind === "value") checkValue(checker, arg.value);
}

interface CheckedArgument {
  readonly argument: Argument;
  /** Of one element, with `[*]`. */
  readonly type: ValueType;
  readonly each: boolean;
}

interface ArgumentPlace {
  readonly definition: FunctionDefinition;
  readonly arg: SyntaxArgument;
  readonly index: number;
}

function checkArgument(checker: Checker, place: ArgumentPlace): CheckedArgument | null {
  const { definition, arg, index } = place;
  const parameter = definition.parameters[Math.min(index, definition.parameters.length - 1)] as Parameter;
  if (arg.kind === "hole") return null;
  if (arg.kind === "literal") return checkLiteralArgument(checker, parameter, place);
  if (parameter.form === "literal") {
    checker.errors.push(
      diagnose(arg, `${parameter.name} of ${definition.name} must be known when the rule is written`, { expected: "a literal" }),
    );
    return null;
  }
  const checked = checkValue(checker, arg.value);
  if (checked === null) return null;
  if (checked.each && index > 0) {
    checker.errors.push(diagnose(arg, "[*] may stand in the first argument only"));
    return null;
  }
  const { value, each } = checked;
  const shape = typeof value.type === "string" ? value.type : "array" in value.type ? "Array" : "Map";
  if (parameter.accepts.includes(shape) && hasElement(value.type, parameter)) return { argument: value, type: value.type, each };
  const fix = shape === "Array" && !each ? "put [*] behind it, to apply the function to each element" : undefined;
  checker.errors.push(
    diagnose(arg, `${parameter.name} of ${definition.name} cannot be ${typeName(value.type)}`, {
      expected: parameter.accepts.join(" or "),
      fix,
    }),
  );
  return null;
}

function hasElement(type: ValueType, parameter: Parameter): boolean {
  if (parameter.element === undefined) return true;
  const element = elementType(type);
  return element === null ? type === parameter.element : hasElement(element, parameter);
}

function checkLiteralArgument(checker: Checker, parameter: Parameter, place: ArgumentPlace): CheckedArgument | null {
  const { definition, arg } = place;
  if (arg.kind !== "literal") return null;
  if (parameter.form === "value") {
    checker.errors.push(
      diagnose(arg, `${parameter.name} of ${definition.name} is a literal, so the result is always the same`, {
        expected: "a field or a function",
      }),
    );
    return null;
  }
  const literal = readArgument(checker, parameter, place);
  if (literal === null) return null;
  if (parameter.regex === true && literal.type === "Bytes") {
    const source = textOfBytes(literal.value);
    if (source === null) checker.errors.push(diagnose(arg, "a pattern is text in UTF-8", { fix: 'write it as r"..."' }));
    const pattern = source === null ? null : checkRegex(checker, arg.token, source, true);
    return pattern === null ? null : { argument: { kind: "regex", pattern }, type: "Bytes", each: false };
  }
  const problem = parameter.check?.(literal) ?? null;
  if (problem === null) return { argument: { kind: "literal", literal }, type: literal.type, each: false };
  checker.errors.push(diagnose(arg, problem));
  return null;
}

function readArgument(checker: Checker, parameter: Parameter, place: ArgumentPlace): Literal | null {
  const { definition, arg } = place;
  if (arg.kind !== "literal") return null;
  const { token } = arg;
  const candidates = token.kind === "string" ? (["Bytes"] as const) : (["Int", "Ip", "Bytes"] as const);
  let problem: { readonly problem: string; readonly fix?: string } | null = null;
  for (const type of candidates) {
    if (!parameter.accepts.includes(type)) continue;
    const read = readLiteral(token, type);
    if ("value" in read) return read.value;
    problem ??= read;
  }
  const expected = parameter.accepts.join(" or ");
  checker.errors.push(
    diagnose(arg, problem?.problem ?? `${parameter.name} of ${definition.name} is not a string`, { expected, fix: problem?.fix }),
  );
  return null;
}

function areUniform(
  checker: Checker,
  definition: FunctionDefinition,
  args: readonly SyntaxArgument[],
  checked: readonly CheckedArgument[],
): boolean {
  const first = checked[0]?.type ?? "Bytes";
  const odd = checked.findIndex((arg) => typeName(arg.type) !== typeName(first));
  if (odd === -1) return true;
  checker.errors.push(
    diagnose(args[odd] as SyntaxArgument, `all arguments of ${definition.name} have one type; the first is ${typeName(first)}`),
  );
  return false;
}

function reportUnknownFunction(checker: Checker, written: SyntaxValue): void {
  if (checker.scheme.fields.has(written.name)) {
    checker.errors.push(diagnose(written.nameSpan, `${written.name} is a field and takes no arguments`));
    return;
  }
  const near = nearestName(written.name, [...checker.scheme.functions.keys(), "any", "all"]);
  checker.errors.push(
    diagnose(written.nameSpan, `there is no function named ${written.name}`, { fix: near === null ? undefined : `did you mean ${near}?` }),
  );
}

/** `split(input Bytes, separator Bytes, limit Int)` */
export function signature(definition: FunctionDefinition): string {
  const parameters = definition.parameters.map(
    (parameter) => `${parameter.name} ${parameter.accepts.join("|")}${parameter.optional === true ? "?" : ""}`,
  );
  return `${definition.name}(${parameters.join(", ")}${definition.variadic === true ? ", ..." : ""})`;
}
