// Decides a request under firewall rules as a user writes them: config, snapshot as JSON, ruleset, decision. Nothing is stood in for.

import { loadRuleset } from "../../../src/config/load.ts";
import type { Snapshot } from "../../../src/config/snapshot.ts";
import { decide, type Decision } from "../../../src/decide.ts";
import type { Brought } from "../../../src/stages/protect.ts";
import type { Ruleset } from "../../../src/ruleset.ts";
import { factsOf, type FactsInput } from "../../support/facts.ts";
import { buildValue, NOW_MS, smallConfig, type SmallConfig } from "../config/build-helper.ts";

export async function rulesetOf(firewall: readonly unknown[], config: SmallConfig = {}): Promise<Ruleset> {
  const input = smallConfig({
    ...config,
    more: { lists: { office: { kind: "ip", entries: ["203.0.113.0/24"] } }, ...config.more, firewall },
  });
  const { snapshot, diagnostics } = await buildValue(input);
  if (snapshot === null) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return loadRuleset(JSON.parse(JSON.stringify(snapshot)) as Snapshot, "r");
}

/** A GET of http://a.example.com/admin unless told otherwise. */
export async function decided(
  firewall: readonly unknown[],
  request: FactsInput = {},
  more: { config?: SmallConfig; brought?: Brought } = {},
): Promise<Decision> {
  const ruleset = await rulesetOf(firewall, more.config);
  const facts = factsOf({ url: "http://a.example.com/admin", nowMs: NOW_MS, ...request });
  return decide(ruleset, facts, "id", more.brought);
}

/** `block a:log b:block`: how it ended, and what each matching rule did. */
export function outline({ outcome, verdict }: Decision): string {
  const end = outcome.kind === "proxy" ? "pass" : outcome.answer.kind === "redirect" ? "redirect" : "block";
  return [end, ...verdict.matched.map(({ id, did }) => `${id}:${did}`)].join(" ");
}
