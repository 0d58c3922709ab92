// The form of a user's config: the one source of its types, defaults, descriptions, JSON Schema and docs table. Says what may
// stand where; what must fit together is checked by `check.ts`. Runs in Node only.

import { z } from "zod";
import { LISTS_MAX, POOLS_MAX, RULES_MAX } from "../limits.ts";
import { inspection, list, listName, rule } from "./schema/firewall.ts";
import { pool } from "./schema/pool.ts";
import { address, headerName, key, mapping, name, secretName, text } from "./schema/scalars.ts";
import { sites } from "./schema/site.ts";

function atMost(countMax: number) {
  return [(record: object): boolean => Object.keys(record).length <= countMax, { error: () => `${countMax} entries at most` }] as const;
}

export const configSchema = mapping({
  $schema: key(z.string().optional(), "For editors.", "./breakwater.schema.json"),
  sites: key(sites, "Which hosts are answered, and how."),
  pools: key(
    z
      .record(name, pool)
      .refine(...atMost(POOLS_MAX))
      .default({}),
    "Origins by the name that routes use.",
  ),
  lists: key(
    z
      .record(listName, list)
      .refine(...atMost(LISTS_MAX))
      .default({}),
    "Lists by the name that rules use after `$`.",
  ),
  firewall: key(z.array(rule).max(RULES_MAX).default([]), "Rules, in order. They run before the cache: cached answers are protected too."),
  inspection: key(inspection.prefault({}), "How much of a request's body rules may look at."),
  client: key(
    mapping({
      trustedProxies: key(z.array(address).default([]), "Proxies in front of Breakwater whose X-Forwarded-For is believed.", [
        "192.0.2.0/28",
      ]),
      addressHeader: key(headerName.default("cf-connecting-ip"), "The platform's header with the client's address.", "cf-connecting-ip"),
    }).prefault({}),
    "How the visitor's address is found.",
  ),
  alerts: key(
    mapping({
      webhook: key(
        text(/^https?:\/\/[^\s#]{1,2048}$/, "an https URL"),
        "Gets a POST with JSON when an origin goes down or comes up.",
        "https://ops.example.com/hook",
      ),
      secret: key(
        secretName.optional(),
        "Name of the Worker's secret that signs what is sent; without it nothing is signed.",
        "WEBHOOK_SECRET",
      ),
    }).optional(),
    "Where changes of the origins' health are told.",
  ),
});

/** As written, validated, with the defaults of every mapping that was given; short forms are still short. */
export type Config = z.output<typeof configSchema>;

/** JSON Schema (2020-12) of what users write. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(configSchema, { io: "input" }) as Readonly<Record<string, unknown>>;
}
