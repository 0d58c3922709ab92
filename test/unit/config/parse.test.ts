import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { parseConfig } from "../../../src/config/parse.ts";
import { CONFIG_BYTES_MAX, CONFIG_DEPTH_MAX, CONFIG_NODES_MAX } from "../../../src/limits.ts";

function codes(text: string): readonly string[] {
  return parseConfig("f", text).diagnostics.map((diagnostic) => diagnostic.code);
}

test("YAML and JSON of the same config are the same value", () => {
  const value = { sites: [{ name: "a", hosts: ["x"] }], pools: { web: { weight: 2, backup: true } } };
  expect(parseConfig("f", stringify(value)).value).toEqual(value);
  expect(parseConfig("f", JSON.stringify(value)).value).toEqual(value);
});

test("plain data survives being written as YAML and read", () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  const data = fc.dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== "__proto__" && key !== "<<"),
    fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), leaf)),
    { minKeys: 1 },
  );
  fc.assert(
    fc.property(data, (value) => {
      expect(JSON.stringify(parseConfig("f", stringify(value)).value)).toBe(JSON.stringify(Object.assign({}, value)));
    }),
  );
});

test("every value leads back to its line and column", () => {
  const text = "a:\n  - b: 1\n    c: two\n  - &x [p, q]\nd: *x\n";
  const { source } = parseConfig("f", text);
  const at = (path: readonly (string | number)[]): string => {
    const { line, column } = source.diagnostic({ severity: "error", code: "x", path, message: "" });
    return `${line}:${column}`;
  };
  expect(at(["a", 0, "b"])).toBe("2:8");
  expect(at(["a", 0, "c"])).toBe("3:8");
  expect(at(["a", 1, 1])).toBe("4:12");
  expect(at(["d", 1])).toBe("4:12");
  expect(at(["d"])).toBe("5:4");
  expect(at(["a", 0, "not", "there"])).toBe("2:5");
  expect(source.diagnosticAtKey({ severity: "error", code: "x", path: ["a", 0, "c"], message: "" })).toMatchObject({ line: 3, column: 5 });
});

test.each([
  ["plain", "k: abc def", 4, "d"],
  ["single quotes", "k: 'it''s x'", 5, "x"],
  ["double quotes with escapes", 'k: "a\\"\\x41\\u00e9 z"', 5, "z"],
  ["double quotes over lines", 'k: "ab\n  cd"', 3, "c"],
  ["a plain value over lines", "k: ab\n  cd", 3, "c"],
  ["a folded block", "k: >-\n  ab\n  cd\n", 3, "c"],
  ["a folded block with a blank line", "k: >-\n  ab\n\n  cd\n", 3, "c"],
  ["a literal block", "k: |\n    ab\n    cd\n", 3, "c"],
  ["a literal block that keeps inner indentation", "k: |\n  ab\n    cd\n", 5, "c"],
])("a place inside %s is found", (_name, text, index, character) => {
  const { source, value } = parseConfig("f", text);
  expect((value as { k: string }).k.charAt(index)).toBe(character);
  const { line, column } = source.diagnosticInside(index, { severity: "error", code: "x", path: ["k"], message: "" });
  expect(text.split("\n")[line - 1]?.charAt(column - 1)).toBe(character);
});

test("the end of a plain value is behind its last character, not at what follows", () => {
  const text = "k: (ab\nnext: 1\n";
  const { line, column } = parseConfig("f", text).source.diagnosticInside(3, { severity: "error", code: "x", path: ["k"], message: "" });
  expect([line, column]).toEqual([1, 7]);
});

test("a comment ends a value without quotes, and no other", () => {
  const { source } = parseConfig("f", "a: x #y\nb: 'x' #y\nc: x#y\nd: x\ne: >- #y\n  x\n");
  expect(["a", "b", "c", "d", "e"].filter((key) => source.endsWithComment([key]))).toEqual(["a"]);
});

test.each(["! ssl", "!ssl", "!ssl and x", "!(ssl)", "!x [a]", "!x { a: 1 }", "[1, ! ssl]"])(
  "%s is refused: it would lose its !",
  (text) => {
    const { value, diagnostics } = parseConfig("f", `k: ${text}\n`);
    expect(value).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "syntax", line: 1, column: 4 + text.indexOf("!") }]);
  },
);

test.each(["'! ssl'", '"!ssl"', "ssl and !x", ">-\n  ! ssl", "!!str 5"])("%s keeps what it says", (text) => {
  expect(codes(`k: ${text}\n`)).toEqual([]);
});

