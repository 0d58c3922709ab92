// Fields that the platform's own products compute and that it hands to a Worker in `request.cf`: TLS fingerprints, client
// certificates, Bot Management. Where a zone does not have the product, they have the default that Cloudflare documents, or are
// missing. Types are checked here, since nobody promises them.

import { bytesOfText } from "../expression/bytes.ts";
import type { ValueType } from "../expression/ast.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuntimeValue } from "../expression/types.ts";
import type { Connection } from "../facts.ts";
import type { RuleContext } from "./context.ts";

/** `at`: the property of `request.cf`, and the property of that. `absent`: the value in its absence; without one it is missing. */
interface Row {
  readonly name: string;
  readonly type: ValueType;
  readonly at: readonly [property: keyof Connection, part?: string];
  readonly description: string;
  readonly onlyWith?: string;
  readonly absent?: RuntimeValue;
  readonly read?: (value: unknown) => RuntimeValue | undefined;
}

const BOT = "Bot Management";
const WITHOUT = "Empty without one.";

const bot = (name: string, type: ValueType, part: string, description: string): Row => ({
  name: `cf.bot_management.${name}`,
  type,
  at: ["botManagement", part],
  description: `${description} Missing unless the zone has ${BOT}.`,
  onlyWith: BOT,
});

const tls = (name: string, property: keyof Connection, description: string, type: ValueType = "Bytes"): Row => ({
  name: `cf.tls_${name}`,
  type,
  at: [property],
  description: `${description} Missing without TLS.`,
});

const certificate = (name: string, part: string, description: string): Row => ({
  name: `cf.tls_client_auth.cert_${name}`,
  type: "Bytes",
  at: ["tlsClientAuth", part],
  description: `${description} ${WITHOUT}`,
  absent: "",
});

const certificateFlag = (name: string, part: string, description: string, yes: unknown): Row => ({
  name: `cf.tls_client_auth.cert_${name}`,
  type: "Bool",
  at: ["tlsClientAuth", part],
  description,
  absent: false,
  read: (value) => value === yes,
});

const milliseconds = (name: string, property: keyof Connection, description: string): Row => ({
  name: `cf.timings.${name}`,
  type: "Int",
  at: [property],
  description,
  absent: 0,
});

