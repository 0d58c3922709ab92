// A checked config to a snapshot: units converted, defaults in place, tables sorted. Deterministic: what means the same compiles to
// the same bytes, whatever the order of keys, sites and routes in the file. Assumes that `check.ts` found no error; what that
// promises is asserted, never reported.

import { compileRanges } from "../expression/ip.ts";
import { packExpressions } from "../expression/pack.ts";
import { compareText, promised } from "./compile/order.ts";
import { compilePool } from "./compile/pool.ts";
import { compileRule } from "./compile/rule.ts";
import { compileSite } from "./compile/site.ts";
import type { CheckedRule } from "./check/rules.ts";
import type { NormalConfig } from "./normalize.ts";
import type { Resources } from "./resources.ts";
import { SNAPSHOT_FORMAT } from "./snapshot.ts";
import type { ListSnapshot, Snapshot } from "./snapshot.ts";
import { parseSizeBytes } from "./units.ts";

export interface CompileInput {
  readonly config: NormalConfig;
  readonly resources: Resources;
  /** By list name, as the check compiled them. */
  readonly lists: ReadonlyMap<string, ListSnapshot>;
  /** One for each rule, in order, as the check parsed them. */
  readonly rules: readonly CheckedRule[];
}

export function compileConfig({ config, resources, lists, rules }: CompileInput): Snapshot {
  const whens = config.firewall.map(({ id }, index) => promised(rules[index]?.when ?? null, `rule ${id}`));
  const { subjects, expressions } = packExpressions(whens);
  const pools = Object.entries(config.pools).toSorted(([a], [b]) => compareText(a, b));
  return {
    format: SNAPSHOT_FORMAT,
    sites: config.sites.map((site) => compileSite(site, resources)).toSorted((a, b) => compareText(a.name, b.name)),
    pools: pools.map(([name, pool]) => compilePool(name, pool)),
    lists: Object.fromEntries([...lists].toSorted(([a], [b]) => compareText(a, b))),
    rules: config.firewall.map((rule, index) =>
      compileRule(rule, { checked: promised(rules[index] ?? null, rule.id), expression: promised(expressions[index] ?? null, rule.id) }),
    ),
    subjects,
    inspection: { bytesMax: promised(parseSizeBytes(config.inspection.bytes), "inspection.bytes"), over: config.inspection.over },
    client: { trustedProxies: compileRanges(config.client.trustedProxies).ranges, addressHeader: config.client.addressHeader },
    alerts: config.alerts === undefined ? null : { url: config.alerts.webhook, secret: config.alerts.secret ?? null },
  };
}
