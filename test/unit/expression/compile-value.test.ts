import { expect, test } from "vitest";
import { compileValueExpression } from "../../../src/expression/compile-value.ts";
import { scheme } from "./scheme.ts";
import type { ScalarSource, Value, ValueType } from "../../../src/expression/ast.ts";
import type { Context } from "./scheme.ts";

const field = (name: string, type: ValueType): Value => ({ kind: "field", name, type });
const call = (name: string, args: Extract<Value, { kind: "call" }>["args"], type: ValueType): Value => ({ kind: "call", name, args, type });
const bytes = (value: string): { kind: "literal"; literal: { type: "Bytes"; value: string } } => ({
  kind: "literal",
  literal: { type: "Bytes", value },
});
const text = field("text", "Bytes");
const valueOf = (source: ScalarSource, context: Context): string | undefined => compileValueExpression(source, scheme, new Map())(context);

test.each<[string, ScalarSource, Context, string | undefined]>([
  ["bytes as they are", text, { text: "a\u00ff" }, "a\u00ff"],
  ["an empty text", text, { text: "" }, ""],
  ["an integer", field("number", "Int"), { number: -5 }, "-5"],
  ["zero, which is not missing", field("number", "Int"), { number: 0 }, "0"],
  ["a Bool", field("flag", "Bool"), { flag: false }, "false"],
  ["an IPv4 address, which is a number at run time", field("address", "Ip"), { address: 0x0a000005 }, "10.0.0.5"],
  ["an IPv6 address in canonical form", field("address", "Ip"), { address: "20010db8000000000000000000000001" }, "2001:db8::1"],
  ["an entry", { kind: "index", of: field("map", { map: "Bytes" }), key: "k", type: "Bytes" }, { map: new Map([["k", "v"]]) }, "v"],
  ["a call", call("concat", [bytes("/de"), text], "Bytes"), { text: "/x" }, "/de/x"],
  ["a call that gives an integer", call("len", [text], "Int"), { text: "abc" }, "3"],
  ["a literal", bytes("/new"), {}, "/new"],
  [
    "a literal integer of 64 bits, with all its digits",
    { kind: "literal", literal: { type: "Int", value: "9223372036854775807" } },
    {},
    "9223372036854775807",
  ],
  ["a literal address", { kind: "literal", literal: { type: "Ip", value: "2001:db8::1" } }, {}, "2001:db8::1"],
  ["a missing field", text, {}, undefined],
  ["a call over a missing value", call("lower", [text], "Bytes"), {}, undefined],
])("%s", (_name, source, context, wanted) => {
  expect(valueOf(source, context)).toBe(wanted);
});

test("a name that is not there is found when the value is compiled", () => {
  expect(() => compileValueExpression(field("gone", "Bytes"), scheme, new Map())).toThrow("the field gone");
  expect(() => compileValueExpression(call("gone", [text], "Bytes"), scheme, new Map())).toThrow("the function gone");
});
