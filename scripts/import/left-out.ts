// Actions that have no counterpart in a rule: why, and where the same thing is said here.

import type { CloudflareRule } from "./cloudflare.ts";
import { left, type Left } from "./converted.ts";
import { objectOf, textOf } from "./json.ts";

export function leaveOut(rule: CloudflareRule): Left {
  const { action, parameters } = rule;
  switch (action) {
    case "execute":
      return left(
        `it runs the ruleset ${textOf(parameters["id"]) ?? ""}, whose rules are not in this file`.replace("  ", " "),
        "a custom ruleset: export it by its id and import that; a managed one is Cloudflare's and stays there",
      );
    case "route":
      return left(`it chooses the origin (${Object.keys(parameters).join(", ")})`, routeAdvice(parameters));
    case "set_config":
      return left(
        `it sets ${Object.keys(parameters).join(", ") || "nothing"}, which are settings of Cloudflare's zone`,
        configAdvice(parameters),
      );
    case "compress_response":
      return left("compression is the platform's", "leave it out: answers to visitors are compressed as they accept it");
    case "ddos_dynamic":
    case "force_connection_close":
      return left(`${action} belongs to Cloudflare's own protection`, "leave it out: that protection stays in front of the Worker");
    default:
      return left(`the action ${action === "" ? "is missing" : `${action} is not known`}`, "write the rule by hand: breakwater rule add");
  }
}

function routeAdvice(parameters: CloudflareRule["parameters"]): string {
  const origin = objectOf(parameters["origin"]);
  const host = textOf(origin["host"]) ?? textOf(parameters["host_header"]);
  const port = origin["port"];
  const url = host === null ? "the origin" : `https://${host}${typeof port === "number" ? `:${port}` : ""}`;
  return `make a pool with ${url} and a rule with \`set: { pool: NAME }\``;
}

/** Settings that have a place in the config. */
const SETTINGS: Readonly<Record<string, string>> = {
  hotlink_protection: "hotlinks: see the recipe in docs/rules.md",
  ssl: "ssl: say https or http in the origin's URL",
};

function configAdvice(parameters: CloudflareRule["parameters"]): string {
  const known = Object.keys(parameters).flatMap((name) => SETTINGS[name] ?? []);
  return known.length === 0 ? "leave it out: the setting stays with the zone" : known.join("; ");
}
