// Rules as Cloudflare has them, after its JSON was read: the common form that everything of this folder converts from. The older
// APIs (firewall rules with filters, rate limits) are brought into it first.

import type { JsonObject } from "./json.ts";

export interface CloudflareRule {
  readonly id: string;
  /** A name that its owner gave it; the id otherwise. */
  readonly ref: string;
  readonly description: string;
  readonly expression: string;
  readonly action: string;
  readonly parameters: JsonObject;
  /** Of a rate limit. */
  readonly ratelimit: JsonObject | null;
  readonly enabled: boolean;
  /** Asks Cloudflare whether credentials have leaked, before the action. */
  readonly checksCredentials: boolean;
  /** What was changed while it was read from an older API. */
  readonly changes: readonly string[];
}

export interface CloudflareRuleset {
  readonly id: string;
  readonly name: string;
  readonly phase: string;
  /** custom: run by an `execute` of another ruleset only. managed: Cloudflare's own. */
  readonly kind: string;
  readonly rules: readonly CloudflareRule[];
}

export interface CloudflareExport {
  /** In the order in which Cloudflare runs their phases. */
  readonly rulesets: readonly CloudflareRuleset[];
  /** What of the input holds no rules that could be read, and why. */
  readonly notes: readonly string[];
}

/** Phases of HTTP requests in the order in which Cloudflare runs them. */
export const PHASES: readonly string[] = [
  "http_request_sanitize",
  "http_request_dynamic_redirect",
  "http_request_transform",
  "http_config_settings",
  "http_request_origin",
  "ddos_l7",
  "http_request_api_gateway",
  "http_request_firewall_custom",
  "http_ratelimit",
  "http_request_firewall_managed",
  "http_request_sbfm",
  "http_request_redirect",
  "http_request_late_transform",
  "http_request_cache_settings",
  "http_request_snippets",
  "http_request_cloud_connector",
  "http_custom_errors",
  "http_response_headers_transform",
  "http_response_cache_settings",
  "http_response_compression",
  "http_response_firewall_managed",
  "http_log_custom_fields",
];

/** The phase of a rule that came without its ruleset. */
export function phaseOfAction(action: string, hasRateLimit: boolean): string {
  if (hasRateLimit) return "http_ratelimit";
  return PHASE_BY_ACTION[action] ?? "http_request_firewall_custom";
}

const PHASE_BY_ACTION: Readonly<Record<string, string>> = {
  redirect: "http_request_dynamic_redirect",
  rewrite: "http_request_transform",
  route: "http_request_origin",
  set_config: "http_config_settings",
  execute: "http_request_firewall_managed",
  set_cache_settings: "http_request_cache_settings",
  serve_error: "http_custom_errors",
  compress_response: "http_response_compression",
  log_custom_field: "http_log_custom_fields",
};
