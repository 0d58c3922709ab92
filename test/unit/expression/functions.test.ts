import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { JSON_LENGTH_MAX } from "../../../src/expression/limits.ts";
import { FUNCTIONS } from "../../../src/expression/functions.ts";
import { hmacSha256, sha256 } from "../../../src/expression/sha256.ts";
import { errorsOf, evaluate } from "./scheme.ts";
import type { Context } from "./scheme.ts";

const context: Context = {
  text: "Hello World",
  "other.text": "www.cloudflare.com",
  number: 7,
  flag: true,
  address: 0x710a0002,
  texts: ["a", "b", "c"],
  "more.texts": ["d"],
  map: new Map([
    ["path", "/apps/calendar/login"],
    ["query", "category=Foo&order=desc&category=Bar&flag"],
    ["url", "John%20Doe+%2520%E4%BD%zz%u2601"],
    [
      "json",
      '{"company":"cf","n":{"id":356,"big":9007199254740993,"float":42.0,"exp":1e2,"neg":-3},"list":["x",{"k":"\u00c3\u00bc"}],"__proto__":"own"}',
    ],
    ["array", '[{"product":"a"},{"product":"b"},-234,-0]'],
    ["twice", '{"a":"first","a":"last","":"empty name"}'],
    ["plain", '{"v":2,"s":"2"}'],
    ["surrogates", "%uD83D%uDE00%u0061%"],
    ["padded", "MQ=="],
    ["star", "a*b\\c"],
    ["base64", "MTIzYWJj"],
    ["empty", ""],
    ["seed", "0123456789abcdef"],
  ]),
  headers: new Map([["a", ["x", "y"]]]),
};

