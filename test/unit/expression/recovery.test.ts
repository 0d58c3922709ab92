// One pass finds everything that is wrong, and says nothing that only follows from something said already.

import { expect, test } from "vitest";
import { parseExpression } from "../../../src/expression/parse.ts";
import { scheme } from "./scheme.ts";

/** What is underlined, and what is said about it. */
const errorsOf = (source: string): readonly string[] => {
  const parsed = parseExpression(source, scheme);
  return parsed.ok ? [] : parsed.error.map(({ start, end, message }) => `${source.slice(start, end)}: ${message}`);
};

const TXET = "txet: there is no field named txet";

test.each([
  // An operator that does not exist is read as the one that is meant.
  [
    'text = "a" and number eq "b" and txet eq 1',
    ["=: a single = is not an operator", '"b": this is text, and an integer is needed here', TXET],
  ],
  ["flag | txet eq 1", ["|: a single | is not an operator", TXET]],
  ["flag ^ txet eq 1", ["^: a single ^ is not an operator", TXET]],
  ['text === "a" and txet eq 1', ["===: === is not an operator", TXET]],
  ["number <> 1 and number =< 2 and number => 3", ["<>: <> is not an operator", "=<: =< is not an operator", "=>: => is not an operator"]],
  ['text =~ "("', ["=~: =~ is not an operator", "(: this group is not closed"]],
  [
    'flag AND text EQ "a" OR NOT txet eq 1',
    [
      'AND: "AND" is not an operator: operators are in lower case',
      'EQ: "EQ" is not an operator: operators are in lower case',
      'OR: "OR" is not an operator: operators are in lower case',
      'NOT: "NOT" is not an operator: operators are in lower case',
      TXET,
    ],
  ],
  ["ANY(texts[*] eq 1)", ["ANY: there is no function named ANY", "1: 1 is not a string"]],
  ["flag & other.flag and txet eq 1", ["&: a single & compares the bits of an integer", TXET]],
  [
    'text strict "a**" and txet eq 1',
    ["strict: strict is the beginning of strict wildcard", '"a**": ** has no meaning; one * already stands for any run', TXET],
  ],
  ['text like "a*" and txet eq 1', ['like: "like" is not an operator', TXET]],
  ['text startswith "a" and txet eq 1', ["startswith: starts_with is a function, not an operator", TXET]],
  // Where an operator is missing, both sides are read.
  ["flag text eq 1", ['text: an operator is missing before "text"', "1: 1 is not a string"]],
  ['text eq "a" (txet eq 1)', ['(: an operator is missing before "("', TXET]],
  ["number gt 1 lt 5 and txet eq 1", ["lt: a comparison has one operator", TXET]],
  ['text eq "a" "b" or txet eq 1', ['"b": this text stands by itself', TXET]],
  // Characters that no token has.
  ["text eq 'a' and txet eq 1", ["'a': strings are written in double quotes", TXET]],
  ["text eq “a” and txet eq 1", ["“a”: these are typographic quotes", TXET]],
  ["flag 😀 and txet eq 1", ['😀: "😀" has no meaning here', TXET]],
  ["поле eq 1 and txet eq 1", ['п: "п" has no meaning here', TXET]],
  ["text eq user@example.com or txet eq 1", ['@: "@" has no meaning here', TXET]],
  ["number in {1 2% 3x} and txet eq 1", ['%: "%" has no meaning here', "3x: 3x is not an integer", TXET]],
  ["flag\tand\ttxet eq 1", ["\t: a tab is not white space in this language", TXET]],
  ["flag\u00a0and txet eq 1", ["\u00a0: the space U+00A0 is not white space in this language", TXET]],
  ["flag\u200band txet eq 1", ["\u200b: the character U+200B has no meaning here"]],
  ["flag; txet eq 1", [";: a rule is one expression, without a semicolon", TXET]],
  ["flag # why\nand txet eq 1", ["# why: there are no comments in expressions", TXET]],
  ["text eq # why", ["# why: there are no comments in expressions"]],
  // What does not end.
  ['text eq "a and txet eq 1', ['"a and txet eq 1: this string has no closing quote (")']],
  ['(txet eq 1 and (text eq "a', [TXET, '"a: this string has no closing quote (")']],
  ['text eq r#"a" and txet eq 1', ['r#"a" and txet eq 1: this raw string does not end']],
  ["(flag and (txet eq 1", [TXET, ': the expression ends before the ) that "(" needs']],
  ["any(txet[*] eq 1", [TXET, ': the expression ends before the ) that "any" needs']],
  ['starts_with(text, "a"', [': the expression ends before the ) that "starts_with(" needs']],
  ['text in {"a" and txet eq 1', ['and: "and" does not fit here', TXET]],
  ["texts[0 eq 1 and txet eq 1", ['eq: the ] that "[" needs is missing', TXET]],
  ["flag)) and txet eq 1", ["): this ) closes nothing", TXET]],
  ["flag) txet eq 1", ["): this ) closes nothing", TXET]],
  // What is missing.
  ["text eq and txet eq 1", ["and: eq needs a value after it", TXET]],
  ["flag or (text eq 1 and ) or txet eq 1", ["1: 1 is not a string", '): ")" cannot stand here', TXET]],
  ["flag and or txet eq 1", ['or: a condition is missing before "or"', TXET]],
  ["txet eq 1 and", [TXET, ": the expression ends too early"]],
  ["number in {} and txet eq 1", ["{}: this set is empty, so nothing is in it", TXET]],
  ["number in $ and txet eq 1", ["and: after $ comes the name of a list", TXET]],
  // Values where conditions belong, and the other way round.
  ['(text) eq "a" and txet eq 1', ["eq: a condition in parentheses takes no operator", TXET]],
  ['any(texts[*]) eq "a" and txet eq 1', ["eq: any(...) takes no operator", TXET]],
  ['lower(text eq "a") eq "b" and txet eq 1', ["eq: a function takes values, not conditions", TXET]],
  ['lower(not flag) eq "b" and txet eq 1', ['not: "not" cannot stand here', TXET]],
  ['"a" eq text and txet eq 1', ['"a": a literal cannot stand here', TXET]],
  ["text eq other.text and txet eq 1", ["other.text: other.text is a field, and on the right of an operator stands a literal", TXET]],
  ["text eq lower(text) and txet eq 1", ["lower: on the right of an operator stands a literal, not a call", TXET]],
  ['text eq {"a" 1} and txet eq 1', ["{: eq takes one value, not a set", TXET]],
  ["address eq $addresses_list and txet eq 1", ["$: eq takes one value, not a list", TXET]],
  [
    "address in 10.0.0.1/8 and txet eq 1",
    ["10.0.0.1/8: in needs a set or a list after it", "10.0.0.1/8: 10.0.0.1/8 has bits set after its prefix", TXET],
  ],
  // Several mistakes in one comparison.
  ['text in {"a", "b", 1} and txet eq 1', [",: the items of a set are separated by spaces", "1: 1 is not a string", TXET]],
  ['txet matches "(" and txet in $nothing', [TXET, "(: this group is not closed", TXET, "$nothing: there is no list named nothing"]],
  ["frob(txet) eq 1", ["frob: there is no function named frob", TXET]],
  ["len(txet, text) eq 1", ["len(txet, text): len takes 1 argument, not 2", TXET]],
  [
    "address in {10.0.0.1/8 300.1.1.1} or number in {1..z}",
    ["10.0.0.1/8: 10.0.0.1/8 has bits set after its prefix", '300.1.1.1: "300.1.1.1" is not an IP address', "1..z: z is not an integer"],
  ],
])("%s", (source, expected) => {
  expect(errorsOf(source)).toEqual(expected);
});

test("mistakes in all operands of a large rule are found at once", () => {
  const operand = (index: number): string => [`txet${index} eq 1`, "number = 1", `text matches "("`, "flag flag"][index % 4] ?? "";
  const source = Array.from({ length: 40 }, (_, index) => `(${operand(index)})`).join(" or ");
  expect(errorsOf(source)).toHaveLength(40);
});
