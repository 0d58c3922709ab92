// Rules of the older firewall rules API, each with its filter inside or by id, as a ruleset of custom rules: in the order in which
// they ran, with the actions that custom rules have.

import type { CloudflareRule, CloudflareRuleset } from "./cloudflare.ts";
import { numberOf, objectOf, textOf, textsOf, type JsonObject } from "./json.ts";

export interface LegacyFilter {
  readonly expression: string;
  readonly paused: boolean;
}

/** Without priorities, and between equal ones, the action decided. */
const PRECEDENCE: readonly string[] = ["log", "bypass", "allow", "managed_challenge", "challenge", "js_challenge", "block"];

export function firewallRuleset(rules: readonly JsonObject[], filters: ReadonlyMap<string, LegacyFilter>): CloudflareRuleset {
  const ordered = rules.toSorted((left, right) => priorityOf(left) - priorityOf(right) || precedenceOf(left) - precedenceOf(right));
  const own = { id: "", name: "firewall rules", phase: "http_request_firewall_custom", kind: "zone" };
  return { ...own, rules: ordered.map((rule) => ruleOf(rule, filters)) };
}

/** The lower first; those without one last. */
function priorityOf(rule: JsonObject): number {
  return numberOf(rule["priority"]) ?? Number.MAX_SAFE_INTEGER;
}

function precedenceOf(rule: JsonObject): number {
  const at = PRECEDENCE.indexOf(textOf(rule["action"]) ?? "");
  return at < 0 ? PRECEDENCE.length : at;
}

function ruleOf(rule: JsonObject, filters: ReadonlyMap<string, LegacyFilter>): CloudflareRule {
  const inside = objectOf(rule["filter"]);
  const filter = filters.get(textOf(inside["id"]) ?? textOf(rule["filter_id"]) ?? "");
  const id = textOf(rule["id"]) ?? "";
  const action = textOf(rule["action"]) ?? "";
  return {
    id,
    ref: textOf(rule["ref"]) ?? id,
    description: (textOf(rule["description"]) ?? textOf(inside["description"]) ?? "").trim(),
    expression: textOf(inside["expression"]) ?? filter?.expression ?? "",
    ...actionOf(action, textsOf(rule["products"])),
    ratelimit: null,
    enabled: rule["paused"] !== true && inside["paused"] !== true && filter?.paused !== true,
    checksCredentials: false,
  };
}

function actionOf(action: string, products: readonly string[]): Pick<CloudflareRule, "action" | "parameters" | "changes"> {
  switch (action) {
    case "allow":
      return { action: "skip", parameters: { ruleset: "current" }, changes: ["allow is a skip of the firewall rules that follow"] };
    case "bypass":
      return { action: "skip", parameters: { products }, changes: [] };
    case "simulate":
      return { action: "log", parameters: {}, changes: [] };
    default:
      return { action, parameters: {}, changes: [] };
  }
}
