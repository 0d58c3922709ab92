// What a rule does, for people: in a few words for tables, and as data whose expressions are text for comparing releases.

import type {
  CharacteristicSnapshot,
  RateLimitActionSnapshot,
  RuleActionSnapshot,
  SkipActionSnapshot,
} from "../../src/config/rule-snapshot.ts";
import type { ScalarSource } from "../../src/expression/ast.ts";
import { printExpression, printValueExpression } from "../../src/expression/print.ts";

/** `block 429`, `skip all`, `limit 5 in 60 s by address`. */
export function actionText(action: RuleActionSnapshot): string {
  switch (action.kind) {
    case "block":
      return action.status === 403 ? "block" : `block ${action.status}`;
    case "skip":
      return skipText(action);
    case "redirect":
      return `redirect ${action.status}`;
    case "log":
      return action.fields.length === 0 ? "log" : `log ${action.fields.map(([name]) => name).join(", ")}`;
    case "rewrite":
      return `rewrite ${(["path", "query", "headers"] as const).filter((part) => action[part] !== null).join(", ")}`;
    case "set":
      return `set ${(["pool", "cache", "timeouts", "retry"] as const).filter((part) => action[part] !== null).join(", ")}`;
    case "rateLimit":
      return limitText(action);
    case "score":
      return `score ${action.add > 0 ? "+" : ""}${action.add}`;
    default:
      return action satisfies never;
  }
}

function skipText({ rest, rules, phases, rateLimits, managed }: SkipActionSnapshot): string {
  const parts = [
    ...(rest ? ["all"] : []),
    ...rules,
    ...phases.map((phase) => `phase ${phase}`),
    ...(rateLimits ? ["rate limits"] : []),
    ...(managed ? ["managed rules"] : []),
  ];
  return `skip ${parts.join(", ")}`;
}

function limitText({ requests, periodSeconds, by }: RateLimitActionSnapshot): string {
  return `limit ${requests} in ${periodSeconds} s by ${by.map(characteristicText).join(", ")}`;
}

function characteristicText(by: CharacteristicSnapshot): string {
  if (by.kind === "expression") return printValueExpression(by.value);
  return "name" in by ? `${by.kind} ${by.name}` : by.kind;
}

/** The action with its compiled expressions as text: two releases are compared by what people wrote. */
export function plainAction(action: RuleActionSnapshot): unknown {
  return plain(action);
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const kind = "kind" in value ? value.kind : null;
  if (kind === "field" || kind === "call" || kind === "index" || kind === "literal") return printValueExpression(value as ScalarSource);
  if (kind === "and" || kind === "or" || kind === "xor" || kind === "not" || kind === "any" || kind === "all" || kind === "test") {
    return printExpression(value as Parameters<typeof printExpression>[0]);
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}
