import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMultipart, type Multipart } from "../../../src/firewall/body-multipart.ts";
import { boundariesOf } from "../../../src/firewall/body-part.ts";
import { bytesOfText, textOfBytes } from "../../../src/expression/bytes.ts";
import { BODY_BOUNDARIES_MAX, BODY_FIELDS_MAX } from "../../../src/limits.ts";

const TYPE = "multipart/form-data; boundary=abc";

/** Lines joined by CRLF. */
const body = (...lines: readonly string[]): string => lines.join("\r\n");
const field = (name: string, value: string): readonly string[] => ["--abc", `Content-Disposition: form-data; name="${name}"`, "", value];
const read = (bytes: string, type = TYPE): Multipart => parseMultipart(bytes, type);
const shown = ({ parts }: Multipart): readonly string[] => parts.map(({ names, value }) => `${names.join("|")}=${value}`);

const FORM = body(
  ...field("user", "alice"),
  "--abc",
  'Content-Disposition: form-data; name="file"; filename="a.php"',
  "Content-Type: image/png",
  "Content-Transfer-Encoding: binary",
  "",
  "\x89PNG\r\n\r\n\0",
  "--abc--",
  "",
);

test("a well-formed body has its parts, in order, with their headers and values", () => {
  const { parts, cut } = read(FORM);
  expect(cut).toBe(false);
  expect(parts).toEqual([
    { names: ["user"], filenames: [], types: [], dispositions: ['form-data; name="user"'], encodings: [], value: "alice" },
    {
      names: ["file"],
      filenames: ["a.php"],
      types: ["image/png"],
      dispositions: ['form-data; name="file"; filename="a.php"'],
      encodings: ["binary"],
      value: "\x89PNG\r\n\r\n\0",
    },
  ]);
});

test.each([
  ["no parts", "--abc--\r\n", []],
  ["nothing", "", []],
  ["a preamble and an epilogue", body("hello", ...field("a", "1"), "--abc--", "bye", ""), ["a=1"]],
  ["padding behind the boundary", body("--abc \t", 'Content-Disposition: form-data; name="a"', "", "1", "--abc-- ", ""), ["a=1"]],
  ["no closing delimiter", body(...field("a", "1")), ["a=1"]],
  ["an empty value", body(...field("a", ""), "--abc--"), ["a="]],
  ["repeated names", body(...field("a", "1"), ...field("a", "2"), "--abc--"), ["a=1", "a=2"]],
  ["a value with line breaks", body(...field("a", "1\r\n\r\n2\r\n"), "--abc--"), ["a=1\r\n\r\n2\r\n"]],
  ["the boundary within a line", body(...field("a", "x--abc"), "--abc--"), ["a=x--abc"]],
  ["a part without a header", body("--abc", "", "1", "--abc--"), []],
  ["a part without a name", body("--abc", "X-A: 1", "", "1", "--abc--"), ["=1"]],
])("%s", (_, bytes, parts) => {
  expect(shown(read(bytes))).toEqual(parts);
});

test("values are found by name", () => {
  const { map } = read(body(...field("a", "1"), ...field("b", "2"), ...field("a", "3"), "--abc--"));
  expect([...map]).toEqual([
    ["a", ["1", "3"]],
    ["b", ["2"]],
  ]);
});

