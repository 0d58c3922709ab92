// URL encoding and query strings.

import { bytesOfText } from "./bytes.ts";
import { URL_DECODE_ROUNDS_MAX } from "./limits.ts";
import type { FunctionDefinition } from "./scheme.ts";

export const URL_FUNCTIONS: readonly FunctionDefinition[] = [
  {
    name: "url_decode",
    description: "Decodes %XX, and + to a space. Options: `r` decodes again until nothing changes, `u` also decodes %uXXXX to UTF-8.",
    parameters: [
      { name: "source", accepts: ["Bytes"], form: "value" },
      {
        name: "options",
        accepts: ["Bytes"],
        form: "literal",
        optional: true,
        check: (literal) => (/^[ru]*$/.test(String(literal.value)) ? null : "the options are r (recursive) and u (%uXXXX)"),
      },
    ],
    returns: "Bytes",
    prepare: ({ values }) => {
      const options = (values[1] as string | undefined) ?? "";
      const rounds = options.includes("r") ? URL_DECODE_ROUNDS_MAX : 1;
      const unicode = options.includes("u");
      return ([source]) => decodeRepeatedly(source as string, rounds, unicode);
    },
  },
  {
    name: "remove_query_args",
    description: "Removes all arguments of these names from a query string; the order of the others stays.",
    parameters: [
      { name: "query", accepts: ["Bytes"], form: "value" },
      { name: "name", accepts: ["Bytes"], form: "any" },
    ],
    variadic: true,
    returns: "Bytes",
    prepare:
      () =>
      ([query, ...names]) =>
        (query as string)
          .split("&")
          .filter((argument) => !names.includes(argument.split("=", 1)[0]))
          .join("&"),
  },
];

/** Decodes percent-encoding and `+`; what is not valid encoding stays as it is. */
export function urlDecode(source: string): string {
  return decodeOnce(source, false);
}

function decodeRepeatedly(source: string, rounds: number, unicode: boolean): string {
  let current = source;
  for (let round = 0; round < rounds; round += 1) {
    const decoded = decodeOnce(current, unicode);
    if (decoded === current) break;
    current = decoded;
  }
  return current;
}

function decodeOnce(source: string, unicode: boolean): string {
  if (!source.includes("%") && !source.includes("+")) return source;
  return source.replaceAll(/\+|%([0-9a-fA-F]{2})|%[uU]([0-9a-fA-F]{4})/g, (whole, octet: string | undefined, code: string | undefined) => {
    if (whole === "+") return " ";
    if (octet !== undefined) return String.fromCharCode(Number.parseInt(octet, 16));
    // Half of a surrogate pair is no character.
    return unicode && !/^d[89a-f]/i.test(code ?? "") ? bytesOfText(String.fromCharCode(Number.parseInt(code ?? "", 16))) : whole;
  });
}
