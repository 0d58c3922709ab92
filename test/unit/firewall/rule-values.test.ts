// What a release may hold that this Worker does not know, in the values that its rules make.

import { expect, test } from "vitest";
import { buildValue, smallConfig } from "../config/build-helper.ts";
import { loadRuleset } from "../../../src/config/load.ts";

const EXPRESSION = { expression: "lower(http.host)" };

test.each([
  ["log", { log: { fields: { host: "lower(http.host)" } } }],
  ["redirect", { redirect: EXPRESSION }],
  ["rewrite of the path", { rewrite: { path: EXPRESSION } }],
  ["rewrite of the query", { rewrite: { query: EXPRESSION } }],
  ["rewrite of a parameter", { rewrite: { query: { set: { a: EXPRESSION } } } }],
  ["rewrite of a header", { rewrite: { headers: { set: { "X-A": EXPRESSION } } } }],
  ["header added", { rewrite: { headers: { add: { "X-A": EXPRESSION } } } }],
])("a value of a newer language is refused when the release is loaded: %s", async (_what, action) => {
  const { snapshot, diagnostics } = await buildValue(smallConfig({ more: { firewall: [{ id: "r", when: "not ssl", action }] } }));
  if (snapshot === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  expect(() => loadRuleset(snapshot, "r")).not.toThrow();
  const newer = JSON.parse(JSON.stringify(snapshot).replaceAll('"lower"', '"newer"'));
  expect(() => loadRuleset(newer, "r")).toThrow("function newer");
});