test.each([
  ['form-data; name="a"', ["a"], []],
  ["form-data; name=a", ["a"], []],
  ['FORM-DATA; NAME="a"', ["a"], []],
  ['form-data;name="a";filename="b"', ["a"], ["b"]],
  ['form-data ; name = "a" ; filename = "b"', ["a"], ["b"]],
  ['name="a"', ["a"], []],
  ['form-data; filename="b"', [], ["b"]],
  ['form-data; name="a;b"; filename="c;d.php"', ["a;b"], ["c;d.php"]],
  ['form-data; name="a\\"b"', ['a"b'], []],
  ['form-data; name="a', ["a"], []],
  ['form-data; name="x"; name="y"', ["x", "y"], []],
  ['form-data; name="a"; filename="C:\\dir\\f.php"', ["a"], ["C:\\dir\\f.php"]],
  // PHP takes apostrophes for quotes, Node's parsers do not.
  ["form-data; name='a'", ["'a'", "a"], []],
  ["form-data; name='a; filename=b.php'", ["'a", "a; filename=b.php"], ["b.php'"]],
  // A backslash before the closing quote: one parser ends there, another goes on.
  ['form-data; name="a\\\\"; filename="b.php"', ["a\\", 'a\\"; filename='], ["b.php"]],
  ["form-data; name=a; filename*=UTF-8''%c3%a9.php", ["a"], ["\xc3\xa9.php"]],
  ["form-data; name=a; filename*=iso-8859-1'en'%e9.php", ["a"], ["\xc3\xa9.php"]],
  ["form-data; name=a; filename=x.jpg; filename*=UTF-8''x.php", ["a"], ["x.jpg", "x.php"]],
  ["form-data; name*=UTF-8''a", ["a"], []],
  ["form-data; rename=a; filename2=b", [], []],
  ["form-data; name=\xc3\xa0", ["\xc3\xa0"], []],
  ["form-data; name=", [""], []],
])("Content-Disposition: %s", (disposition, names, filenames) => {
  const { parts } = read(body("--abc", `Content-Disposition: ${disposition}`, "", "v", "--abc--"));
  expect(parts.map((part) => [part.names, part.filenames])).toEqual([[names, filenames]]);
});

test.each([
  ["in other letters", ['content-DISPOSITION: form-data; name="a"']],
  ["with space before the colon", ['Content-Disposition : form-data; name="a"']],
  ["without space behind it", ['Content-Disposition:form-data; name="a"']],
  ["folded", ["Content-Disposition: form-data;", ' name="a"']],
  ["folded by a tab", ["Content-Disposition: form-data;", '\tname="a"']],
  ["behind a line that is none", ["junk", 'Content-Disposition: form-data; name="a"']],
  ["before a line that is none", ["Content-Disposition: form-data; name=a", "junk"]],
  ["over a line without a colon, as PHP does", ["Content-Disposition: form-data; na", 'me="a"']],
  ["behind another", ["Content-Type: text/plain", 'Content-Disposition: form-data; name="a"']],
])("a header is read %s", (_, lines) => {
  expect(read(body("--abc", ...lines, "", "1", "--abc--")).map.get("a")).toEqual(["1"]);
});

test("a part with two headers of a name has both", () => {
  const [part] = read(
    body(
      "--abc",
      "Content-Disposition: form-data; name=a",
      "Content-Disposition: form-data; name=b",
      "Content-Type: x/y",
      "Content-Type: z/z",
      "",
      "1",
    ),
  ).parts;
  expect([part?.names, part?.types]).toEqual([
    ["a", "b"],
    ["x/y", "z/z"],
  ]);
});

test.each([
  ["multipart/form-data; boundary=abc", ["abc"]],
  ['multipart/form-data; boundary="a b,c;d"', ["a b,c;d"]],
  ["multipart/form-data; charset=utf-8; BOUNDARY = abc ; x=y", ["abc", " abc "]],
  ["multipart/form-data; boundary=abc; boundary=def", ["abc", "def"]],
  ["multipart/form-data; boundary=abc,def", ["abc", "abc,def"]],
  ['multipart/form-data; boundary="a\\"b"', ["a\\", 'a"b']],
  ['multipart/form-data; boundary="abc', ["abc"]],
  ["multipart/form-data; xboundary=abc", ["abc"]],
  ["multipart/form-data; boundary; x=abc", ["abc"]],
  ["multipart/form-data; boundary= abc", ["abc", " abc"]],
  ["multipart/form-data; boundary=", []],
  ["multipart/form-data", []],
])("%s names the boundaries %j", (type, boundaries) => {
  expect(boundariesOf(type)).toEqual({ boundaries, cut: false });
});