test("the end of a block is behind its last visible character", () => {
  const text = "k: |\n  ab\n  cd\n\nnext: 1\n";
  const { line, column } = parseConfig("f", text).source.diagnosticInside(6, { severity: "error", code: "x", path: ["k"], message: "" });
  expect([line, column]).toEqual([3, 5]);
});

test("merge keys add what is not there, the first source first", () => {
  const text = "a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { <<: [*a, *b], x: 0 }\n";
  expect((parseConfig("f", text).value as { c: unknown }).c).toEqual({ x: 0, y: 1, z: 2 });
});

test("a file of the largest size is read, a larger one is refused with the limit", () => {
  const line = "# padding\n";
  const head = "a: 1\n";
  const full = `${head}${line.repeat(Math.floor((CONFIG_BYTES_MAX - head.length) / line.length))}`;
  const exact = `${full}${"#".repeat(CONFIG_BYTES_MAX - full.length)}`;
  expect(codes(exact)).toEqual([]);
  const [problem] = parseConfig("f", `${exact}#`).diagnostics;
  expect(problem).toMatchObject({ code: "file-too-large", line: 1, column: 1 });
  expect(problem?.message).toContain(String(CONFIG_BYTES_MAX));
});

test("bytes are counted, not characters", () => {
  expect(codes(`a: "${"é".repeat(CONFIG_BYTES_MAX / 2)}"`)).toEqual(["file-too-large"]);
});

test("10 MB are refused", () => {
  expect(codes(`a: ${"x".repeat(10_000_000)}`)).toEqual(["file-too-large"]);
});

test("an alias bomb is refused", () => {
  const rows = Array.from(
    { length: 12 },
    (_, index) => `a${index + 1}: &a${index + 1} [${Array.from({ length: 10 }, () => `*a${index}`).join(", ")}]`,
  );
  expect(codes(["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", ...rows].join("\n"))).toEqual(["too-many-values"]);
});

test("as many values as the limit are read, one more is refused", () => {
  // The mapping, its two lists and 999 values are 1,002; each alias is one and the 1,000 that it stands for.
  const aliases = Math.floor((CONFIG_NODES_MAX - 1002) / 1001);
  const left = CONFIG_NODES_MAX - 1002 - aliases * 1001;
  const text = (more: number): string => `a: &a [${"0,".repeat(999)}]\nb: [${"*a,".repeat(aliases)}${"0,".repeat(left + more)}]`;
  expect(codes(text(0))).toEqual([]);
  expect(codes(text(1))).toEqual(["too-many-values"]);
});

test("an alias inside its own anchor ends at the limit of depth", () => {
  expect(codes("a: &a [*a]")).toEqual(["nested-too-deep"]);
});

test("lists may be as deep as the limit and not one deeper", () => {
  const nested = (depth: number): string => `${"[ 1, ".repeat(depth)}${"]".repeat(depth)}`;
  expect(codes(nested(CONFIG_DEPTH_MAX))).toEqual([]);
  expect(codes(nested(CONFIG_DEPTH_MAX + 1))).toEqual(["nested-too-deep"]);
});

test.each([
  ["brackets", "[".repeat(100_000)],
  ["braces", "{".repeat(100_000)],
  ["dashes", "- ".repeat(100_000)],
  ["keys", "? ".repeat(20_000)],
  ["brackets between words", "[a, ".repeat(20_000)],
])("a file of nothing but %s is refused and does not crash", (_name, text) => {
  expect(codes(text).length).toBeGreaterThan(0);
});

test("a key named __proto__ is an error and changes no prototype", () => {
  const { value, diagnostics } = parseConfig("f", "a: { __proto__: { polluted: true } }");
  expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(["unknown-key"]);
  expect((value as { a: Record<string, unknown> }).a["polluted"]).toBeUndefined();
});

test("no text makes the parser throw", () => {
  const yamlish = fc.array(
    fc.constantFrom(
      "a",
      ":",
      " ",
      "\n",
      "-",
      "[",
      "]",
      "{",
      "}",
      "&x",
      "*x",
      "<<",
      "|",
      ">",
      '"',
      "'",
      "#",
      "!",
      "%",
      "\t",
      "?",
      ",",
      "---",
      "é",
      "\u0000",
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(yamlish, (parts) => {
      const { value, diagnostics, source } = parseConfig("f", parts.join(""));
      expect(value !== undefined || diagnostics.length > 0).toBe(true);
      for (const diagnostic of [...diagnostics, source.diagnostic({ severity: "error", code: "x", path: ["a", 0, "a"], message: "" })]) {
        expect(diagnostic.line).toBeGreaterThanOrEqual(1);
        expect(diagnostic.column).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 1000 },
  );
});
