// The key that a visitor is counted under, made of the characteristics that a rate limit names. Pure. Never verifies a token: a claim
// is what the visitor says it is. What may be a secret is never part of a key as it came, since keys are kept. Loaded with a rule.

import type { CharacteristicSnapshot } from "../config/rule-snapshot.ts";
import { bytesOfText } from "../expression/bytes.ts";
import type { Membership } from "../expression/compilation.ts";
import { compileValueExpression } from "../expression/compile-value.ts";
import { urlDecode } from "../expression/functions-url.ts";
import { formatAddress, networkOf, parseAddress } from "../expression/ip.ts";
import { sha256 } from "../expression/sha256.ts";
import { cookieValues } from "../http/cookies.ts";
import { RATE_JWT_CHARS_MAX, RATE_KEY_CHARS_MAX } from "../limits.ts";
import type { RuleContext } from "./context.ts";
import { ruleScheme } from "./fields.ts";

/** Lists that expressions may look into, by name. */
export type Memberships = ReadonlyMap<string, Membership<RuleContext>>;

/** What one network gives its customer: whoever has a /64 has all of its addresses. */
const V6_NETWORK_BITS = 64;

/** Hexadecimal digits of a hashed key: 128 bits, which nobody finds two visitors for. */
const HASH_CHARS = 32;

/** Known to everybody who is asked for it. */
const PUBLIC: ReadonlySet<CharacteristicSnapshot["kind"]> = new Set(["address", "host", "path", "country", "asn"]);

/** Null is a part that the request does not have. */
type Part = (context: RuleContext) => string | null;

/**
 * A closure that gives the key. Two requests have the same key when all parts are the same; a missing part is one value, which is not
 * the empty text: all who leave it out count as one, so that leaving it out evades nothing.
 *
 * @throws Error on an expression of a newer language.
 */
export function loadRateKey(by: readonly CharacteristicSnapshot[], lists: Memberships): (context: RuleContext) => string {
  const parts = by.map((characteristic) => loadPart(characteristic, lists));
  const isPublic = by.every(({ kind }) => PUBLIC.has(kind));
  return (context) => {
    // As JSON no part can look like two.
    const key = JSON.stringify(parts.map((part) => part(context)));
    return isPublic && key.length <= RATE_KEY_CHARS_MAX ? key : hashed(key);
  };
}

function loadPart(characteristic: CharacteristicSnapshot, lists: Memberships): Part {
  switch (characteristic.kind) {
    case "address":
      return ({ facts }) => visitor(facts.client.address);
    case "host":
      // Without the port: a visitor may write any behind the name, and the same site answers.
      return ({ facts }) => facts.hostname;
    case "path":
      return ({ facts }) => facts.path;
    case "country":
      return ({ facts }) => facts.client.country;
    case "asn":
      return ({ facts }) => (facts.client.asn === null ? null : String(facts.client.asn));
    case "header":
      return ({ facts }) => facts.headers.get(characteristic.name);
    case "cookie":
      return ({ facts }) => sameCookie(cookieValues(facts.headers.get("cookie"), characteristic.name)[0] ?? null);
    case "query":
      // As the origin reads it: `%74oken` is the parameter token.
      return ({ facts }) => new URLSearchParams(facts.query).get(characteristic.name);
    case "jwt":
      return ({ facts }) => claimOf(facts.headers.get("authorization"), characteristic.name);
    case "expression": {
      const value = compileValueExpression(characteristic.value, ruleScheme, lists);
      return (context) => value(context) ?? null;
    }
    default:
      return characteristic satisfies never;
  }
}

/** Servers take quotes off a value and decode it: `%61b`, `"ab"` and `ab` are one session, and must not be three visitors. */
function sameCookie(value: string | null): string | null {
  return value === null ? null : urlDecode(bytesOfText(/^"(.*)"$/s.exec(value)?.[1] ?? value));
}

function visitor(address: string): string | null {
  const parsed = parseAddress(address);
  if (parsed === null) return null;
  return typeof parsed === "number" ? formatAddress(parsed) : `${formatAddress(networkOf(parsed, V6_NETWORK_BITS))}/${V6_NETWORK_BITS}`;
}

function hashed(key: string): string {
  const digest = sha256(bytesOfText(key)).slice(0, HASH_CHARS / 2);
  return Array.from(digest, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** A claim of a bearer token (RFC 6750 2.1, RFC 7519 3), neither verified nor checked for its age. Null when there is none. */
function claimOf(authorization: string | null, name: string): string | null {
  if (authorization === null || authorization.length > RATE_JWT_CHARS_MAX) return null;
  const payload = /^bearer +[\w-]+\.([\w-]+)\.[\w-]*$/i.exec(authorization)?.[1];
  const claims = payload === undefined ? null : parsedJson(payload);
  if (typeof claims !== "object" || claims === null || !Object.hasOwn(claims, name)) return null;
  const claim = (claims as Readonly<Record<string, unknown>>)[name];
  return typeof claim === "string" ? claim : JSON.stringify(claim);
}

/** Null for what is no JSON in UTF-8 in base64url. */
function parsedJson(base64url: string): unknown {
  try {
    const bytes = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))),
    );
  } catch {
    return null;
  }
}