test("a type that names more boundaries than are looked at is said to be cut", () => {
  const type = (count: number): string =>
    `multipart/form-data${Array.from({ length: count }, (_, index) => `; boundary=b${index}`).join("")}`;
  expect(boundariesOf(type(BODY_BOUNDARIES_MAX)).cut).toBe(false);
  expect(boundariesOf(type(BODY_BOUNDARIES_MAX + 1))).toMatchObject({ boundaries: ["b0", "b1", "b2", "b3"], cut: true });
  expect(read("", type(BODY_BOUNDARIES_MAX + 1)).cut).toBe(true);
});

test("two boundaries: what either parser would see is there", () => {
  const bytes = body(
    "--a",
    'Content-Disposition: form-data; name="x"',
    "",
    "one",
    "--b",
    'Content-Disposition: form-data; name="y"',
    "",
    "two",
    "--b--",
    "--a--",
  );
  const { map } = read(bytes, "multipart/form-data; boundary=a; boundary=b");
  expect(map.get("x")?.[0]).toContain('name="y"');
  expect(map.get("y")).toEqual(["two"]);
});

const EVIL = 'Content-Disposition: form-data; name="evil"';

test.each([
  ["line feeds alone end lines", ["--abc", EVIL, "", "v", "--abc--", ""].join("\n"), "v"],
  ["a line feed alone before a delimiter: PHP cuts there", `${body(...field("evil", "v"))}\n--abc\r\n${EVIL}\r\n\r\nw\r\n--abc--`, "v"],
  ["... and Node's parsers go on", `${body(...field("evil", "v"))}\n--abc\r\nx\r\n\r\nw\r\n--abc--`, "v\n--abc\r\nx\r\n\r\nw"],
  ["a longer word than the boundary: PHP cuts there", body(...field("evil", "v"), "--abcd", "w", "--abc--"), "v"],
  ["... and others go on", body(...field("evil", "v"), "--abcd", "w", "--abc--"), "v\r\n--abcd\r\nw"],
  ["a part behind the closing delimiter: PHP reads it", body("--abc--", "--abc", EVIL, "", "v"), "v"],
  ["a header that goes over a delimiter: PHP reads it so", body("--abc", EVIL, "--abc", "", "v", "--abc--"), "v"],
  ["... and over the closing one", body("--abc", EVIL, "--abc--", "", "v", "--abc--"), "v"],
  ["an empty value whose line break is the header's: cut at once", body("--abc", EVIL, "", "--abc", "X: y", "", "w", "--abc--"), ""],
  ["... and not by PHP", body("--abc", EVIL, "", "--abc", "X: y", "", "w", "--abc--"), "--abc\r\nX: y\r\n\r\nw"],
  ["an end within the value", body("--abc", EVIL, "", "v\r\n--ab"), "v\r\n--ab"],
  ["an end within the header", body("--abc", EVIL), ""],
  ["a preamble that ends with a line feed alone", `x\n--abc\r\n${EVIL}\r\n\r\nv\r\n--abc--`, "v"],
])("%s", (_, bytes, value) => {
  expect(read(bytes).map.get("evil")).toContain(value);
});

test("as many parts as the limit are read, and more are said to be missing", () => {
  const many = (count: number): string => body(...Array.from({ length: count }, () => field("a", "1")).flat(), "--abc--");
  expect(read(many(3_000)).cut).toBe(false);
  const over = read(many(BODY_FIELDS_MAX));
  expect(over.cut).toBe(true);
  expect(over.parts.length).toBeLessThanOrEqual(BODY_FIELDS_MAX);
});

