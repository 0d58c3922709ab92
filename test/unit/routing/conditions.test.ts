import { expect, test } from "vitest";
import type { ConditionSnapshot } from "../../../src/config/snapshot.ts";
import { conditionsHold } from "../../../src/routing/conditions.ts";
import { factsOf } from "../../support/facts.ts";

const facts = factsOf({
  url: "http://shop.test/x?beta=1&beta=2&empty=&name=a%20b",
  headers: { "x-client": "app", cookie: "session=abc; flag=1; flag=2" },
});

function condition(source: ConditionSnapshot["source"], name: string, equals: string | null = null, negate = false): ConditionSnapshot {
  return { source, name, equals, negate };
}

test.each([
  ["a header that is present", condition("header", "x-client"), true],
  ["a header of another value", condition("header", "x-client", "web"), false],
  ["a header that is absent", condition("header", "x-other"), false],
  ["any of several query values", condition("query", "beta", "2"), true],
  ["an empty query value is present", condition("query", "empty"), true],
  ["a query value is compared decoded", condition("query", "name", "a b"), true],
  ["any of several cookies of a name", condition("cookie", "flag", "2"), true],
  ["a cookie's name is not a prefix", condition("cookie", "sess"), false],
  ["negated absence", condition("cookie", "other", null, true), true],
  ["negated presence", condition("cookie", "session", null, true), false],
])("%s", (_, one, holds) => {
  expect(conditionsHold([one], facts)).toBe(holds);
});

test("all conditions must hold, and none is no condition", () => {
  const present = condition("header", "x-client");
  expect(conditionsHold([present, condition("header", "x-other")], facts)).toBe(false);
  expect(conditionsHold([], facts)).toBe(true);
});
