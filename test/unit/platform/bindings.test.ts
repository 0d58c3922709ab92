import { expect, test } from "vitest";
import { createBindings, createSecrets } from "../../../src/platform/bindings.ts";

const API = { fetch: () => new Response() };
const ENV = { ADMIN_TOKEN: "control", SECRET: "s3cret", EMPTY: "", API, NUMBER: 7, NOTHING: null };

test("a binding is found by its name", () => {
  expect(createBindings(ENV).get("API")).toBe(API);
});

test.each(["toString", "constructor", "__proto__", "hasOwnProperty", "MISSING", "api", ""])("%j is no binding", (name) => {
  expect(createBindings(ENV).get(name)).toBeUndefined();
  expect(createSecrets(createBindings(ENV)).get(name)).toBeNull();
});

test("the token of the control path is out of reach of a config", () => {
  expect(createBindings(ENV).get("ADMIN_TOKEN")).toBeUndefined();
  expect(createSecrets(createBindings(ENV)).get("ADMIN_TOKEN")).toBeNull();
});

test("an own property of the name __proto__ is a binding like any other", () => {
  expect(createBindings(Object.defineProperty({}, "__proto__", { value: "x", enumerable: true })).get("__proto__")).toBe("x");
});

test.each([
  ["SECRET", "s3cret"],
  ["EMPTY", null],
  ["API", null],
  ["NUMBER", null],
  ["NOTHING", null],
])("the secret %s is %j", (name, expected) => {
  expect(createSecrets(createBindings(ENV)).get(name)).toBe(expected);
});
