// The rules of an export as one sequence, in the order in which Cloudflare runs them: a custom ruleset stands where another one
// executes it, with that condition in front of its own. Managed rulesets are left out.

import type { CloudflareExport, CloudflareRule, CloudflareRuleset } from "./cloudflare.ts";

export interface Entry {
  readonly ruleset: CloudflareRuleset;
  /** The ruleset and, around it, the one that executes it: a skip of the rest of either takes the rule out. */
  readonly within: readonly CloudflareRuleset[];
  readonly rule: CloudflareRule;
}

export function flatten(source: CloudflareExport): { readonly entries: readonly Entry[]; readonly notes: readonly string[] } {
  const custom = new Map(source.rulesets.filter(({ kind, id }) => kind === "custom" && id !== "").map((ruleset) => [ruleset.id, ruleset]));
  const notes: string[] = [];
  const executed = new Set<string>();
  const entries: Entry[] = [];
  for (const ruleset of source.rulesets) {
    if (ruleset.kind === "managed") notes.push(`the managed ruleset "${ruleset.name}" is Cloudflare's and is not imported`);
    if (ruleset.kind === "managed" || custom.has(ruleset.id)) continue;
    for (const rule of ruleset.rules) {
      const inner = rule.action === "execute" ? custom.get(String(rule.parameters["id"])) : undefined;
      if (inner === undefined) entries.push({ ruleset, within: [ruleset], rule });
      else {
        executed.add(inner.id);
        entries.push(...inner.rules.map((each) => ({ ruleset: inner, within: [inner, ruleset], rule: conditional(each, rule, inner) })));
      }
    }
  }
  const alone = [...custom.values()].filter(({ id }) => !executed.has(id));
  for (const { name } of alone)
    notes.push(`nothing in the file executes the custom ruleset "${name}": its rules hold for all requests here`);
  return {
    entries: [...entries, ...alone.flatMap((ruleset) => ruleset.rules.map((rule) => ({ ruleset, within: [ruleset], rule })))],
    notes,
  };
}

function conditional(rule: CloudflareRule, execute: CloudflareRule, { name }: CloudflareRuleset): CloudflareRule {
  const enabled = rule.enabled && execute.enabled;
  if (/^\(*\s*true\s*\)*$/.test(execute.expression.trim())) return { ...rule, enabled };
  const own = /^\(*\s*true\s*\)*$/.test(rule.expression.trim());
  const expression = own ? execute.expression : `(${execute.expression}) and (${rule.expression})`;
  const change = `the condition under which the ruleset "${name}" ran is part of its expression`;
  return { ...rule, enabled, expression, changes: [...rule.changes, change] };
}
