// A route's conditions on headers, query parameters and cookies. Pure; all of a route's conditions must hold.

import type { ConditionSnapshot } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import { cookieValues } from "../http/cookies.ts";

export function conditionsHold(conditions: readonly ConditionSnapshot[], facts: Facts): boolean {
  return conditions.every((condition) => holds(condition, facts) !== condition.negate);
}

function holds(condition: ConditionSnapshot, facts: Facts): boolean {
  const values = valuesOf(condition, facts);
  return condition.equals === null ? values.length > 0 : values.includes(condition.equals);
}

function valuesOf(condition: ConditionSnapshot, facts: Facts): readonly string[] {
  switch (condition.source) {
    case "header": {
      const value = facts.headers.get(condition.name);
      return value === null ? [] : [value];
    }
    case "query":
      return new URLSearchParams(facts.query).getAll(condition.name);
    case "cookie":
      return cookieValues(facts.headers.get("cookie"), condition.name);
    default:
      return condition.source satisfies never;
  }
}
