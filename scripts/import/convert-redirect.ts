// Single redirects: a static target or an expression. Bulk redirects live in lists of their own, which a ruleset only names.

import { literalText } from "./answers.ts";
import type { CloudflareRule } from "./cloudflare.ts";
import { carried, left, type ConvertContext, type Converted } from "./converted.ts";
import { carryValue } from "./expressions.ts";
import { isObject, numberOf, objectOf, textOf } from "./json.ts";

export function convertRedirect({ parameters }: CloudflareRule, context: ConvertContext): Converted {
  if (isObject(parameters["from_list"])) {
    const list = textOf(objectOf(parameters["from_list"])["name"]) ?? "";
    return left(
      `the bulk redirects of the list ${list} are not part of a ruleset`,
      "write them as routes with `redirect`, or as a rule for each: a route costs the same among ten and ten thousand",
    );
  }
  const from = objectOf(parameters["from_value"]);
  const { value, expression } = objectOf(from["target_url"]);
  const target = targetOf(textOf(value), textOf(expression), context);
  if (target.kind === "left") return target;
  const status = numberOf(from["status_code"]);
  const changes = [...target.changes, ...(status === null ? ["without a status_code it is sent with 302"] : [])];
  const query = from["preserve_query_string"] === true ? "keep" : "drop";
  return carried("request", { redirect: { ...target.keys, ...(status === null ? {} : { status }), query } }, changes);
}

type Target =
  | { readonly kind: "target"; readonly keys: Readonly<Record<string, string>>; readonly changes: readonly string[] }
  | Extract<Converted, { readonly kind: "left" }>;

function targetOf(value: string | null, expression: string | null, { scheme }: ConvertContext): Target {
  if (value !== null) {
    const escaped = value.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
    const changes = escaped === value ? [] : ["characters of the target that no URL may hold are percent-encoded"];
    return { kind: "target", keys: { to: literalText(escaped) }, changes };
  }
  if (expression === null) return left("the redirect names no target", "write the rule by hand: breakwater rule add --redirect URL");
  const carriedValue = carryValue(expression, scheme);
  if (carriedValue.kind === "left") return carriedValue;
  return { kind: "target", keys: { expression: carriedValue.text }, changes: carriedValue.changes };
}
