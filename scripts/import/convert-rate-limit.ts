// Rate limiting rules: characteristics, period, what is counted, and the answer over the limit.

import { RATE_LIMIT_BLOCK_SECONDS_MAX } from "../../src/limits.ts";
import { answerOf } from "./answers.ts";
import type { CloudflareRule } from "./cloudflare.ts";
import { carried, left, type ConvertContext, type Converted, type Left } from "./converted.ts";
import { durationText } from "./convert-cache.ts";
import { CHALLENGES, convertChallenge } from "./convert-filter.ts";
import { carryCondition, carryValue } from "./expressions.ts";
import { numberOf, textOf, textsOf, type JsonObject } from "./json.ts";

export function convertRateLimit(rule: CloudflareRule, limit: JsonObject, context: ConvertContext): Converted {
  if (numberOf(limit["score_per_period"]) !== null)
    return left(
      "it adds up scores that the origin sends, and limits here count requests",
      "limit the requests of the visitor instead: `requests`",
    );
  const requests = numberOf(limit["requests_per_period"]);
  const period = numberOf(limit["period"]);
  if (requests === null || period === null) return left("it has no period or no number of requests", "write the rule by hand");
  const reaction = reactionOf(rule, context);
  if (reaction.kind === "left") return reaction;
  const changes = [...reaction.changes];
  const by = keysOf(textsOf(limit["characteristics"]), changes, context);
  if ("kind" in by) return by;
  const count = countOf(textOf(limit["counting_expression"]), rule, context);
  if (typeof count === "object" && count !== null) return count;
  const rateLimit = {
    by,
    requests,
    per: durationText(period),
    ...(count === null ? {} : { count }),
    ...timeoutOf(limit, changes),
    ...reaction.answer,
  };
  const phase = limit["requests_to_origin"] === true ? "origin" : "request";
  return { ...carried(phase, { rateLimit }, changes), ...(reaction.watches ? { mode: "log" as const } : {}) };
}

type Reaction =
  | {
      readonly kind: "reaction";
      readonly watches: boolean;
      readonly answer: Readonly<Record<string, unknown>>;
      readonly changes: readonly string[];
    }
  | Left;

/** What happens over the limit: an answer, or only a record of it. */
function reactionOf(rule: CloudflareRule, { challenge }: ConvertContext): Reaction {
  const { action, parameters } = rule;
  if (action === "block") return { kind: "reaction", watches: false, answer: answerOf(parameters["response"], 429) ?? {}, changes: [] };
  if (action === "log") return { kind: "reaction", watches: true, answer: {}, changes: ["it only logged, so it has `mode: log`"] };
  if (!CHALLENGES.includes(action)) return left(`a rate limit with the action ${action} has no counterpart`, "write the rule by hand");
  const converted = convertChallenge(rule, challenge);
  if (converted.kind === "left") return converted;
  return { kind: "reaction", watches: challenge === "log", answer: {}, changes: converted.changes };
}

function timeoutOf(limit: JsonObject, changes: string[]): { readonly for?: string } {
  const seconds = numberOf(limit["mitigation_timeout"]) ?? 0;
  if (seconds <= 0) return {};
  if (seconds > RATE_LIMIT_BLOCK_SECONDS_MAX)
    changes.push(`visitors stay out for ${durationText(RATE_LIMIT_BLOCK_SECONDS_MAX)} at most here`);
  return { for: durationText(Math.min(seconds, RATE_LIMIT_BLOCK_SECONDS_MAX)) };
}

/** Null where it counts what it matches. */
function countOf(source: string | null, rule: CloudflareRule, { scheme }: ConvertContext): string | Left | null {
  if (source === null || source.trim() === rule.expression.trim()) return null;
  const counted = carryCondition(source, scheme);
  return counted.kind === "left" ? { ...counted, reason: `of its counting_expression: ${counted.reason}` } : counted.text;
}

type Characteristic = string | Readonly<Record<string, string>>;

const PLAIN: Readonly<Record<string, string>> = {
  "ip.src": "address",
  "http.host": "host",
  "http.request.uri.path": "path",
  "ip.src.country": "country",
  "ip.geoip.country": "country",
  "ip.src.asnum": "asn",
  "ip.geoip.asnum": "asn",
};

const NAMED: readonly (readonly [pattern: RegExp, key: string])[] = [
  [/^http\.request\.headers\["([^"\\]+)"\]$/, "header"],
  [/^http\.request\.cookies\["([^"\\]+)"\]$/, "cookie"],
  [/^http\.request\.uri\.args\["([^"\\]+)"\]$/, "query"],
  [/^lookup_json_string\(http\.request\.jwt\.claims\["[^"]*"\](?:\[0\])?,\s*"([^"\\]+)"\)$/, "jwt"],
];

function keysOf(characteristics: readonly string[], changes: string[], context: ConvertContext): readonly Characteristic[] | Left {
  const keys: Characteristic[] = [];
  for (const source of characteristics) {
    // Cloudflare counts in each data centre by itself; the counter of the rule decides that here.
    if (source === "cf.colo.id") continue;
    const key = keyOf(source, changes, context);
    if (typeof key === "object" && "kind" in key) return key as Left;
    if (!keys.some((each) => JSON.stringify(each) === JSON.stringify(key))) keys.push(key);
  }
  if (keys.length > 0) return keys;
  changes.push("it counted all visitors of a data centre together, and counts by host here");
  return ["host"];
}

function keyOf(source: string, changes: string[], { scheme }: ConvertContext): Characteristic | Left {
  const plain = PLAIN[source];
  if (plain !== undefined) return plain;
  if (source === "cf.unique_visitor_id") {
    changes.push("visitors behind one address count together: cf.unique_visitor_id is `address` here");
    return "address";
  }
  for (const [pattern, key] of NAMED) {
    const name = pattern.exec(source)?.[1];
    if (name === undefined) continue;
    if (key === "jwt") changes.push(`the claim ${name} is read from the bearer token, which is not verified here`);
    return { [key]: name };
  }
  const value = carryValue(source, scheme);
  if (value.kind === "left") return { ...value, reason: `of its characteristic ${source}: ${value.reason}` };
  changes.push(...value.changes);
  return { expression: value.text };
}
