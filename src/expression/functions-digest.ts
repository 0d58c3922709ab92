// Base64, SHA-256, HMAC tokens and UUIDs.

import { urlDecode } from "./functions-url.ts";
import { simple } from "./functions-text.ts";
import { hmacSha256, sha256 } from "./sha256.ts";
import type { Literal } from "./ast.ts";
import type { FunctionDefinition, Parameter } from "./scheme.ts";

const INPUT: Parameter = { name: "input", accepts: ["Bytes"], form: "any" };

function flags(allowed: RegExp, message: string): Parameter {
  const check = (literal: Literal): string | null => (allowed.test(String(literal.value)) ? null : message);
  return { name: "flags", accepts: ["Bytes"], form: "literal", optional: true, check };
}

export const DIGEST_FUNCTIONS: readonly FunctionDefinition[] = [
  simple({
    name: "sha256",
    description: "The SHA-256 digest, 32 bytes.",
    returns: "Bytes",
    parameters: [INPUT],
    run: ([input]) => sha256(input as string),
  }),
  simple({
    name: "decode_base64",
    description: "Decodes Base64, standard or URL-safe, with or without padding. Missing when it is not Base64.",
    returns: "Bytes",
    parameters: [{ name: "source", accepts: ["Bytes"], form: "value" }],
    run: ([source]) => decodeBase64(source as string) ?? undefined,
  }),
  simple({
    name: "encode_base64",
    description: "Encodes as Base64 without padding. Flags: `u` is the URL-safe alphabet, `p` adds padding.",
    returns: "Bytes",
    parameters: [INPUT, flags(/^[up]*$/, "the flags are u (URL-safe) and p (padding)")],
    run: ([input, options]) => encodeBase64(input as string, (options as string | undefined) ?? ""),
  }),
  simple({
    name: "uuidv4",
    description: "A version 4 UUID made of the first 16 bytes of a random source. Missing when there are fewer.",
    returns: "Bytes",
    parameters: [{ name: "source", accepts: ["Bytes"], form: "value" }],
    run: ([source]) => uuid(source as string),
  }),
  simple({
    name: "is_timed_hmac_valid_v0",
    description:
      "Whether `message separator timestamp-mac` carries a valid HMAC-SHA-256 of message and timestamp that is at most `ttl` seconds old. Flag `s`: the mac is URL-safe Base64.",
    returns: "Bool",
    parameters: [
      { name: "key", accepts: ["Bytes"], form: "literal" },
      { name: "message_mac", accepts: ["Bytes"], form: "any" },
      { name: "ttl", accepts: ["Int"], form: "literal" },
      { name: "now", accepts: ["Int"], form: "any" },
      {
        name: "separator_length",
        accepts: ["Int"],
        form: "literal",
        optional: true,
        check: (literal) => (Number(literal.value) < 0 ? "a length is not negative" : null),
      },
      flags(/^s?$/, 'the only flag is "s": the mac is URL-safe Base64'),
    ],
    run: ([key, token, ttl, now, separatorLength, options]) => {
      const claim = { token: token as string, ttlSeconds: ttl as number, nowSeconds: now as number };
      return isTimedHmacValid(key as string, claim, { separatorLength: Number(separatorLength ?? 0), urlSafe: options === "s" });
    },
  }),
];

interface Claim {
  readonly token: string;
  readonly ttlSeconds: number;
  readonly nowSeconds: number;
}

/** The URL-safe mac has 43 characters and no padding; the standard one has no `-`, so the last `-` is the separator. */
function isTimedHmacValid(key: string, claim: Claim, form: { readonly separatorLength: number; readonly urlSafe: boolean }): boolean {
  const { token } = claim;
  const dash = form.urlSafe ? token.length - 44 : token.lastIndexOf("-");
  const timestamp = dash >= 10 ? token.slice(dash - 10, dash) : "";
  const messageEnd = dash - 10 - form.separatorLength;
  if (token[dash] !== "-" || !/^\d{10}$/.test(timestamp) || messageEnd < 1) return false;
  if (claim.nowSeconds > Number(timestamp) + claim.ttlSeconds) return false;
  const written = token.slice(dash + 1);
  const mac = form.urlSafe ? written : urlDecode(written.replaceAll("+", "%2B"));
  if (!(form.urlSafe ? /^[A-Za-z0-9_-]{43}$/ : /^[A-Za-z0-9+/]{43}=$/).test(mac)) return false;
  return equalBytes(decodeBase64(mac) ?? "", hmacSha256(key, token.slice(0, messageEnd) + timestamp));
}

/** Takes the same time wherever the first difference is. */
function equalBytes(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < right.length; index += 1) difference |= (left.charCodeAt(index) | 0) ^ right.charCodeAt(index);
  return difference === 0;
}

function decodeBase64(source: string): string | null {
  const standard = source
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(standard) || standard.length % 4 === 1) return null;
  return atob(standard);
}

function encodeBase64(input: string, options: string): string {
  const padded = btoa(input);
  const alphabet = options.includes("u") ? padded.replaceAll("+", "-").replaceAll("/", "_") : padded;
  return options.includes("p") ? alphabet : alphabet.replace(/=+$/, "");
}

function uuid(source: string): string | undefined {
  if (source.length < 16) return undefined;
  const octets = Array.from(source.slice(0, 16), (byte) => byte.charCodeAt(0));
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x40;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  const hex = octets.map((octet) => octet.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