test.each([
  ['lower(text) eq "hello world"', true],
  ['upper(text) eq "HELLO WORLD"', true],
  ['lower(map["umlaut"]) eq ""', false],
  ["len(text) eq 11", true],
  ["len(texts) eq 3", true],
  ["len(headers) eq 1", true],
  ['len(map["empty"]) eq 0', true],
  ['len(map["none"]) ge 0', false],
  ['not len(map["none"]) ge 0', true],
  ['starts_with(text, "Hello")', true],
  ['starts_with(text, "hello")', false],
  ['starts_with(text, "")', true],
  ['starts_with(map["empty"], "a")', false],
  ['ends_with(text, "World")', true],
  ['ends_with(text, "Worl")', false],
  ['substring(text, 2, 5) eq "llo"', true],
  ['substring(text, 6) eq "World"', true],
  ['substring(text, -2) eq "ld"', true],
  ['substring(text, 0, -6) eq "Hello"', true],
  ['substring(text, 5, 2) eq ""', true],
  ['substring(text, 99) eq ""', true],
  ['substring(text, -99) eq "Hello World"', true],
  ['substring(text, -99, 5) eq "Hello"', true],
  ['substring(text, 0, -99) eq ""', true],
  ['substring(text, -5, -3) eq "Wo"', true],
  ['substring(text, 6, 99) eq "World"', true],
  ['substring(text, number) eq "orld"', true],
  ['substring(text, 0, len(map["none"])) eq ""', false],
  ['split(other.text, ".", 64)[2] eq "com"', true],
  ['split(other.text, ".", 2)[1] eq "cloudflare.com"', true],
  ['split(other.text, ".", 1)[0] eq "www.cloudflare.com"', true],
  ['len(split(map["empty"], ".", 5)) eq 1', true],
  ['len(split(map["query"], "&", 128)) eq 4', true],
  ['remove_bytes(other.text, "\\x2e\\x77") eq "cloudflarecom"', true],
  ['remove_bytes(other.text, "") eq "www.cloudflare.com"', true],
  ['to_string(number) eq "7"', true],
  ['to_string(flag) eq "true"', true],
  ['to_string(-7) eq "-7"', true],
  ['to_string(::1) eq "::1"', true],

  ['to_string(address) eq "113.10.0.2"', true],
  ["cidr(address, 24, 24) eq 113.10.0.0", true],
  ["cidr(address, 32, 128) eq 113.10.0.2", true],
  ["cidr(address, 1, 1) eq 0.0.0.0", true],
  ["cidr6(address, 24) eq 113.10.0.2", true],
  ['concat("a", text, "b") eq "aHello Worldb"', true],
  ['concat(map["none"], text) eq "Hello World"', true],
  ['concat(map["none"], map["none"]) eq ""', false],
  ["len(concat(texts, more.texts)) eq 4", true],
  ['join(texts, "-") eq "a-b-c"', true],
  ['join(texts, "") eq "abc"', true],
  ['join(more.texts, "-") eq "d"', true],
  ['join(split(map["empty"], ",", 1), "-") eq ""', true],
  ['join(headers["none"], "-") eq ""', false],
  ['join(texts, map["none"]) eq ""', false],
  ['join(split(other.text, ".", 64), "/") eq "www/cloudflare/com"', true],
  ['has_key(map, "path")', true],
  ['has_key(map, "none")', false],
  ['has_value(texts, "b")', true],
  ['has_value(texts, "d")', false],
  ['has_value(map, "MTIzYWJj")', true],
  ['has_value(headers, "y")', true],
  ['has_value(headers["a"], "y")', true],
  ['has_value(headers["none"], "y")', false],
  ['not has_value(headers["none"], "y")', true],
  ['has_key(map, map["none"])', false],
  ['any(has_value(headers[*], "x"))', true],
  ['decode_base64(map["base64"]) eq "123abc"', true],
  ['decode_base64(map["padded"]) eq "1"', true],
  ['decode_base64(map["empty"]) eq ""', true],
  ['decode_base64(text) eq ""', false],
  ['encode_base64("hello world") eq "aGVsbG8gd29ybGQ"', true],
  ['encode_base64("hello world", "p") eq "aGVsbG8gd29ybGQ="', true],
  ['encode_base64("\\xfb\\xff") eq "+/8"', true],
  ['encode_base64("\\xfb\\xff", "u") eq "-_8"', true],
  ['url_decode(map["url"]) eq "John Doe %20\\xe4\\xbd%zz%u2601"', true],
  ['url_decode(map["url"], "r") eq "John Doe  \\xe4\\xbd%zz%u2601"', true],
  ['url_decode(map["url"], "u") eq "John Doe %20\\xe4\\xbd%zz☁"', true],
  ['url_decode(map["surrogates"], "u") eq "%uD83D%uDE00a%"', true],
  ['url_decode(map["empty"]) eq ""', true],
  ['remove_query_args(map["query"], "order") eq "category=Foo&category=Bar&flag"', true],
  ['remove_query_args(map["query"], "category", "flag") eq "order=desc"', true],
  ['remove_query_args(map["query"], "cat") eq "category=Foo&order=desc&category=Bar&flag"', true],
  ['lookup_json_string(map["json"], "company") eq "cf"', true],
  ['lookup_json_string(map["json"], "list", 0) eq "x"', true],
  ['lookup_json_string(map["json"], "list", 1, "k") eq "ü"', true],
  ['lookup_json_string(map["json"], "list", 2) eq "x"', false],
  ['lookup_json_string(map["array"], 1, "product") eq "b"', true],
  ['lookup_json_string(map["array"], 2) eq "twice"', false],
  ['lookup_json_string(map["twice"], "a") eq "last"', true],
  ['lookup_json_string(map["twice"], "") eq "empty name"', true],
  ['lookup_json_string(map["json"], "list", "0") eq "x"', false],
  ['lookup_json_integer(map["array"], 2) eq -234', true],
  ['lookup_json_integer(map["array"], 3) eq 0', true],
  ['lookup_json_integer(map["plain"], "v") eq 2', true],
  ['lookup_json_integer(map["plain"], "s") ge 0', false],
  ['lookup_json_string(map["json"], "n") eq ""', false],
  ['lookup_json_string(map["json"], "toString") eq ""', false],
  ['lookup_json_string(text, "a") eq ""', false],
  ['lookup_json_integer(map["json"], "n", "id") eq 356', true],
  ['lookup_json_integer(map["json"], "n", "neg") eq -3', true],
  ['lookup_json_integer(map["json"], "n", "float") ge 0', false],
  ['lookup_json_integer(map["json"], "n", "exp") ge 0', false],
  ['lookup_json_integer(map["json"], "n", "big") ge 0', false],
  ['lookup_json_integer(map["json"], "company") ge 0', false],
  ['regex_replace("/foo/bar", "/bar$", "/baz") eq "/foo/baz"', true],
  ['regex_replace("/x", "^/y$", "/mumble") eq "/x"', true],
  ['regex_replace("/foo", "^/FOO$", "/x") eq "/foo"', true],
  ['regex_replace("/a/a", "/a", "/b") eq "/b/a"', true],
  ['regex_replace("/b", "^/b$", "/b$$") eq "/b$"', true],
  ['regex_replace("/foo/a/path", "^/foo/([^/]*)/(.*)$", "/bar/${2}/${1}") eq "/bar/path/a"', true],
  ['regex_replace("ab", "(x)?b", "[${1}]") eq "a[]"', true],
  ['regex_replace("aab", "(a|b)+$", "${1}") eq "b"', true],
  ['regex_replace("abc", "", "x") eq "xabc"', true],
  ['wildcard_replace(map["path"], "/apps/*/login", "/${1}/login") eq "/calendar/login"', true],
  ['wildcard_replace(map["path"], "/APPS/*", "/${1}") eq "/calendar/login"', true],
  ['wildcard_replace(map["path"], "/APPS/*", "/${1}", "s") eq "/apps/calendar/login"', true],
  ['wildcard_replace(map["path"], "/apps/*", "/new") eq "/new"', true],
  ['wildcard_replace(map["path"], "apps", "x") eq "/apps/calendar/login"', true],
  ['wildcard_replace(map["empty"], "*", "x") eq "x"', true],
  ['wildcard_replace(map["star"], r"a\\*b\\\\*", "${1}") eq "c"', true],
  ['wildcard_replace(map["path"], "*/*", "${1}|${2}|${3}|$$") eq "|apps/calendar/login||$"', true],
  ['encode_base64(sha256("abc"), "p") eq "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="', true],
  ['uuidv4(map["seed"]) eq "30313233-3435-4637-b839-616263646566"', true],
  ['uuidv4(map["path"]) matches "^[0-9a-f-]{14}4[0-9a-f]{3}-[89ab]"', true],
  ['uuidv4(map["empty"]) ne ""', false],
  ['regex_replace(text, "l+", "") eq "Heo World"', true],
  ['regex_replace(text, "(?i)HELLO", "${1}x") eq "x World"', true],
  ['regex_replace(text, "(H)(e)(l)(l)(o)( )(W)(o)", "${8}${7}${6}${5}${4}${3}${2}${1}") eq "oW olleHrld"', true],
  ['regex_replace(text, "(?:(H)|(e)|l)+", "${1}${2}") eq "Heo World"', true],
  ['regex_replace(map["none"], "a", "b") eq ""', false],
])("%s is %s", (source, answer) => {
  expect(evaluate(source, context)).toBe(answer);
});

