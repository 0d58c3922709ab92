// Functions over byte strings and addresses.

import { lowerAscii, upperAscii } from "./bytes.ts";
import { formatAddress, networkOf } from "./ip.ts";
import { SPLIT_PARTS_MAX } from "./limits.ts";
import type { Literal } from "./ast.ts";
import type { Address } from "./ip.ts";
import type { FunctionDefinition, Parameter } from "./scheme.ts";
import type { RuntimeValue } from "./types.ts";

const SOURCE: Parameter = { name: "source", accepts: ["Bytes"], form: "value" };

/** A literal Int within bounds; both inclusive. */
export function intBetween(name: string, from: number, to: number): Parameter {
  const check = (literal: Literal): string | null => {
    const value = Number(literal.value);
    return value >= from && value <= to ? null : `${name} goes from ${from} to ${to}`;
  };
  return { name, accepts: ["Int"], form: "literal", check };
}

export const TEXT_FUNCTIONS: readonly FunctionDefinition[] = [
  simple({
    name: "lower",
    description: "Makes A to Z lower case; other bytes stay.",
    returns: "Bytes",
    parameters: [SOURCE],
    run: ([source]) => lowerAscii(source as string),
  }),
  simple({
    name: "upper",
    description: "Makes a to z upper case; other bytes stay.",
    returns: "Bytes",
    parameters: [SOURCE],
    run: ([source]) => upperAscii(source as string),
  }),
  simple({
    name: "starts_with",
    description: "Whether the source starts with these bytes.",
    returns: "Bool",
    parameters: [SOURCE, { name: "prefix", accepts: ["Bytes"], form: "any" }],
    run: ([source, prefix]) => (source as string).startsWith(prefix as string),
  }),
  simple({
    name: "ends_with",
    description: "Whether the source ends with these bytes.",
    returns: "Bool",
    parameters: [SOURCE, { name: "suffix", accepts: ["Bytes"], form: "any" }],
    run: ([source, suffix]) => (source as string).endsWith(suffix as string),
  }),
  simple({
    name: "substring",
    description: "The bytes from `start` up to but not including `end`, or to the end. Negative positions count from the end.",
    returns: "Bytes",
    parameters: [SOURCE, { name: "start", accepts: ["Int"], form: "any" }, { name: "end", accepts: ["Int"], form: "any", optional: true }],
    run: ([source, start, end]) => (source as string).slice(start as number, end as number | undefined),
  }),
  simple({
    name: "split",
    description: "Splits at a separator into at most `limit` parts; the last keeps the rest.",
    returns: { array: "Bytes" },
    parameters: [
      { name: "input", accepts: ["Bytes"], form: "value" },
      {
        name: "separator",
        accepts: ["Bytes"],
        form: "literal",
        check: (literal) => (literal.value === "" ? "the separator is empty" : null),
      },
      intBetween("limit", 1, SPLIT_PARTS_MAX),
    ],
    run: ([input, separator, limit]) => splitInto(input as string, separator as string, limit as number),
  }),
  simple({
    name: "remove_bytes",
    description: "Removes every occurrence of each of these bytes.",
    returns: "Bytes",
    parameters: [SOURCE, { name: "bytes", accepts: ["Bytes"], form: "any" }],
    run: ([source, bytes]) =>
      Array.from(source as string)
        .filter((byte) => !(bytes as string).includes(byte))
        .join(""),
  }),
  {
    name: "to_string",
    description: "An integer, a Bool or an address as text.",
    parameters: [{ name: "value", accepts: ["Int", "Bool", "Ip"], form: "any" }],
    returns: "Bytes",
    // An IPv4 address is a number at run time, as an Int is, so the type decides.
    prepare:
      ({ types }) =>
      ([value]) =>
        types[0] === "Ip" ? formatAddress(value as Address) : `${value as number | boolean}`,
  },
  simple({
    name: "cidr",
    description: "The network of an address, for a prefix length of each family.",
    returns: "Ip",
    parameters: [{ name: "address", accepts: ["Ip"], form: "value" }, intBetween("ipv4_bits", 1, 32), intBetween("ipv6_bits", 1, 128)],
    run: ([address, v4, v6]) => networkOf(address as Address, (typeof address === "number" ? v4 : v6) as number),
  }),
  simple({
    name: "cidr6",
    description: "The network of an IPv6 address; an IPv4 address stays.",
    returns: "Ip",
    parameters: [{ name: "address", accepts: ["Ip"], form: "value" }, intBetween("ipv6_bits", 1, 128)],
    run: ([address, v6]) => (typeof address === "number" ? address : networkOf(address as Address, v6 as number)),
  }),
];

type Run = (args: readonly RuntimeValue[]) => RuntimeValue | undefined;

/** A function that needs no preparation. */
export function simple(definition: Omit<FunctionDefinition, "prepare"> & { readonly run: Run }): FunctionDefinition {
  const { run, ...rest } = definition;
  return { ...rest, prepare: () => (args) => run(args as readonly RuntimeValue[]) };
}

function splitInto(input: string, separator: string, limit: number): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  while (parts.length < limit - 1) {
    const at = input.indexOf(separator, from);
    if (at === -1) break;
    parts.push(input.slice(from, at));
    from = at + separator.length;
  }
  parts.push(input.slice(from));
  return parts;
}