const ROWS: readonly Row[] = [
  bot("score", "Int", "score", "From 1, surely a bot, to 99, surely a person."),
  bot("verified_bot", "Bool", "verifiedBot", "Whether it is a known good bot."),
  bot("signed_agent", "Bool", "signedAgent", "Whether it is a known agent that signs its requests."),
  bot("corporate_proxy", "Bool", "corporateProxy", "Whether it comes from a known proxy of companies."),
  bot("static_resource", "Bool", "staticResource", "Whether it asks for a static file by its extension."),
  bot("ja3_hash", "Bytes", "ja3Hash", "JA3 fingerprint of the TLS handshake."),
  bot("ja4", "Bytes", "ja4", "JA4 fingerprint of the TLS handshake."),
  bot("detection_ids", { array: "Int" }, "detectionIds", "Ids of the heuristics that detected something."),
  {
    ...bot("js_detection.passed", "Bool", "jsDetection", "Whether the visitor passed a JavaScript detection before."),
    read: (value) => readValue(partOf(value, "passed"), "Bool"),
  },
  { ...bot("", "Bool", "verifiedBot", "Whether it is a known good bot."), name: "cf.client.bot" },
  {
    name: "cf.verified_bot_category",
    type: "Bytes",
    at: ["verifiedBotCategory"],
    description: "What a known good bot is for: `Search Engine Crawler`. Empty for others.",
    absent: "",
  },
  tls("client_hello_length", "tlsClientHelloLength", "Length of the client hello in bytes.", "Int"),
  tls("client_random", "tlsClientRandom", "The client's random value, Base64."),
  tls("ciphers_sha1", "tlsClientCiphersSha1", "SHA-1 of the client's list of ciphers, Base64."),
  tls("client_extensions_sha1", "tlsClientExtensionsSha1", "SHA-1 of the client's TLS extensions, Base64, big-endian."),
  tls("client_extensions_sha1_le", "tlsClientExtensionsSha1Le", "The same in little-endian."),
  certificateFlag("presented", "certPresented", "Whether the visitor showed a client certificate, valid or not.", "1"),
  certificateFlag("verified", "certVerified", "Whether the client certificate is valid; a revoked one is too.", "SUCCESS"),
  certificateFlag("revoked", "certRevoked", "Whether the client certificate is valid and revoked.", "1"),
  certificate("issuer_dn", "certIssuerDN", "Distinguished name of the client certificate's issuer."),
  certificate("subject_dn", "certSubjectDN", "Distinguished name of the client certificate's owner."),
  certificate("issuer_dn_rfc2253", "certIssuerDNRFC2253", "The issuer's name as RFC 2253 writes it."),
  certificate("subject_dn_rfc2253", "certSubjectDNRFC2253", "The owner's name as RFC 2253 writes it."),
  certificate("issuer_dn_legacy", "certIssuerDNLegacy", "The issuer's name in the old form with slashes."),
  certificate("subject_dn_legacy", "certSubjectDNLegacy", "The owner's name in the old form with slashes."),
  certificate("serial", "certSerial", "Serial number of the client certificate."),
  certificate("issuer_serial", "certIssuerSerial", "Serial number of the issuer's certificate."),
  certificate("fingerprint_sha256", "certFingerprintSHA256", "SHA-256 fingerprint of the client certificate, hexadecimal."),
  certificate("fingerprint_sha1", "certFingerprintSHA1", "SHA-1 fingerprint of the client certificate, hexadecimal."),
  certificate("not_before", "certNotBefore", "When the client certificate begins to hold."),
  certificate("not_after", "certNotAfter", "When the client certificate ends."),
  certificate("ski", "certSKI", "Subject key identifier of the client certificate."),
  certificate("issuer_ski", "certIssuerSKI", "Subject key identifier of the issuer's certificate."),
  certificate("rfc9440", "certRFC9440", "The client certificate as the value of a Client-Cert header (RFC 9440)."),
  certificate("chain_rfc9440", "certChainRFC9440", "Its chain as the value of a Client-Cert-Chain header."),
  certificateFlag("rfc9440_too_large", "certRFC9440TooLarge", "Whether the certificate is too large to be handed on.", true),
  certificateFlag("chain_rfc9440_too_large", "certChainRFC9440TooLarge", "Whether its chain is too large to be handed on.", true),
  milliseconds("client_tcp_rtt_msec", "clientTcpRtt", "Round-trip time to the visitor over TCP; 0 when it is not known, and for HTTP/3."),
  milliseconds(
    "client_quic_rtt_msec",
    "clientQuicRtt",
    "Round-trip time to the visitor over QUIC; 0 when it is not known, and for others than HTTP/3.",
  ),
  {
    name: "cf.edge.l4.delivery_rate",
    type: "Int",
    at: ["edgeL4", "deliveryRate"],
    description: "How fast data reaches the visitor at the moment, in bytes per second; 0 when it is not known.",
    absent: 0,
  },
  {
    name: "cf.hostname.metadata",
    type: "Bytes",
    at: ["hostMetadata"],
    description: "Custom metadata of the host name (Cloudflare for SaaS), as JSON.",
    read: (value) =>
      value === undefined || value === null ? undefined : bytesOfText(typeof value === "string" ? value : JSON.stringify(value)),
  },
];

export const PLATFORM_FIELDS: readonly Field<RuleContext>[] = ROWS.map(fieldOf);

function fieldOf({ name, type, at: [property, part], description, onlyWith, absent, read }: Row): Field<RuleContext> {
  const get = ({ facts }: RuleContext): RuntimeValue | undefined => {
    const whole = facts.client.connection[property];
    const value = part === undefined ? whole : partOf(whole, part);
    return (read === undefined ? readValue(value, type) : read(value)) ?? absent;
  };
  return {
    name,
    type,
    description,
    get,
    ...(absent === undefined ? {} : { always: true }),
    ...(onlyWith === undefined ? {} : { onlyWith }),
  };
}

function partOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** The platform writes some numbers as text. */
function readValue(value: unknown, type: ValueType): RuntimeValue | undefined {
  if (typeof type === "object") return Array.isArray(value) ? value.filter((entry) => Number.isSafeInteger(entry)) : undefined;
  if (type === "Bool") return typeof value === "boolean" ? value : undefined;
  if (type === "Bytes") return typeof value === "string" ? bytesOfText(value) : undefined;
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? Math.trunc(number) : undefined;
}