test("a function over elements drops those without a result, and passes a missing array on", () => {
  const values: Context = { texts: ["MQ", "?", "Mg"] };
  expect(evaluate("len(decode_base64(texts[*])) eq 2", values)).toBe(true);
  expect(evaluate("len(decode_base64(texts[*])) ge 0", {})).toBe(false);
  expect(evaluate('all(decode_base64(texts[*])[*] in {"1" "2"})', values)).toBe(true);
});

const DOCUMENT = '{"a":"b","u":"\u00fc"}';
const bytesOf = (buffer: Buffer): string => buffer.toString("latin1");

test.each([
  ["a byte order mark", bytesOf(Buffer.from(`\ufeff${DOCUMENT}`))],
  ["bytes that are no UTF-8", bytesOf(Buffer.from(DOCUMENT, "latin1"))],
  ["UTF-16, little-endian", bytesOf(Buffer.from(DOCUMENT, "utf16le"))],
  ["UTF-16, little-endian, with a byte order mark", bytesOf(Buffer.from(`\ufeff${DOCUMENT}`, "utf16le"))],
  ["UTF-16, big-endian", bytesOf(Buffer.from(DOCUMENT, "utf16le").swap16())],
  ["UTF-16, big-endian, with a byte order mark", bytesOf(Buffer.from(`\ufeff${DOCUMENT}`, "utf16le").swap16())],
])("a JSON document with %s is read as lenient servers read it", (_, text) => {
  expect(evaluate('lookup_json_string(text, "a") eq "b"', { text })).toBe(true);
});

test("a JSON document is looked into up to exactly the limit", () => {
  const document = (length: number): string => `{"a":"b"}`.padEnd(length, " ");
  const source = 'lookup_json_string(text, "a") eq "b"';
  expect(evaluate(source, { text: document(JSON_LENGTH_MAX) })).toBe(true);
  expect(evaluate(source, { text: document(JSON_LENGTH_MAX + 1) })).toBe(false);
});

