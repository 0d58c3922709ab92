import { expect, test } from "vitest";
import { EXPRESSION_LENGTH_MAX, NESTING_DEPTH_MAX } from "../../../src/expression/limits.ts";
import { printExpression } from "../../../src/expression/print.ts";
import { errorsOf, evaluate, expressionOf, warningsOf } from "./scheme.ts";

const printed = (source: string): string => printExpression(expressionOf(source));

test.each([
  ["flag", "flag"],
  ["  flag\r\n", "flag"],
  ["(flag)", "flag"],
  ["((flag))", "flag"],
  ["!flag", "not flag"],
  ["not flag", "not flag"],
  ["not not flag", "not not flag"],
  ["!(flag)", "not flag"],
  ["flag && other.flag", "flag and other.flag"],
  ["flag || other.flag", "flag or other.flag"],
  ["flag ^^ other.flag", "flag xor other.flag"],
  ["flag&&other.flag||flag", "flag and other.flag or flag"],
  ["flag and (other.flag and flag)", "flag and other.flag and flag"],
  ["(flag or other.flag) and flag", "(flag or other.flag) and flag"],
  ["not (flag or other.flag)", "not (flag or other.flag)"],
  ['text=="a"', 'text eq "a"'],
  ['text != "a"', 'text ne "a"'],
  ["number < 1", "number lt 1"],
  ["number <= 1", "number le 1"],
  ["number > 1", "number gt 1"],
  ["number >= 1", "number ge 1"],
  ["number & 4", "number bitwise_and 4"],
  ["number bitwise_and 4", "number bitwise_and 4"],
  ['text ~ "a.c"', 'text matches r"a.c"'],
  ['text matches r#"a"c"#', 'text matches r#"a"c"#'],
  ['text wildcard "a*"', 'text wildcard "a*"'],
  ['text strict  wildcard "a*"', 'text strict wildcard "a*"'],
  ['text contains "a"', 'text contains "a"'],
  ["number in {1 3..5}", "number in {1 3..5}"],
  ["number in { 1 }", "number in {1}"],
  ["number in $numbers_list", "number in $numbers_list"],
  ["text in $texts.list", "text in $texts.list"],
  ["address in {10.0.0.0/8 ::1 10.0.0.1..10.0.0.9}", "address in {10.0.0.0/8 ::1 10.0.0.1..10.0.0.9}"],
  ["address eq 2001:DB8:0:0::1", "address eq 2001:db8::1"],
  ["address eq ::ffff:1.2.3.4", "address eq 1.2.3.4"],
  ["number eq 0x1F", "number eq 31"],
  ["number eq 017", "number eq 15"],
  ["number eq -5", "number eq -5"],
  ["number eq 0", "number eq 0"],
  ["number eq 9223372036854775807", "number eq 9223372036854775807"],
  ["number eq -9223372036854775808", "number eq -9223372036854775808"],
  ['text eq "\\x41\\102\\"\\\\"', 'text eq "AB\\"\\\\"'],
  ['text eq r"\\x41"', 'text eq "\\\\x41"'],
  ["text eq 61:62:63", 'text eq "abc"'],
  ["text eq 61-62.FF", 'text eq "ab\\xff"'],
  ['text eq "ü"', 'text eq "ü"'],
  ['any(texts[*] eq "a")', 'any(texts[*] eq "a")'],
  ['all(not texts[*] eq "a" or texts[*] contains "b")', 'all(not texts[*] eq "a" or texts[*] contains "b")'],
  [String.raw`text matches "[^\"]+"`, 'text matches r#"[^"]+"#'],
  ['text matches "[^"]+" and flag', 'text matches r#"[^"]+"# and flag'],
  ['text ~ "[]\\"]x"', 'text matches r#"[]"]x"#'],
  ['text contains r##"a"#b"##', 'text contains "a\\"#b"'],
  ["text contains 00:01", 'text contains "\\x00\\x01"'],
  ['text in {"b" r"\\" 61:62 "b"}', 'text in {"b" "\\\\" "ab" "b"}'],
  ["number in {0x10..0x1F 010 -5..-1}", "number in {16..31 8 -5..-1}"],
  ["address in {2001:db8::/32 2001:db8::1..2001:db8::ff}", "address in {2001:db8::/32 2001:db8::1..2001:db8::ff}"],
  ["flag xor not other.flag and flag or flag", "flag xor not other.flag and flag or flag"],
  ["(flag xor flag) xor other.flag", "flag xor flag xor other.flag"],
  ["not (not flag)", "not not flag"],
  ["any(flags)", "any(flags)"],
  ["any(flags[*])", "any(flags[*])"],
  ["flags[ 0 ]", "flags[0]"],
  ['map[ "k" ] eq "a"', 'map["k"] eq "a"'],
  ['any(headers["a"][*] eq "a")', 'any(headers["a"][*] eq "a")'],
  ['any(headers[*][*] eq "a")', 'any(headers[*][*] eq "a")'],
  ['any(headers[*][0] eq "a")', 'any(headers[*][0] eq "a")'],
  ['any(lower(texts[*])[*] eq "a")', 'any(lower(texts[*])[*] eq "a")'],
  ["len( text )ge 3", "len(text) ge 3"],
  ['starts_with(text, "a")', 'starts_with(text, "a")'],
  ['any(starts_with(texts[*], "a"))', 'any(starts_with(texts[*], "a"))'],
  ['concat(text, "-", other.text) eq "a-b"', 'concat(text, "-", other.text) eq "a-b"'],
])("%s is read as %s", (source, canonical) => {
  expect(printed(source)).toBe(canonical);
  expect(expressionOf(canonical)).toEqual(expressionOf(source));
});

