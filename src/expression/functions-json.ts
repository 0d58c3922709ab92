// Looks values up in JSON text. A document that is not JSON, too long, or without the entry gives a missing value.

import { bytesOfText, isAscii, octetsOf, textOfBytes } from "./bytes.ts";
import { JSON_LENGTH_MAX } from "./limits.ts";
import type { FunctionDefinition, Parameter } from "./scheme.ts";
import type { RuntimeValue } from "./types.ts";

const PARAMETERS: readonly Parameter[] = [
  { name: "document", accepts: ["Bytes"], form: "value" },
  {
    name: "key",
    accepts: ["Bytes", "Int"],
    form: "literal",
    check: (literal) => (literal.type === "Int" && Number(literal.value) < 0 ? "a position is not negative: the first is 0" : null),
  },
];

export const JSON_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: "lookup_json_integer",
    description: "The integer at a path of names and positions in a JSON document. 42.0 is no integer.",
    parameters: PARAMETERS,
    variadic: true,
    returns: "Int",
    prepare:
      () =>
      ([document, ...path]) => {
        const found = lookUp(document as string, path, true);
        return typeof found === "number" && Number.isSafeInteger(found) ? found : undefined;
      },
  },
  {
    name: "lookup_json_string",
    description: "The string at a path of names and positions in a JSON document.",
    parameters: PARAMETERS,
    variadic: true,
    returns: "Bytes",
    prepare:
      () =>
      ([document, ...path]) => {
        const found = lookUp(document as string, path, false);
        return typeof found === "string" ? bytesOfText(found) : undefined;
      },
  },
];

function lookUp(document: string, path: readonly (RuntimeValue | undefined)[], forInteger: boolean): unknown {
  let found: unknown = parseDocument(document, forInteger);
  for (const key of path) {
    if (typeof key === "number" && Array.isArray(found)) found = found[key];
    else if (typeof key === "string" && typeof found === "object" && found !== null && !Array.isArray(found)) {
      const name = textOfBytes(key);
      found = name !== null && Object.hasOwn(found, name) ? (found as Readonly<Record<string, unknown>>)[name] : undefined;
    } else return undefined;
  }
  return found;
}

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

function parseDocument(document: string, forInteger: boolean): unknown {
  if (document.length > JSON_LENGTH_MAX) return undefined;
  const text = textOfDocument(document);
  // Only where a number may have a fraction or an exponent does it matter how numbers are written; looking costs a call for each value.
  const looks = forInteger && /[0-9][.eE]/.test(text);
  try {
    return looks ? (JSON.parse as (text: string, reviver: Reviver) => unknown)(text, keepIntegers) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * As the most lenient servers read it, or a rule would see nothing where they see all: without a byte order mark, with U+FFFD for what
 * is no UTF-8, and in UTF-16, which shows by its zeros (RFC 4627 3).
 */
function textOfDocument(document: string): string {
  const isBig = /^(?:\xfe\xff|\0[^\0])/.test(document);
  const isLittle = /^(?:\xff\xfe|[^\0]\0)/.test(document);
  if (!isBig && !isLittle && isAscii(document)) return document;
  return new TextDecoder(isBig ? "utf-16be" : isLittle ? "utf-16le" : "utf-8").decode(octetsOf(document));
}

/** Drops numbers that are not written as plain integers; the runtime hands in how they were written. */
const keepIntegers: Reviver = (_key, value, context) =>
  typeof value === "number" && context?.source !== undefined && !/^-?\d+$/.test(context.source) ? null : value;
