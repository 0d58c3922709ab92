// Fields that Cloudflare's products compute and a Worker is never told. A rule with them compiles, with a warning; at run time
// they are missing.

import type { ValueType } from "../expression/ast.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuleContext } from "./context.ts";

const TEXTS: ValueType = { array: "Bytes" };
const TEXTS_BY_NAME: ValueType = { map: TEXTS };
const NUMBERS: ValueType = { array: "Int" };

/** One reason, and the names by their type, all with the same beginning. */
interface Group {
  readonly why: string;
  readonly prefix: string;
  readonly fields: readonly (readonly [type: ValueType, names: readonly string[]])[];
}

const GROUPS: readonly Group[] = [
  {
    why: "Computed by Cloudflare's WAF, which hands it to no Worker.",
    prefix: "cf.waf.",
    fields: [
      ["Int", ["score", "score.sqli", "score.xss", "score.rce"]],
      ["Bytes", ["score.class"]],
      [TEXTS, ["signature.request.categories", "signature.request.confidence", "signature.request.refs"]],
    ],
  },
  {
    why: "Computed by Cloudflare's content scanning.",
    prefix: "cf.waf.content_scan.",
    fields: [
      ["Bool", ["has_failed", "has_malicious_obj", "has_obj"]],
      ["Int", ["num_malicious_obj", "num_obj"]],
      [TEXTS, ["obj_results", "obj_types"]],
      [NUMBERS, ["obj_sizes"]],
    ],
  },
  {
    why: "Computed by Cloudflare's leaked credentials check.",
    prefix: "cf.waf.",
    fields: [
      [
        "Bool",
        [
          "auth_detected",
          "credential_check.password_leaked",
          "credential_check.username_leaked",
          "credential_check.username_and_password_leaked",
          "credential_check.username_password_similar",
        ],
      ],
    ],
  },
  {
    why: "Computed by Cloudflare's WAF, which hands it to no Worker.",
    prefix: "cf.",
    fields: [[TEXTS, ["appsec.request.failed_detections"]]],
  },
  { why: "Always 0 at Cloudflare by now.", prefix: "cf.", fields: [["Int", ["threat_score"]]] },
  {
    why: "Computed by Cloudflare's API Shield.",
    prefix: "cf.",
    fields: [
      [
        "Bool",
        [
          "api_gateway.auth_id_present",
          "api_gateway.fallthrough_detected",
          "api_gateway.request_violates_schema",
          "schema_validation.learned.violated",
          "schema_validation.uploaded.violated",
        ],
      ],
    ],
  },
  {
    why: "Computed by Cloudflare's AI Security for Apps.",
    prefix: "cf.llm.prompt.",
    fields: [
      ["Bool", ["detected", "pii_detected", "unsafe_topic_detected"]],
      ["Int", ["injection_score", "token_count"]],
      [TEXTS, ["pii_categories", "unsafe_topic_categories"]],
      [{ map: "Int" }, ["custom_topic_categories"]],
    ],
  },
  {
    why: "The platform does not tell a Worker.",
    prefix: "",
    fields: [
      ["Bytes", ["cf.colo.region", "cf.zone.name", "cf.zone.plan", "ip.src.subdivision_2_iso_code", "ip.geoip.subdivision_2_iso_code"]],
      ["Int", ["cf.edge.client_port"]],
      ["Ip", ["cf.edge.server_ip"]],
    ],
  },
  {
    why: "Measured by Cloudflare after a Worker has answered.",
    prefix: "cf.timings.",
    fields: [["Int", ["edge_msec", "origin_ttfb_msec", "worker_msec"]]],
  },
  { why: "Rules are pure: the same request gives the same answer.", prefix: "cf.", fields: [["Bytes", ["random_seed"]]] },
  {
    why: "Tokens are not verified by rules, and a claim that nobody verified proves nothing.",
    prefix: "http.request.jwt.claims.",
    fields: [
      [TEXTS_BY_NAME, ["aud", "iss", "jti", "sub"]],
      [TEXTS, ["aud", "iss", "jti", "sub"].flatMap((claim) => [`${claim}.names`, `${claim}.values`])],
      [{ map: NUMBERS }, ["iat.sec", "nbf.sec"]],
      [TEXTS, ["iat.sec.names", "nbf.sec.names"]],
      [NUMBERS, ["iat.sec.values", "nbf.sec.values"]],
    ],
  },
  {
    why: "Of error pages that Cloudflare makes, which a Worker does not see.",
    prefix: "cf.response.",
    fields: [
      ["Int", ["1xxx_code"]],
      ["Bytes", ["error_type"]],
    ],
  },
];

export const UNKNOWN_FIELDS: readonly Field<RuleContext>[] = GROUPS.flatMap(({ why, prefix, fields }) =>
  fields.flatMap(([type, names]) => names.map((name) => ({ name: `${prefix}${name}`, type, description: why, get: null }))),
);
