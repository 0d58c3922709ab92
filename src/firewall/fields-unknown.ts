// Fields that Cloudflare's products compute and a Worker is never told, or that this version does not read. A rule with them
// compiles, with a warning; at run time they are missing.

import type { ValueType } from "../expression/ast.ts";
import type { Field } from "../expression/scheme.ts";
import type { Facts } from "../facts.ts";

const BYTES_ARRAY: ValueType = { array: "Bytes" };
const BYTES_MAP: ValueType = { map: { array: "Bytes" } };

const GROUPS: readonly { readonly why: string; readonly type: ValueType; readonly names: readonly string[] }[] = [
  {
    why: "Computed by Cloudflare's WAF.",
    type: "Int",
    names: ["cf.waf.score", "cf.waf.score.sqli", "cf.waf.score.xss", "cf.waf.score.rce", "cf.threat_score"],
  },
  { why: "Computed by Cloudflare's WAF.", type: "Bytes", names: ["cf.waf.score.class"] },
  {
    why: "Computed by Cloudflare's content scanning.",
    type: "Bool",
    names: ["cf.waf.content_scan.has_failed", "cf.waf.content_scan.has_malicious_obj", "cf.waf.content_scan.has_obj"],
  },
  {
    why: "Computed by Cloudflare's content scanning.",
    type: "Int",
    names: ["cf.waf.content_scan.num_malicious_obj", "cf.waf.content_scan.num_obj"],
  },
  {
    why: "Computed by Cloudflare's content scanning.",
    type: BYTES_ARRAY,
    names: ["cf.waf.content_scan.obj_results", "cf.waf.content_scan.obj_types"],
  },
  { why: "Computed by Cloudflare's content scanning.", type: { array: "Int" }, names: ["cf.waf.content_scan.obj_sizes"] },
  { why: "Computed by Cloudflare's leaked credentials check.", type: "Bool", names: ["cf.waf.credential_check.password_leaked"] },
  {
    why: "Computed by Cloudflare's leaked credentials check.",
    type: "Bool",
    names: ["cf.waf.credential_check.username_and_password_leaked"],
  },
  { why: "Computed by Bot Management.", type: "Int", names: ["cf.bot_management.score"] },
  {
    why: "Computed by Bot Management.",
    type: "Bool",
    names: [
      "cf.bot_management.verified_bot",
      "cf.bot_management.corporate_proxy",
      "cf.bot_management.static_resource",
      "cf.bot_management.js_detection.passed",
      "cf.client.bot",
    ],
  },
  {
    why: "Computed by Bot Management.",
    type: "Bytes",
    names: ["cf.bot_management.ja3_hash", "cf.bot_management.ja4", "cf.verified_bot_category"],
  },
  { why: "Computed by Bot Management.", type: { array: "Int" }, names: ["cf.bot_management.detection_ids"] },
  {
    why: "Computed by Firewall for AI.",
    type: "Bool",
    names: ["cf.llm.prompt.detected", "cf.llm.prompt.pii_detected", "cf.llm.prompt.unsafe_topic_detected"],
  },
  { why: "Computed by Firewall for AI.", type: "Int", names: ["cf.llm.prompt.injection_score"] },
  {
    why: "Computed by Firewall for AI.",
    type: BYTES_ARRAY,
    names: ["cf.llm.prompt.pii_categories", "cf.llm.prompt.unsafe_topic_categories"],
  },
  {
    why: "Of the client certificate, which is not handed to this Worker.",
    type: "Bool",
    names: ["cf.tls_client_auth.cert_presented", "cf.tls_client_auth.cert_revoked", "cf.tls_client_auth.cert_verified"],
  },
  {
    why: "Of the client certificate, which is not handed to this Worker.",
    type: "Bytes",
    names: [
      "cf.tls_client_auth.cert_fingerprint_sha1",
      "cf.tls_client_auth.cert_fingerprint_sha256",
      "cf.tls_client_auth.cert_issuer_dn",
      "cf.tls_client_auth.cert_issuer_serial",
      "cf.tls_client_auth.cert_issuer_ski",
      "cf.tls_client_auth.cert_not_after",
      "cf.tls_client_auth.cert_not_before",
      "cf.tls_client_auth.cert_serial",
      "cf.tls_client_auth.cert_ski",
      "cf.tls_client_auth.cert_subject_dn",
    ],
  },
  { why: "Not handed to this Worker.", type: "Bytes", names: ["cf.tls_client_extensions_sha1", "cf.tls_client_random", "cf.colo.region"] },
  {
    why: "Not handed to this Worker.",
    type: "Int",
    names: ["cf.tls_client_hello_length", "cf.edge.client_port", "cf.timings.client_tcp_rtt_msec"],
  },
  { why: "Not handed to this Worker.", type: "Ip", names: ["cf.edge.server_ip"] },
  { why: "Rules are pure: the same request gives the same answer.", type: "Bytes", names: ["cf.random_seed"] },
  { why: "Custom metadata of a hostname.", type: "Bytes", names: ["cf.hostname.metadata", "cf.zone.name", "cf.zone.plan"] },
  {
    why: "Not handed to this Worker.",
    type: "Bytes",
    names: [
      "ip.src.region_code",
      "ip.src.postal_code",
      "ip.src.metro_code",
      "ip.src.subdivision_1_iso_code",
      "ip.src.subdivision_2_iso_code",
      "ip.geoip.subdivision_1_iso_code",
      "ip.geoip.subdivision_2_iso_code",
    ],
  },
  { why: "Rules do not read bodies.", type: "Bytes", names: ["http.request.body.raw", "http.request.body.mime"] },
  { why: "Rules do not read bodies.", type: "Bool", names: ["http.request.body.truncated"] },
  { why: "Rules do not read bodies.", type: BYTES_MAP, names: ["http.request.body.form", "http.request.body.multipart"] },
  {
    why: "Rules do not read bodies.",
    type: BYTES_ARRAY,
    names: [
      "http.request.body.form.names",
      "http.request.body.form.values",
      "http.request.body.multipart.names",
      "http.request.body.multipart.filenames",
    ],
  },
  {
    why: "Tokens are not checked by rules.",
    type: BYTES_MAP,
    names: ["http.request.jwt.claims.aud", "http.request.jwt.claims.iss", "http.request.jwt.claims.sub"],
  },
  { why: "Rules run before there is a response.", type: "Int", names: ["http.response.code", "cf.response.1xxx_code"] },
  {
    why: "Rules run before there is a response.",
    type: "Bytes",
    names: ["http.response.content_type.media_type", "cf.response.error_type"],
  },
  { why: "Rules run before there is a response.", type: BYTES_MAP, names: ["http.response.headers"] },
  {
    why: "Rules run before there is a response.",
    type: BYTES_ARRAY,
    names: ["http.response.headers.names", "http.response.headers.values"],
  },
];

export const UNKNOWN_FIELDS: readonly Field<Facts>[] = GROUPS.flatMap(({ why, type, names }) =>
  names.map((name) => ({ name, type, description: why, get: null })),
);
