// Cloudflare's JSON to rulesets, whatever of its API it came from: one ruleset or phase entry point, bare or in the API's envelope,
// a list of them, an export of a zone that holds several under keys of its own, and the older firewall rules, filters and rate
// limits. Never throws; converts nothing.

import { fail, ok, type Result } from "../../src/result.ts";
import { phaseOfAction, PHASES, type CloudflareExport, type CloudflareRule, type CloudflareRuleset } from "./cloudflare.ts";
import { isObject, listOf, numberOf, objectOf, textOf, type JsonObject } from "./json.ts";
import { firewallRuleset, type LegacyFilter } from "./legacy-firewall-rules.ts";
import { rateLimitRuleset } from "./legacy-rate-limits.ts";

/** Deeper than any export; a file that nests on is none. */
const DEPTH_MAX = 8;

interface Found {
  readonly rulesets: CloudflareRuleset[];
  /** Rules without their ruleset. */
  readonly rules: JsonObject[];
  readonly firewallRules: JsonObject[];
  readonly filters: Map<string, LegacyFilter>;
  readonly rateLimits: JsonObject[];
  readonly notes: Set<string>;
}

/** @returns what is wrong with the text, in one sentence, when it holds nothing that can be read. */
export function readCloudflare(text: string): Result<CloudflareExport, string> {
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (error) {
    return fail(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const refusal = refusalOf(value);
  if (refusal !== null) return fail(`it is an error that Cloudflare's API answered: ${refusal}`);
  const found: Found = { rulesets: [], rules: [], firewallRules: [], filters: new Map(), rateLimits: [], notes: new Set() };
  collect(found, value, "", 0);
  const rulesets = [...found.rulesets, ...looseRulesets(found)];
  if (rulesets.length === 0 && found.notes.size === 0) return fail("it holds no ruleset, no firewall rules and no rate limits");
  // Stable: rulesets of one phase stay in the order of the file.
  return ok({ rulesets: rulesets.toSorted((left, right) => rank(left.phase) - rank(right.phase)), notes: [...found.notes] });
}

function rank(phase: string): number {
  const at = PHASES.indexOf(phase);
  return at < 0 ? PHASES.length : at;
}

/** `{"success": false, "errors": [{"code": 10000, "message": "Authentication error"}]}` */
function refusalOf(value: unknown): string | null {
  if (!isObject(value) || value["success"] !== false) return null;
  const messages = listOf(value["errors"]).flatMap((error) => textOf(objectOf(error)["message"]) ?? []);
  return messages.join(", ") || "without a message";
}

function collect(found: Found, value: unknown, key: string, depth: number): void {
  if (depth > DEPTH_MAX) return;
  if (Array.isArray(value)) {
    // The array of rules of a phase, under the phase's name.
    if (PHASES.includes(key) && value.some(isRule)) found.rulesets.push(ruleset({ rules: value }, key));
    else for (const item of value) collect(found, item, key, depth + 1);
    return;
  }
  if (!isObject(value) || take(found, value, key)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === "object") collect(found, inner, name, depth + 1);
  }
}

/** True when the object is something that is known, so that nothing inside is looked at. */
function take(found: Found, value: JsonObject, key: string): boolean {
  const phase = textOf(value["phase"]) ?? (PHASES.includes(key) ? key : null);
  if (Array.isArray(value["rules"]) && (phase !== null || value["rules"].some(isRule))) {
    found.rulesets.push(ruleset(value, phase));
  } else if (phase !== null && textOf(value["id"]) !== null && value["result"] === undefined) {
    const shown = textOf(value["name"]) ?? phase;
    found.notes.add(
      `the ruleset "${shown}" (${phase}) came without its rules: the list of rulesets has none, so fetch each ruleset by its id`,
    );
  } else if (isObject(value["filter"]) || (textOf(value["filter_id"]) !== null && textOf(value["action"]) !== null)) {
    found.firewallRules.push(value);
  } else if (isObject(value["match"]) && numberOf(value["threshold"]) !== null) {
    found.rateLimits.push(value);
  } else if (Array.isArray(value["targets"]) && Array.isArray(value["actions"])) {
    found.notes.add("page rules are not imported: write a route, or a rule with `redirect` or `set`");
  } else if (isRule(value)) {
    found.rules.push(value);
  } else if (textOf(value["expression"]) !== null && textOf(value["id"]) !== null) {
    found.filters.set(textOf(value["id"]) ?? "", { expression: textOf(value["expression"]) ?? "", paused: value["paused"] === true });
  } else {
    return false;
  }
  return true;
}

function isRule(value: unknown): boolean {
  return isObject(value) && textOf(value["action"]) !== null && typeof value["expression"] === "string";
}

function ruleset(value: JsonObject, phase: string | null): CloudflareRuleset {
  const rules = listOf(value["rules"]).filter(isObject).map(ruleOf);
  const [first] = rules;
  const named = phase ?? (first === undefined ? "" : phaseOfAction(first.action, first.ratelimit !== null));
  return { id: textOf(value["id"]) ?? "", name: textOf(value["name"]) ?? "", phase: named, kind: textOf(value["kind"]) ?? "zone", rules };
}

function ruleOf(value: JsonObject): CloudflareRule {
  const id = textOf(value["id"]) ?? "";
  return {
    id,
    ref: textOf(value["ref"]) ?? id,
    description: textOf(value["description"])?.trim() ?? "",
    expression: textOf(value["expression"]) ?? "",
    action: textOf(value["action"]) ?? "",
    parameters: objectOf(value["action_parameters"]),
    ratelimit: isObject(value["ratelimit"]) ? value["ratelimit"] : null,
    enabled: value["enabled"] !== false,
    checksCredentials: isObject(value["exposed_credential_check"]),
    changes: [],
  };
}

/** What was found outside of a ruleset, as rulesets. */
function looseRulesets(found: Found): readonly CloudflareRuleset[] {
  const byPhase = Map.groupBy(found.rules.map(ruleOf), (rule) => phaseOfAction(rule.action, rule.ratelimit !== null));
  return [
    ...[...byPhase].map(([phase, rules]) => ({ id: "", name: "", phase, kind: "zone", rules })),
    ...(found.firewallRules.length === 0 ? [] : [firewallRuleset(found.firewallRules, found.filters)]),
    ...(found.rateLimits.length === 0 ? [] : [rateLimitRuleset(found.rateLimits)]),
  ];
}
