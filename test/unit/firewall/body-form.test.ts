import fc from "fast-check";
import { expect, test } from "vitest";
import { parseForm } from "../../../src/firewall/body-form.ts";
import { BODY_FIELDS_MAX } from "../../../src/limits.ts";

test.each([
  ["", []],
  ["a=1&b=2", ["a=1", "b=2"]],
  ["a=1&a=2", ["a=1", "a=2"]],
  ["a", ["a="]],
  ["=v", ["=v"]],
  ["a=b=c", ["a=b=c"]],
  ["&&a=1&", ["a=1"]],
  ["a=x+y%20z", ["a=x+y%20z"]],
  ["a=1;b=2", ["a=1;b=2"]],
  ["a=\xff\0&b=\r\n", ["a=\xff\0", "b=\r\n"]],
])("%j has the fields %j, as received", (body, fields) => {
  const { names, values, cut } = parseForm(body);
  expect(names.map((name, index) => `${name}=${values[index]}`)).toEqual(fields);
  expect(cut).toBe(false);
});

test("values are found by name in order, and by the name as servers decode it", () => {
  const { map } = parseForm("role=user&r%6fle=admin&a+b=1&%2=x");
  expect(map.get("role")).toEqual(["user", "admin"]);
  expect(map.get("r%6fle")).toEqual(["admin"]);
  expect(map.get("a b")).toEqual(["1"]);
  expect(map.get("%2")).toEqual(["x"]);
});

test.each(["+role", "%20role", "role%00x", "+role%00"])("to PHP %s is role", (name) => {
  expect(parseForm(`${name}=admin`).map.get("role")).toEqual(["admin"]);
});

test.each([
  ["user.role", "user_role"],
  ["user+role", "user_role"],
  ["a.b[c.d]", "a_b[c.d]"],
])("to PHP %s is %s, and a rule finds it by both", (name, variable) => {
  const { map } = parseForm(`${name}=1`);
  expect([map.get(name), map.get(variable)]).toEqual([["1"], ["1"]]);
});

test("a body that was cut gives what is whole and the cut rest", () => {
  expect(parseForm("a=1&b=hel").map.get("b")).toEqual(["hel"]);
});

test("as many fields as the limit are read, and one more is said to be missing", () => {
  const fields = (count: number): string => Array.from({ length: count }, (_, index) => `f${index}=`).join("&");
  expect(parseForm(fields(BODY_FIELDS_MAX)).cut).toBe(false);
  const over = parseForm(fields(BODY_FIELDS_MAX + 1));
  expect([over.names.length, over.cut]).toEqual([BODY_FIELDS_MAX, true]);
});

const text = fc.string({ unit: "binary", maxLength: 30 }).map((value) => encodeURIComponent(value.toWellFormed()));

test("what URLSearchParams writes is read as it was", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (pairs) => {
      const body = pairs.map(([name, value]) => `${name}=${value}`).join("&");
      const { names, values } = parseForm(body);
      const expected = [...new URLSearchParams(body)];
      expect(names.map((name, index) => [decodeURIComponent(name), decodeURIComponent(values[index] ?? "")])).toEqual(expected);
    }),
  );
});

test("any bytes are read without an exception, and every field is found in the map", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const { names, values, map } = parseForm(String.fromCharCode(...bytes));
      expect(names.every((name, index) => map.get(name)?.includes(values[index] ?? "") === true)).toBe(true);
    }),
  );
});
