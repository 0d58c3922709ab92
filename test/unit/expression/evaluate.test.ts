import { expect, test } from "vitest";
import { evaluate } from "./scheme.ts";
import type { Context } from "./scheme.ts";

const context: Context = {
  text: "abc",
  number: 6,
  flag: true,
  address: 0x0a000005,
  texts: ["abc", "b"],
  numbers: [1, 9],
  flags: [true, false],
  addresses: [0x0a000001, "20010db8000000000000000000000001"],
  map: new Map([["k", "v"]]),
  headers: new Map([["a", ["x", "y"]]]),
  grid: [["a"], ["b", "c"]],
};

test.each([
  ['text eq "abc"', true],
  ['text eq "ABC"', false],
  ['text ne "abd"', true],
  ['text lt "abd"', true],
  ['text lt "ab"', false],
  ['text le "abc"', true],
  ['text gt "ab"', true],
  ['text ge "abc\\x00"', false],
  ['text gt "\\xff"', false],
  ['text contains "bc"', true],
  ['text contains ""', true],
  ['text contains "B"', false],
  ['text matches "^a.c$"', true],
  ['text matches "B"', false],
  ['text wildcard "A*"', true],
  ['text strict wildcard "A*"', false],
  ['text in {"x" "abc"}', true],
  ['text in {"x"}', false],
  ["text in $texts.list", false],
  ["number eq 6", true],
  ["number ne 6", false],
  ["number lt 7", true],
  ["number le 5", false],
  ["number gt -1", true],
  ["number ge 6", true],
  ["number lt 9223372036854775807", true],
  ["number gt -9223372036854775808", true],
  ["number & 2", true],
  ["number & 8", false],
  ["number & 0", false],
  ["number & -1", true],
  ["number in {1..5 7}", false],
  ["number in {1..6}", true],
  ["number in {9223372036854775806..9223372036854775807}", false],
  ["number in $numbers_list", false],
  ["address eq 10.0.0.5", true],
  ["address ne 10.0.0.5", false],
  ["address lt 10.0.0.6", true],
  ["address ge 10.0.0.6", false],
  ["address ne ::1", true],
  ["address lt ::1", false],
  ["address gt ::1", false],
  ["address eq ::ffff:10.0.0.5", true],
  ["address in {10.0.0.0/30 10.0.0.4..10.0.0.5}", true],
  ["address in {::/0}", false],
  ["address in $addresses_list", false],
  ["flag", true],
  ["not flag", false],
  ["flag xor flag xor flag", true],
  ['texts[0] eq "abc"', true],
  ['texts[2] eq "abc"', false],
  ['map["k"] eq "v"', true],
  ['map["x"] eq "v"', false],
  ['map["x"] ne "v"', false],
  ['not map["x"] eq "v"', true],
  ['headers["a"][1] eq "y"', true],
  ["flags[0]", true],
  ["flags[1]", false],
  ["flags[2]", false],
  ['any(texts[*] eq "b")', true],
  ['all(texts[*] contains "b")', true],
  ['all(texts[*] eq "b")', false],
  ["any(numbers[*] gt 8)", true],
  ["any(addresses[*] in $addresses_list)", true],
  ["any(flags)", true],
  ["all(flags)", false],
  ["all(flags[*])", false],
  ['any(map[*] eq "v")', true],
  ['any(headers[*][*] eq "y")', true],
  ['any(headers[*][1] eq "y")', true],
  ['any(headers[*][2] eq "y")', false],
  ['any(grid[*][*] eq "c")', true],
  ['all(grid[*][0] in {"a" "b"})', true],
  ['any(texts[*] eq "abc" and numbers[*] eq 1)', true],
  ['any(texts[*] eq "abc" and numbers[*] eq 9)', false],
  ['all(texts[*] eq "abc" xor numbers[*] eq 9)', true],
  ['any(not texts[*] eq "abc")', true],
  ['any(upper(texts[*])[*] eq "ABC")', true],
])("%s is %s", (source, answer) => {
  expect(evaluate(source, context)).toBe(answer);
});

test.each(["eq", "ne", "lt", "le", "gt", "ge"])("a missing value makes %s false for every type", (operator) => {
  expect(evaluate(`text ${operator} "a"`)).toBe(false);
  expect(evaluate(`number ${operator} 1`)).toBe(false);
  expect(evaluate(`address ${operator} 1.1.1.1`)).toBe(false);
});

test.each([
  'text contains ""',
  'text matches ""',
  'text wildcard "*"',
  'text in {"a"}',
  "number & -1",
  "flag",
  "hidden ge 0",
  'lower(text) ne "a"',
  'any(texts[*] ne "a")',
  "any(flags)",
  'starts_with(text, "")',
])("with everything missing %s is false", (source) => {
  expect(evaluate(source)).toBe(false);
});

test("all over nothing is true, as in Cloudflare's engine", () => {
  expect(evaluate('all(texts[*] eq "a")')).toBe(true);
  expect(evaluate('all(headers["x"][*] eq "a")', { headers: new Map() })).toBe(true);
});

test("answers of different length are combined up to the shorter one's end", () => {
  const values = { texts: ["a", "b", "c"], numbers: [1] };
  expect(evaluate('any(texts[*] eq "c" or numbers[*] eq 2)', values)).toBe(false);
  expect(evaluate('any(numbers[*] eq 1 or texts[*] eq "x")', values)).toBe(true);
});

test("a mask reaches the upper half of 64 bits, in two's complement", () => {
  expect(evaluate("number & 0x100000000", { number: 0x1_0000_0000 })).toBe(true);
  expect(evaluate("number & 0x200000000", { number: 0x1_0000_0000 })).toBe(false);
  expect(evaluate("number & -9223372036854775808", { number: -1 })).toBe(true);
  expect(evaluate("number & -9223372036854775808", { number: 1 })).toBe(false);
});
