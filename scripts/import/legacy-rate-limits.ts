// Rate limits of the older API, which match by URL pattern, method and answer, as a ruleset of rate limiting rules: the same
// conditions as expressions.

import type { CloudflareRule, CloudflareRuleset } from "./cloudflare.ts";
import { isObject, listOf, numberOf, objectOf, textOf, textsOf, type JsonObject } from "./json.ts";

export function rateLimitRuleset(limits: readonly JsonObject[]): CloudflareRuleset {
  return { id: "", name: "rate limits", phase: "http_ratelimit", kind: "zone", rules: limits.map(ruleOf) };
}

function ruleOf(limit: JsonObject): CloudflareRule {
  const match = objectOf(limit["match"]);
  const { action, parameters } = actionOf(objectOf(limit["action"]));
  const expression = requestExpression(limit, objectOf(match["request"]));
  const id = textOf(limit["id"]) ?? "";
  const counting = countingExpression(expression, objectOf(match["response"]));
  return {
    id,
    ref: id,
    description: textOf(limit["description"])?.trim() ?? "",
    expression,
    action,
    parameters,
    ratelimit: {
      characteristics: ["cf.colo.id", "ip.src"],
      period: limit["period"],
      requests_per_period: limit["threshold"],
      mitigation_timeout: objectOf(limit["action"])["timeout"],
      requests_to_origin: countsOrigin(objectOf(match["response"])),
      ...(counting === null ? {} : { counting_expression: counting }),
    },
    enabled: limit["disabled"] !== true,
    checksCredentials: false,
    changes: ["the URL pattern, methods and schemes of the older rate limit are an expression now"],
  };
}

/** `ban`, `simulate`, or a challenge. */
function actionOf(action: JsonObject): Pick<CloudflareRule, "action" | "parameters"> {
  const mode = textOf(action["mode"]) ?? "ban";
  if (mode === "simulate") return { action: "log", parameters: {} };
  if (mode !== "ban") return { action: mode, parameters: {} };
  const response = objectOf(action["response"]);
  const content = textOf(response["body"]);
  if (content === null) return { action: "block", parameters: {} };
  const answer = { status_code: 429, content, content_type: textOf(response["content_type"]) ?? "text/plain" };
  return { action: "block", parameters: { response: answer } };
}

function requestExpression(limit: JsonObject, request: JsonObject): string {
  const parts: string[] = [];
  const url = textOf(request["url"])?.replace(/^[a-z*]+:\/\//i, "") ?? "*";
  if (!/^\*+(\/\**)?$/.test(url)) parts.push(urlTest(url));
  const methods = textsOf(request["methods"]).filter((method) => method !== "_ALL_");
  if (methods.length > 0) parts.push(`http.request.method in {${methods.map((method) => JSON.stringify(method)).join(" ")}}`);
  const schemes = textsOf(request["schemes"]).filter((scheme) => scheme === "HTTP" || scheme === "HTTPS");
  if (schemes.length === 1) parts.push(schemes[0] === "HTTPS" ? "ssl" : "not ssl");
  for (const bypass of listOf(limit["bypass"]).filter(isObject)) {
    const value = textOf(bypass["value"]);
    if (bypass["name"] === "url" && value !== null) parts.push(`not ${urlTest(value.replace(/^[a-z*]+:\/\//i, ""))}`);
  }
  return parts.join(" and ") || "true";
}

/** Host and path, in which a star stands for anything; two stars in a row are no pattern of the language. */
function urlTest(pattern: string): string {
  return `concat(http.host, http.request.uri.path) wildcard ${JSON.stringify(pattern.replaceAll(/\*+/g, "*"))}`;
}

/** Limits that look at the answer count only the requests whose answer is so; null counts all. */
function countingExpression(expression: string, response: JsonObject): string | null {
  const statuses = listOf(response["status"]).flatMap((status) => numberOf(status) ?? []);
  if (statuses.length === 0) return null;
  const test = `http.response.code in {${statuses.join(" ")}}`;
  return expression === "true" ? test : `${expression} and ${test}`;
}

/** Cached answers did not count: the old flag, or the condition on Cf-Cache-Status that replaced it. */
function countsOrigin(response: JsonObject): boolean {
  const byHeader = listOf(response["headers"]).some((header) => {
    const { name, op, value } = objectOf(header);
    return String(name).toLowerCase() === "cf-cache-status" && op === "ne" && value === "HIT";
  });
  return byHeader || response["origin_traffic"] === true;
}