test.each([
  ["delimiters", (size: number) => "--abc\r\n".repeat(size / 7)],
  ["line feeds", (size: number) => "\n".repeat(size)],
  ["dashes", (size: number) => "-".repeat(size)],
  ["headers without an end", (size: number) => `--abc\r\n${"a:\r\n".repeat(size / 4)}`],
  ["headers over delimiters", (size: number) => "--abc\r\na:b\r\n".repeat(size / 12)],
  ["soft delimiters", (size: number) => `--abc\r\na:b\r\n\r\n${"x\n--abcd\n\n".repeat(size / 10)}`],
  ["semicolons", (size: number) => `--abc\r\nContent-Disposition: ${";".repeat(size)}\r\n\r\n`],
  ["quotes", (size: number) => `--abc\r\nContent-Disposition: name=${"\"'\\".repeat(size / 3)}\r\n\r\n`],
  ["names", (size: number) => `--abc\r\nContent-Disposition: ${"name=a;".repeat(size / 7)}\r\n\r\n`],
])("a mebibyte of %s is read: the work grows with the body, not with its square", (_, make) => {
  const { parts } = read(make(1024 * 1024));
  expect(parts.length).toBeLessThanOrEqual(BODY_FIELDS_MAX);
});

const name = fc.stringMatching(/^[a-z0-9_[\]. -]{1,12}$/);
const value = fc.string({ unit: fc.constantFrom("a", "-", "b", "c", "\n", "é", "\0", '"'), maxLength: 40 });

test("what Node writes as FormData is read as it was", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 8 }), async (pairs) => {
      const form = new FormData();
      for (const [key, text] of pairs) form.append(key, text);
      const request = new Request("http://a.example/", { method: "POST", body: form });
      const { parts } = read(bytesOfText(await request.text()), request.headers.get("content-type") ?? "");
      const got = parts.map((part) => [part.names[0], textOfBytes(part.value)]);
      expect(got).toEqual(pairs.map(([key, text]) => [key, text.replaceAll(/\r?\n|\r/g, "\r\n")]));
    }),
    { numRuns: 200 },
  );
});

/** Pieces that parsers disagree on. */
const piece = fc.constantFrom(
  "--abc",
  "--abc--",
  "--abcd",
  "\r\n",
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  " ",
  "x",
  "-",
  EVIL,
  'Content-Disposition: form-data; name="b"; filename="c"',
  "Content-Disposition: form-data; name=d",
  "Content-Type: text/plain",
  ":",
  ";",
  '"',
  "\\",
  "'",
);

const head = fc.constantFrom(
  EVIL,
  'Content-Disposition: form-data; name="b"; filename="c"',
  'Content-Disposition: form-data; name="d"\r\nContent-Type: text/plain',
  'content-type: text/plain\r\ncontent-disposition: form-data; name="e"',
);
const written = fc
  .tuple(head, fc.array(piece, { maxLength: 8 }))
  .map(([header, pieces]) => `--abc\r\n${header}\r\n\r\n${pieces.join("")}\r\n`);

test("what Node's own parser reads of any mixture of delimiters, headers and line ends is there", async () => {
  let understood = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 3 }), async (parts) => {
      const bytes = `${parts.join("")}--abc--\r\n`;
      const theirs = await new Response(bytes, { headers: { "content-type": TYPE } }).formData().catch(() => null);
      if (theirs === null) return;
      const { map } = read(bytes);
      for (const [key, entry] of theirs as unknown as Iterable<[string, string | Blob]>) {
        understood += 1;
        expect(map.get(bytesOfText(key))).toContain(bytesOfText(typeof entry === "string" ? entry : await entry.text()));
      }
    }),
    { numRuns: 2_000 },
  );
  expect(understood).toBeGreaterThan(500);
});

test("any bytes are read without an exception, and no value is longer than the body", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ unit: "binary", maxLength: 5 })), { maxLength: 60 }), (pieces) => {
      const bytes = bytesOfText(pieces.join(""));
      for (const part of read(bytes).parts) expect(part.value.length).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
