// Skip rules: of the ruleset, of phases, of single rules. What they skip is known by Cloudflare's ids; only rules that are carried
// over and stand after the skip can be named here.

import type { CloudflareRule } from "./cloudflare.ts";
import { carried, left, type Converted } from "./converted.ts";
import { objectOf, textsOf } from "./json.ts";

/** A rule that is carried over and runs after the skip. */
export interface LaterRule {
  /** Cloudflare's. */
  readonly cloudflareId: string;
  readonly id: string;
}

export interface SkipInput {
  /** Of the same ruleset. */
  readonly later: readonly LaterRule[];
  /** Of the same phase of Cloudflare's. */
  readonly laterInPhase: readonly LaterRule[];
  /** Of all rulesets of the import. */
  readonly laterAnywhere: readonly LaterRule[];
  /** Nothing else follows in the phase, so that the rest of the phase is the rest of the ruleset. */
  readonly endsPhase: boolean;
}

interface Skipped {
  rest: boolean;
  rules: string[];
  rateLimits: boolean;
  readonly changes: string[];
  /** What has no counterpart. */
  readonly lost: string[];
}

export function convertSkip({ parameters }: CloudflareRule, input: SkipInput): Converted {
  const skipped: Skipped = { rest: false, rules: [], rateLimits: false, changes: [], lost: [] };
  if (parameters["phase"] === "current") skipRest(skipped, input.laterInPhase, input);
  else if (parameters["ruleset"] === "current") skipRest(skipped, input.later, input);
  for (const phase of textsOf(parameters["phases"])) skipPhase(skipped, phase);
  for (const product of textsOf(parameters["products"])) skipProduct(skipped, product);
  for (const id of textsOf(parameters["rulesets"])) skipped.lost.push(`the ruleset ${id}, which is a managed one`);
  for (const ids of Object.values(objectOf(parameters["rules"]))) skipRules(skipped, textsOf(ids), input);
  const { rest, rules, rateLimits, changes, lost } = skipped;
  if (!rest && rules.length === 0 && !rateLimits) {
    const what = lost.length === 0 ? "rules that follow, and none do" : lost.join("; ");
    return left(`it would skip ${what}`, "nothing: what it skips does not run here");
  }
  const told = lost.length === 0 ? changes : [...changes, `it no longer skips ${lost.join("; ")}`];
  if (rest && rules.length === 0 && !rateLimits) return carried("request", "skip", told);
  const named = rest ? { rules: "all" } : rules.length === 0 ? {} : { rules };
  return carried("request", { skip: { ...named, ...(rateLimits && { rateLimits }) } }, told);
}

function skipRest(skipped: Skipped, later: readonly LaterRule[], { endsPhase }: SkipInput): void {
  if (endsPhase) {
    skipped.rest = true;
    return;
  }
  // Rules of other rulesets follow in the phase, and Cloudflare would run those.
  skipped.rules.push(...later.map((rule) => rule.id));
  if (later.length > 0)
    skipped.changes.push("the rules that follow in its ruleset are named one by one: other rules come after them in the phase");
}

const MANAGED = "managed rules, of which there are none here";

function skipPhase(skipped: Skipped, phase: string): void {
  if (phase === "http_ratelimit") skipped.rateLimits = true;
  else if (phase === "http_request_firewall_managed") skipped.lost.push(MANAGED);
  else skipped.lost.push(phase === "http_request_sbfm" ? "Super Bot Fight Mode, which is Cloudflare's" : `the phase ${phase}`);
}

/** Products that are older than the ruleset engine; one of them has a counterpart. */
const PRODUCTS: Readonly<Record<string, string>> = {
  bic: "Browser Integrity Check",
  hot: "Hotlink Protection",
  securityLevel: "Security Level",
  uaBlock: "User Agent Blocking",
  zoneLockdown: "Zone Lockdown",
};

function skipProduct(skipped: Skipped, product: string): void {
  if (product === "rateLimit") skipped.rateLimits = true;
  else if (product === "waf") skipped.lost.push(MANAGED);
  else skipped.lost.push(`${PRODUCTS[product] ?? product}, which is Cloudflare's`);
}

function skipRules(skipped: Skipped, ids: readonly string[], { laterAnywhere }: SkipInput): void {
  const known = ids.flatMap((id) => laterAnywhere.find((rule) => rule.cloudflareId === id)?.id ?? []);
  skipped.rules.push(...known);
  const unknown = ids.filter((id) => !laterAnywhere.some((rule) => rule.cloudflareId === id));
  if (unknown.length > 0) skipped.lost.push(`the rules ${unknown.join(", ")}, which are not carried over or ran before`);
}