test.each([
  ["cidr(address, 0, 1) eq 1.1.1.1", /1 to 32/],
  ["cidr(address, 33, 1) eq 1.1.1.1", /1 to 32/],
  ["cidr(address, 1, 129) eq 1.1.1.1", /1 to 128/],
  ['split(text, "", 2)[0] eq "a"', /separator is empty/],
  ['split(text, ".", 0)[0] eq "a"', /1 to 128/],
  ['split(text, ".", 129)[0] eq "a"', /1 to 128/],
  ['url_decode(text, "x") eq "a"', /options are/],
  ['encode_base64(text, "x") eq "a"', /flags are/],
  ['regex_replace(text, "(", "a") eq "a"', /not closed/],
  ['regex_replace(text, "a", "$1") eq "a"', /after \$/],
  ['regex_replace(text, "a", "${9}") eq "a"', /after \$/],
  ['regex_replace(text, "\\xff", "a") eq "a"', /UTF-8/],
  ['wildcard_replace(text, "**", "a") eq "a"', /\*\*/],
  ['wildcard_replace(text, "*", "a", "i") eq "a"', /only flag/],
  ['lookup_json_string(text, -1) eq "a"', /not negative/],
  ['lookup_json_string(text) eq "a"', /takes 2 or more arguments/],
  ["is_timed_hmac_valid_v0(text, text, 1, 1)", /known when the rule is written/],
  ['is_timed_hmac_valid_v0("k", text, number, 1)', /known when the rule is written/],
  ['is_timed_hmac_valid_v0("k", text, 1, 1, -1)', /not negative/],
  ['is_timed_hmac_valid_v0("k", text, 1, 1, 0, "x")', /only flag/],
  ['url_decode("a") eq "a"', /is a literal/],
  ['to_string(text) eq "a"', /cannot be Bytes/],
  ["len(number) eq 1", /cannot be Int/],
  ['has_key(texts, "a")', /cannot be Array/],
  ['remove_query_args(text) eq "a"', /takes 2 or more arguments/],
  ['concat(text) eq "a"', /takes 2 or more arguments/],
  ['join(numbers, ",") eq "a"', /cannot be Array\(Int\)/],
  ['has_value(numbers, "a")', /cannot be Array\(Int\)/],
])("%s is refused", (source, message) => {
  expect(errorsOf(source).join("\n")).toMatch(message);
});

test("every function has a description that is a sentence", () => {
  for (const { description } of FUNCTIONS) expect(description).toMatch(/^[A-Z0-9].*\.$/);
});

test("SHA-256 and HMAC agree with the platform's for every length around a block and for long keys", () => {
  const bytes = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 200 });
  fc.assert(
    fc.property(bytes, bytes, (key, message) => {
      expect(Buffer.from(sha256(message), "latin1")).toEqual(createHash("sha256").update(message, "latin1").digest());
      expect(Buffer.from(hmacSha256(key, message), "latin1")).toEqual(
        createHmac("sha256", Buffer.from(key, "latin1")).update(message, "latin1").digest(),
      );
    }),
    { numRuns: 300 },
  );
});

const token = (options: { timestamp?: number; key?: string; message?: string; urlSafe?: boolean; separator?: string }): string => {
  const { timestamp = 1_700_000_000, key = "secret", message = "/download/cat.jpg", urlSafe = false, separator = "&verify=" } = options;
  const mac = createHmac("sha256", key).update(`${message}${timestamp}`).digest();
  return `${message}${separator}${timestamp}-${urlSafe ? mac.toString("base64url") : encodeURIComponent(mac.toString("base64"))}`;
};

test.each([
  { name: "a fresh token", text: token({}), number: 1_700_000_060, rest: "8", valid: true },
  { name: "a token in its last second", text: token({}), number: 1_700_000_100, rest: "8", valid: true },
  { name: "a token one second too old", text: token({}), number: 1_700_000_101, rest: "8", valid: false },
  { name: "a token of another key", text: token({ key: "other" }), number: 1_700_000_060, rest: "8", valid: false },
  { name: "a token for another message", text: token({}).replace("cat", "dog"), number: 1_700_000_060, rest: "8", valid: false },
  { name: "the wrong length of the separator", text: token({}), number: 1_700_000_060, rest: "7", valid: false },
  { name: "a token without separator", text: token({ separator: "" }), number: 1_700_000_060, rest: "0", valid: true },
  { name: "a URL-safe token", text: token({ urlSafe: true }), number: 1_700_000_060, rest: '8, "s"', valid: true },
  {
    name: "a URL-safe token without the flag",
    text: token({ urlSafe: true, message: "/x" }),
    number: 1_700_000_060,
    rest: "8",
    valid: false,
  },
  { name: "no message", text: token({ message: "" }), number: 1_700_000_060, rest: "8", valid: false },
  { name: "an empty value", text: "", number: 1_700_000_060, rest: "8", valid: false },
  { name: "a dash alone", text: "-", number: 1_700_000_060, rest: "8", valid: false },
])("is_timed_hmac_valid_v0 with $name", ({ text, number, rest, valid }) => {
  expect(evaluate(`is_timed_hmac_valid_v0("secret", text, 100, number, ${rest})`, { text, number })).toBe(valid);
});