test("not binds to the comparison after it, and tighter than xor, and tighter than or", () => {
  const values = [false, true];
  for (const flag of values) {
    for (const other of values) {
      for (const number of [0, 1]) {
        const context = { flag, "other.flag": other, number };
        expect(evaluate("not number eq 1 and flag", context)).toBe(number !== 1 && flag);
        expect(evaluate("flag or other.flag and number eq 1", context)).toBe(flag || (other && number === 1));
        expect(evaluate("flag xor other.flag and number eq 1", context)).toBe(flag !== (other && number === 1));
        expect(evaluate("flag or other.flag xor number eq 1", context)).toBe(flag || other !== (number === 1));
      }
    }
  }
});

test.each([
  ["", /ends too early/],
  ["   ", /ends too early/],
  ["flag and", /ends too early/],
  ["flag or or flag", /condition is missing before "or"/],
  ["(flag", /ends before the \)/],
  ["flag)", /closes nothing/],
  ["flag\tand flag", /tab/],
  ['text = "a"', /single =/],
  ["flag | flag", /single \|/],
  ["flag ^ flag", /single \^/],
  ["text eq 'a'", /double quotes/],
  ["text eq “a”", /typographic/],
  ["flag # why", /no comments/],
  ["flag;", /semicolon/],
  ["flag \u0007", /character U\+0007/],
  ["flag 😀", /has no meaning/],
  ['text eq "a', /no closing quote/],
  ['text eq "a\\"', /no closing quote/],
  ['text eq r#"a"', /does not end/],
  ["text eq r#a", /does not end/],
  ['text eq "\\n"', /not an escape/],
  ['text eq "\\x4"', /not an escape/],
  ['text eq "\\400"', /not an escape/],
  ["text eq", /needs a value/],
  ['text eq {"a"}', /one value, not a set/],
  ["text eq abc", /not a string/],
  ["text eq 6", /not a string/],
  ["number in {}", /empty/],
  ["number in {1, 2}", /separated by spaces/],
  ["number in 1", /a set or a list/],
  ["number in {1", /ends before the }/],
  ["number in $", /name of a list/],
  ["number in $ numbers_list", /name of a list/],
  ["number in $Numbers", /name of a list/],
  ["number in $nothing", /no list named nothing/],
  ["number in $texts.list", /holds Bytes/],
  ['number in {1 "a"}', /an integer is needed/],
  ['number in {1 "2"}', /without quotes/],
  ["number in {5..1}", /ends before it starts/],
  ["number eq 08", /octal/],
  ["number eq 9223372036854775808", /64 bits/],
  ["number eq -9223372036854775809", /64 bits/],
  ["number eq 0xFFFFFFFFFFFFFFFF", /64 bits/],
  ["number eq -0x1", /not an integer/],
  ["number eq 1.5", /not an integer/],
  ['number eq "1"', /without quotes/],
  ["address eq 1.2.3", /not an IP address/],
  ["address eq 01.2.3.4", /not an IP address/],
  ["address eq 10.0.0.0/8", /a block/],
  ["address in {10.0.0.1/8}", /bits set after its prefix/],
  ["address in {10.0.0.0/33}", /no prefix length/],
  ["address in {10.0.0.9..10.0.0.1}", /ends before it starts/],
  ["address in {10.0.0.1..::1}", /mixes/],
  ['address in {"10.0.0.1"}', /without quotes/],
  ["text", /a comparison must follow/],
  ["number", /a comparison must follow/],
  ["texts", /a comparison must follow/],
  ["flag == true", /takes no operator/],
  ["number contains 1", /does not apply to Int/],
  ["text bitwise_and 1", /does not apply to Bytes/],
  ['address matches "a"', /does not apply to Ip/],
  ['texts eq "a"', /single values/],
  ['headers["a"] eq "a"', /single values/],
  ['texts[*] eq "a"', /one answer for each element/],
  ["any(flag)", /one answer for each element/],
  ['any(texts[*] eq "a" and flag)', /cannot combine/],
  ['text["a"] eq "a"', /has no elements/],
  ['texts["a"] eq "a"', /not indexed like this/],
  ['map[0] eq "a"', /not indexed like this/],
  ["texts[x] eq 1", /no index/],
  ["texts[-1] eq 1", /no index/],
  ['texts[4294967296] eq "a"', /larger than any array/],
  ["texts[0 eq 1", /\] that "\[" needs is missing/],
  ['txet eq "a"', /no field named txet/],
  ["lenght(text) eq 1", /no function named lenght/],
  ["len eq 1", /is a function/],
  ["any eq 1", /is a function/],
  ["text(1) eq 1", /is a field and takes no arguments/],
  ["len() eq 1", /takes 1 argument, not 0/],
  ["len(text, text) eq 1", /takes 1 argument, not 2/],
  ["len(number) eq 1", /cannot be Int/],
  ["len(text eq 1) eq 1", /values, not conditions/],
  ['lower(texts) eq "a"', /cannot be Array/],
  ['lower("A") eq "a"', /is a literal/],
  ["starts_with(text, texts[*])", /first argument only/],
  ['split(text, other.text, 2)[0] eq "a"', /known when the rule is written/],
  ['concat(text, number) eq "a"', /cannot be Int/],
  ['concat(text, texts) eq "a"', /one type/],
  ['"a" eq text', /cannot stand here/],
  ["and", /condition is missing before "and"/],
  ["in {1}", /cannot stand here/],
  ["{1 2}", /cannot stand here/],
  ["$numbers_list", /cannot stand here/],
  ["any()", /cannot stand here/],
  ["()", /cannot stand here/],
  ["flag AND flag", /not an operator/],
  ['text starts_with "a"', /is a function, not an operator/],
  ["text matches abc", /written as a string/],
  ["text wildcard abc", /written as a string/],
  ['text wildcard "a**"', /\*\*/],
  ['text matches "(?=a)"', /look-around/],
])("%s is refused", (source, message) => {
  const errors = errorsOf(source);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.join("\n")).toMatch(message);
});

