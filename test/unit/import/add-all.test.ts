// Several rules in one edit are the same as one edit for each, in every layout of the user's file.

import { expect, test } from "vitest";
import { editRules, ruleIds, type NewRule } from "../../../scripts/edit/rules.ts";
import { ok, type Result } from "../../../src/result.ts";

const RULES: readonly NewRule[] = [
  { id: "one", when: "ssl", action: "block" },
  { id: "two", when: "not ssl", action: { redirect: { to: "/x" } } },
  { id: "three", when: "ssl", action: "log", enabled: false },
];

const LAYOUTS: readonly (readonly [name: string, text: string, before: string | null])[] = [
  ["no list", "sites: {}\n", null],
  ["no line break at the end", "sites: {}", null],
  ["an empty list", "firewall: []   # none\npools: {}\n", null],
  ["a key alone", "firewall:\npools: {}\n", null],
  ["at the end", "firewall:\n  - id: a\n    when: x\n  # last\npools: {}\n", null],
  ["before a rule with its comment", "firewall:\n  # Ours.\n  - id: a\n    when: x\n", "a"],
  ["rules set apart", "firewall:\n  - id: a\n    when: x\n\n  - id: b\n    when: x\n", "b"],
  ["set apart, at the end", "firewall:\n  - id: a\n    when: x\n\n  - id: b\n    when: x\n", null],
  ["braces", 'firewall: [{ id: a, when: "x" }]\n', null],
  ["JSON", '{\n  "firewall": [\n    {\n      "id": "a"\n    }\n  ]\n}\n', "a"],
  ["JSON without a list", '{\n  "sites": {}\n}\n', null],
  ["JSON in one line", '{"sites":{}}', null],
];

test.each(LAYOUTS)("%s", (_name, text, before) => {
  let single: Result<string, unknown> = ok(text);
  for (const rule of RULES) single = single.ok ? editRules(single.value, { kind: "add", rule, before }) : single;
  const all = editRules(text, { kind: "add-all", rules: RULES, before });
  expect(all).toEqual(single);
  expect(all.ok && ruleIds(all.value).filter((id) => id.length > 1)).toEqual(["one", "two", "three"]);
});

test("no rules are no change", () => {
  expect(editRules("sites: {}\n", { kind: "add-all", rules: [], before: null })).toEqual({ ok: true, value: "sites: {}\n" });
});

test("an id that is there, or comes twice, is refused", () => {
  const [one] = RULES as readonly [NewRule];
  const refused = { ok: false, error: { kind: "exists", id: "one" } };
  expect(editRules("firewall: [{ id: one, when: x }]\n", { kind: "add-all", rules: RULES, before: null })).toEqual(refused);
  expect(editRules("sites: {}\n", { kind: "add-all", rules: [one, one], before: null })).toEqual(refused);
});
