// A rate limit, and where it is counted: by the platform's limiter where that can do it, else by an object of its own.

import { fieldsOf } from "../../expression/may-hold.ts";
import { ruleScheme } from "../../firewall/fields.ts";
import type { NormalAction } from "../normalize.ts";
import type { CharacteristicSnapshot, RateLimitActionSnapshot, RuleAnswerSnapshot } from "../rule-snapshot.ts";
import { isExact } from "../check/rate-limits.ts";
import type { CheckedRule } from "../check/rules.ts";
import { parseDurationSeconds } from "../units.ts";
import { promised } from "./order.ts";

type RateLimit = NonNullable<NormalAction["rateLimit"]>;

export function compileRateLimit(
  limit: RateLimit,
  { count, values }: CheckedRule,
): Omit<RateLimitActionSnapshot, keyof RuleAnswerSnapshot> {
  const periodSeconds = promised(parseDurationSeconds(limit.per), "rateLimit.per");
  const blockSeconds = limit.for === undefined ? null : promised(parseDurationSeconds(limit.for), "rateLimit.for");
  return {
    kind: "rateLimit",
    by: limit.by.map((by, at) => compileCharacteristic(by, () => promised(values.get(`rateLimit.by.${at}.expression`), "rateLimit.by"))),
    requests: limit.requests,
    periodSeconds,
    counter: isExact(limit) ? "object" : "binding",
    count,
    countsAnswers: count !== null && [...fieldsOf(count)].some((name) => ruleScheme.fields.get(name)?.later === "response"),
    blockSeconds,
    unreachable: limit.unreachable,
  };
}

function compileCharacteristic(
  by: RateLimit["by"][number],
  value: () => Extract<CharacteristicSnapshot, { kind: "expression" }>["value"],
): CharacteristicSnapshot {
  if (typeof by === "string") return { kind: by };
  if ("header" in by) return { kind: "header", name: by.header.toLowerCase() };
  if ("cookie" in by) return { kind: "cookie", name: by.cookie };
  if ("query" in by) return { kind: "query", name: by.query };
  if ("jwt" in by) return { kind: "jwt", name: by.jwt };
  return { kind: "expression", value: value() };
}