test("all type errors are reported at once, in the order of the source", () => {
  expect(errorsOf('txet eq "a" and number eq "b" and flag == true')).toHaveLength(3);
});

test.each([
  ["hidden eq 1", /cannot be known here/],
  ['any(headers["X-Test"][*] eq "a")', /in lower case/],
  ['method eq "get"', /upper case/],
  ['method in {"GET" "post"}', /upper case/],
])("%s is correct but doubtful", (source, message) => {
  expect(warningsOf(source).join("\n")).toMatch(message);
});

test("a literal of the right form brings no warning", () => {
  expect(warningsOf('method in {"GET" "POST"} and any(headers["x-test"][*] eq "A")')).toEqual([]);
});

test("an expression may have exactly the longest length", () => {
  const padded = (length: number): string => "flag".padEnd(length, " ");
  expect(errorsOf(padded(EXPRESSION_LENGTH_MAX))).toEqual([]);
  expect(errorsOf(padded(EXPRESSION_LENGTH_MAX + 1)).join("")).toMatch(/4096 characters at most/);
});

test.each(["parentheses", "negations", "calls"])("%s may be nested exactly to the limit", (kind) => {
  const nest = (depth: number): string => {
    if (kind === "parentheses") return `${"(".repeat(depth)}flag${")".repeat(depth)}`;
    return kind === "negations" ? `${"!".repeat(depth)}flag` : `${"lower(".repeat(depth)}text${")".repeat(depth)} eq "a"`;
  };
  expect(errorsOf(nest(NESTING_DEPTH_MAX))).toEqual([]);
  expect(errorsOf(nest(NESTING_DEPTH_MAX + 1)).join("")).toMatch(/nested more than 128 deep/);
});
