// Header rules: headers that a rule cannot or must not touch, names that differ only by case, and placeholders.

import { FRAMING_HEADERS } from "../../transform/header-rules.ts";
import type { NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkTemplate } from "./templates.ts";

/** Set by Breakwater on the way to the origin; an application trusts them. */
export const FORWARDING: ReadonlySet<string> = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "via",
  "cdn-loop",
]);

type Headers = NormalRoute["headers"];

/**
 * @param params - Names of the route's parameters for placeholders.
 */
export function checkHeaderRules(context: CheckContext, headers: Headers, params: readonly string[], path: Path): void {
  for (const side of ["request", "response"] as const) {
    const rules = headers[side];
    const at = [...path, side];
    checkHeaderNames(context, side, rules, at);
    for (const verb of ["set", "add"] as const) {
      for (const [name, value] of Object.entries(rules[verb])) {
        for (const text of [value].flat()) checkTemplate(context, [...at, verb, name], { text, params });
      }
    }
  }
}

interface NamedHeaders {
  readonly remove: readonly string[];
  readonly set: Readonly<Record<string, unknown>>;
  readonly add: Readonly<Record<string, unknown>>;
}

/** @param side - Of requests to origins, or of responses to visitors. */
export function checkHeaderNames(context: CheckContext, side: "request" | "response", headers: NamedHeaders, path: Path): void {
  for (const [index, name] of headers.remove.entries()) checkName(context, side, name, [...path, "remove", index]);
  for (const verb of ["set", "add"] as const) {
    checkCase(context, Object.keys(headers[verb]), [...path, verb]);
    for (const name of Object.keys(headers[verb])) checkName(context, side, name, [...path, verb, name]);
  }
}

function checkName(context: CheckContext, side: "request" | "response", name: string, path: Path): void {
  const lower = name.toLowerCase();
  if (side === "request" && lower === "host") {
    const message = "Host cannot be set: the platform sends the host of the origin's URL.";
    reportKey(context, path, {
      code: "protected-header",
      message,
      fix: "Use `host: preserve` on the route; origins also find the visitor's host in X-Forwarded-Host.",
    });
  } else if (FRAMING_HEADERS.has(lower)) {
    reportKey(context, path, {
      code: "protected-header",
      message: `${name} belongs to the connection and cannot be changed by a rule.`,
      fix: "Remove the rule.",
    });
  } else if (side === "request" && FORWARDING.has(lower)) {
    const message = `${name} is set by Breakwater from the connection; origins rely on it.`;
    reportKey(context, path, { code: "protected-header", message, fix: "Use a header of your own." });
  }
}

function checkCase(context: CheckContext, names: readonly string[], path: Path): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const first = seen.get(name.toLowerCase());
    if (first !== undefined) {
      const message = `Header names do not differ by case: "${first}" and "${name}" are one header.`;
      reportKey(context, [...path, name], { code: "duplicate-key", message, fix: "Keep one of them." });
    }
    seen.set(name.toLowerCase(), name);
  }
}
