// Rate limits: times that can be counted over, what is counted, and whether there is a counter that can count so many.

import type { Expression } from "../../expression/ast.ts";
import { parseExpression } from "../../expression/parse.ts";
import {
  RATE_EXACT_PER_SECOND_MAX,
  RATE_LIMIT_BLOCK_SECONDS_MAX,
  RATE_LIMIT_PERIOD_SECONDS_MAX,
  RATE_LIMIT_PERIOD_SECONDS_MIN,
} from "../../limits.ts";
import type { NormalAction } from "../normalize.ts";
import { parseDurationMs } from "../units.ts";
import { report } from "./context.ts";
import { reportExpression } from "./expressions.ts";
import { checkBodyFields } from "./rule-phases.ts";
import { checkAnswer, takeValue, type ActionCheck } from "./action-values.ts";

type RateLimit = NonNullable<NormalAction["rateLimit"]>;

/**
 * Whether it is counted at one place for all. The platform's limiter knows two periods, counts whatever it is asked about, and
 * forgets at once who was over the limit.
 */
export function isExact({ exact, count, for: block, per }: RateLimit): boolean {
  const ms = parseDurationMs(per);
  return exact || count !== undefined || block !== undefined || (ms !== 10_000 && ms !== 60_000);
}

/** The counting expression as parsed; null where there is none, or it is wrong. */
export function checkRateLimit(check: ActionCheck, limit: RateLimit): Expression | null {
  const { context } = check;
  const path = [...check.path, "rateLimit"];
  checkAnswer(context, limit, path);
  checkSeconds(check, "per", limit.per, [RATE_LIMIT_PERIOD_SECONDS_MIN, RATE_LIMIT_PERIOD_SECONDS_MAX]);
  if (limit.for !== undefined) checkSeconds(check, "for", limit.for, [1, RATE_LIMIT_BLOCK_SECONDS_MAX]);
  checkRate(check, limit);
  for (const [at, by] of limit.by.entries()) checkCharacteristic(check, limit.by, at, by);
  return limit.count === undefined ? null : checkCount(check, limit.count);
}

/** One key is counted by one object, one request after the other. */
function checkRate({ context, path }: ActionCheck, limit: RateLimit): void {
  const seconds = (parseDurationMs(limit.per) ?? 0) / 1000;
  if (!isExact(limit) || limit.requests <= RATE_EXACT_PER_SECOND_MAX * seconds) return;
  report(context, [...path, "rateLimit", "requests"], {
    severity: "warning",
    code: "rate-too-high",
    message: `${limit.requests} requests in ${limit.per} are more than one place can count; when they come, the counter does not answer in time.`,
    expected: `at most ${RATE_EXACT_PER_SECOND_MAX * seconds} in ${limit.per}`,
    found: String(limit.requests),
    fix: "Count over 10s or 60s, without `exact`, `count` and `for`: that is done in each data centre. Or lower the limit.",
  });
}

function checkCharacteristic(check: ActionCheck, all: RateLimit["by"], at: number, by: RateLimit["by"][number]): void {
  const { context, path } = check;
  const place = [...path, "rateLimit", "by", at];
  // Header names are one in any case.
  const nameOf = (each: typeof by): string =>
    JSON.stringify(typeof each === "object" && "header" in each ? { header: each.header.toLowerCase() } : each);
  if (all.findIndex((each) => nameOf(each) === nameOf(by)) < at) {
    report(context, place, { code: "duplicate-characteristic", message: "This is in `by` already.", fix: "Remove it." });
  }
  if (typeof by === "string" || !("expression" in by)) return;
  takeValue(check, ["rateLimit", "by", at, "expression"], by.expression);
}

function checkCount(check: ActionCheck, text: string): Expression | null {
  const { context, scheme, path, when } = check;
  const at = [...path, "rateLimit", "count"];
  const parsed = parseExpression(text, scheme);
  if (!parsed.ok) {
    reportExpression(context, at, parsed.error, "error");
    return null;
  }
  reportExpression(context, at, parsed.value.warnings, "warning");
  checkBodyFields(context, { at, text, of: parsed.value.expression, when });
  return parsed.value.expression;
}

function checkSeconds({ context, path }: ActionCheck, key: "per" | "for", text: string, [min, max]: readonly [number, number]): void {
  const ms = parseDurationMs(text) ?? 0;
  if (ms >= min * 1000 && ms <= max * 1000 && ms % 1000 === 0) return;
  report(context, [...path, "rateLimit", key], {
    code: "out-of-range",
    message: ms % 1000 === 0 ? `\`${key}\` is too ${ms < min * 1000 ? "short" : "long"}.` : `\`${key}\` is not a whole number of seconds.`,
    expected: `whole seconds from ${min}s to ${max / 86_400}d`,
    found: text,
    fix: `Write a duration from ${min}s to ${max / 86_400}d.`,
  });
}
