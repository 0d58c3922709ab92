// Checks a value that stands by itself, outside of a condition: it must be a single one, and a literal says its type by its form.

import { checkValue } from "./check-value.ts";
import { diagnose } from "./diagnostics.ts";
import { readLiteral } from "./literals.ts";
import { elementType, typeName } from "./types.ts";
import type { Literal, ScalarSource, ValueType } from "./ast.ts";
import type { Checker } from "./checker.ts";
import type { Token } from "./lexer.ts";
import type { SyntaxArgument } from "./syntax.ts";

/** The single value that a redirect, a header or a key is made of, or null after reporting what is wrong. */
export function checkScalarSource(checker: Checker, written: SyntaxArgument): ScalarSource | null {
  if (written.kind === "literal") {
    const literal = readAlone(checker, written.token);
    return literal === null ? null : { kind: "literal", literal };
  }
  if (written.kind === "hole") return null;
  const checked = checkValue(checker, written.value);
  if (checked === null) return null;
  const { type } = checked.value;
  if (!checked.each && typeof type === "string") return checked.value;
  const message = checked.each
    ? "[*] stands for each element, and one value is needed here"
    : `this is ${typeName(type)}, and one value is needed here`;
  const fix = checked.each ? "name one element: [0] instead of [*]" : fixForOne(type);
  checker.errors.push(diagnose(written, message, { fix }));
  return null;
}

/** How to get one value of an array or a map. */
function fixForOne(type: ValueType): string {
  const element = elementType(type);
  const isArray = typeof type === "object" && "array" in type;
  if (!isArray) return typeof element === "string" ? 'name an entry: ["..."]' : 'name an entry and an element: ["..."][0]';
  return element === "Bytes" ? 'name one element, such as [0], or join them: join(..., ",")' : "name one element, such as [0]";
}

/** A literal where no parameter and no operator says of which type it is. */
function readAlone(checker: Checker, token: Token): Literal | null {
  const candidates = token.kind === "string" ? (["Bytes"] as const) : (["Int", "Ip", "Bytes"] as const);
  const reads = candidates.map((type) => readLiteral(token, type));
  for (const read of reads) if ("value" in read) return read.value;
  // Digits are meant as an integer, anything else as text.
  const meant = /^-?(0x[0-9a-fA-F]+|[0-9]+)$/.test(token.text) ? reads[0] : reads.at(-1);
  if (meant !== undefined && "problem" in meant) checker.errors.push(diagnose(token, meant.problem, { fix: meant.fix }));
  return null;
}
