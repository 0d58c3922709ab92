// The functions of the language a second time, as plain as possible and with other means than the product's: byte by byte, with
// Node's Buffer and crypto. Used by the reference interpreter only.

import { createHash, createHmac } from "node:crypto";
import type { RuntimeValue } from "../../../src/expression/types.ts";

type Args = readonly RuntimeValue[];

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const letters = (text: string, from: string, to: string, shift: number): string =>
  Array.from(text, (byte) => (byte >= from && byte <= to ? String.fromCharCode(byte.charCodeAt(0) + shift) : byte)).join("");

/** `type` is that of the first argument. Undefined is a missing result. No argument is missing. */
export const REFERENCE: Readonly<Record<string, (args: Args, type: unknown) => RuntimeValue | undefined>> = {
  lower: ([text]) => letters(text as string, "A", "Z", 32),
  upper: ([text]) => letters(text as string, "a", "z", -32),
  len: ([value]) => (typeof value === "string" ? latin1(value).length : [...(value as Iterable<unknown>)].length),
  starts_with: ([text, prefix]) => (text as string).slice(0, (prefix as string).length) === prefix,
  ends_with: ([text, suffix]) => suffix === "" || (text as string).slice(-(suffix as string).length) === suffix,
  substring: ([text, start, end]) => {
    const bytes = latin1(text as string);
    const place = (index: number): number => Math.max(0, Math.min(bytes.length, index < 0 ? bytes.length + index : index));
    const [from, to] = [place(start as number), place((end as number | undefined) ?? bytes.length)];
    return bytes.subarray(from, Math.max(from, to)).toString("latin1");
  },
  split: ([text, separator, limit]) => {
    const parts = (text as string).split(separator as string);
    const rest = parts.slice((limit as number) - 1).join(separator as string);
    return parts.length <= (limit as number) ? parts : [...parts.slice(0, (limit as number) - 1), rest];
  },
  remove_bytes: ([text, bytes]) => Array.from(bytes as string).reduce((left, byte) => left.split(byte).join(""), text as string),
  to_string: ([value], type) => (type === "Ip" ? addressText(value as number | string) : `${value as number | boolean}`),
  cidr: ([address, v4, v6]) => network(address as number | string, (typeof address === "number" ? v4 : v6) as number),
  cidr6: ([address, v6]) => (typeof address === "number" ? address : network(address as string, v6 as number)),
  concat: (args) => (Array.isArray(args[0]) ? (args as readonly (readonly RuntimeValue[])[]).flat() : (args as readonly string[]).join("")),
  join: ([items, separator]) =>
    (items as readonly string[]).reduce((text, item, index) => (index === 0 ? item : text + (separator as string) + item), ""),
  has_key: ([map, key]) => [...(map as ReadonlyMap<string, unknown>).keys()].includes(key as string),
  has_value: ([collection, value]) => flat(collection as RuntimeValue).includes(value as string),
  decode_base64: ([text]) => {
    const bare = (text as string).replace(/==?$/, "");
    if (/[^A-Za-z0-9+/_-]/.test(bare) || bare.length % 4 === 1) return undefined;
    return Buffer.from(bare, "base64").toString("latin1");
  },
  encode_base64: ([text, flags = ""]) => {
    const encoded = latin1(text as string).toString((flags as string).includes("u") ? "base64url" : "base64");
    const bare = encoded.replace(/=*$/, "");
    return (flags as string).includes("p") ? bare.padEnd(Math.ceil(bare.length / 4) * 4, "=") : bare;
  },
  sha256: ([text]) =>
    createHash("sha256")
      .update(latin1(text as string))
      .digest()
      .toString("latin1"),
  uuidv4: ([text]) => {
    const bytes = latin1(text as string).subarray(0, 16);
    if (bytes.length < 16) return undefined;
    const hex = Buffer.from(bytes).toString("hex").split("");
    hex[12] = "4";
    hex[16] = ["8", "9", "a", "b"][Number.parseInt(hex[16] ?? "0", 16) % 4] ?? "";
    return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  },
  url_decode: ([text, options = ""]) => {
    let decoded = decodeUrl(text as string, (options as string).includes("u"));
    if (!(options as string).includes("r")) return decoded;
    for (let last = text; last !== decoded;) {
      last = decoded;
      decoded = decodeUrl(decoded, (options as string).includes("u"));
    }
    return decoded;
  },
  remove_query_args: ([query, ...names]) => {
    const kept: string[] = [];
    for (const part of (query as string).split("&")) if (!names.includes(part.replace(/=.*$/s, ""))) kept.push(part);
    return kept.join("&");
  },
  lookup_json_string: ([text, ...path]) => {
    const found = lookUp(text as string, path);
    return typeof found === "string" ? Buffer.from(found, "utf8").toString("latin1") : undefined;
  },
  lookup_json_integer: ([text, ...path]) => {
    const found = lookUp(text as string, path);
    // The documents of the generator write no number that is whole with a fraction or an exponent.
    return typeof found === "number" && Number.isSafeInteger(found) ? found : undefined;
  },
  regex_replace: ([text, pattern, replacement]) =>
    (text as string).replace(new RegExp((pattern as string).replaceAll(/(?<!\\)\./g, "[^\\n]")), (...match: unknown[]) =>
      filled(replacement as string, match as readonly (string | undefined)[]),
    ),
  wildcard_replace: ([text, pattern, replacement, flags = ""]) => {
    const source = Array.from(pattern as string, (byte) => (byte === "*" ? "([^]*?)" : `\\x${latin1(byte).toString("hex")}`)).join("");
    const found = new RegExp(`^${source}$`, flags === "s" ? "" : "i").exec(text as string);
    return found === null ? text : filled(replacement as string, found);
  },
  is_timed_hmac_valid_v0: ([key, text, ttl, now, separator = 0, flags = ""]) => {
    const shape = flags === "s" ? /^(.+)(\d{10})-([\w-]{43})$/s : /^(.+)(\d{10})-([^-]{43,})$/s;
    const [, before = "", timestamp = "", written = ""] = shape.exec(text as string) ?? [];
    const message = before.slice(0, before.length - (separator as number));
    if (message === "" || (now as number) > Number(timestamp) + (ttl as number)) return false;
    const mac = createHmac("sha256", latin1(key as string)).update(latin1(message + timestamp));
    return flags === "s" ? mac.digest("base64url") === written : mac.digest("base64") === written.replaceAll(/%([0-9a-fA-F]{2})/g, hexByte);
  },
};

function flat(value: RuntimeValue): readonly RuntimeValue[] {
  if (value instanceof Map) return [...(value as ReadonlyMap<string, RuntimeValue>).values()].flatMap(flat);
  return Array.isArray(value) ? (value as readonly RuntimeValue[]).flatMap(flat) : [value];
}

function hexByte(_whole: string, hex: string): string {
  return Buffer.from(hex, "hex").toString("latin1");
}

function decodeUrl(text: string, unicode: boolean): string {
  let decoded = "";
  for (let at = 0; at < text.length; at += 1) {
    const rest = text.slice(at);
    const octet = /^%([0-9a-f]{2})/i.exec(rest)?.[1];
    const code = unicode ? /^%u([0-9a-f]{4})/i.exec(rest)?.[1] : undefined;
    const character = code === undefined ? "" : String.fromCharCode(Number.parseInt(code, 16));
    if (octet !== undefined) {
      decoded += hexByte("", octet);
      at += 2;
    } else if (code !== undefined && !/[\ud800-\udfff]/.test(character)) {
      decoded += Buffer.from(character, "utf8").toString("latin1");
      at += 5;
    } else decoded += rest.startsWith("+") ? " " : (rest[0] ?? "");
  }
  return decoded;
}

function lookUp(text: string, path: Args): unknown {
  try {
    let found: unknown = JSON.parse(latin1(text).toString("utf8"));
    for (const key of path) {
      if (Array.isArray(found) !== (typeof key === "number")) return undefined;
      found = (found as Readonly<Record<string, unknown>> | null)?.[key as string];
    }
    return found;
  } catch {
    return undefined;
  }
}

function filled(replacement: string, groups: readonly (string | undefined)[]): string {
  return replacement.replaceAll(/\$(?:\$|\{(\d)\})/g, (_whole, group?: string) =>
    group === undefined ? "$" : (groups[Number(group)] ?? ""),
  );
}

function bitsOf(address: number | string): string {
  return typeof address === "number"
    ? address.toString(2).padStart(32, "0")
    : Array.from(address, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0")).join("");
}

function network(address: number | string, length: number): number | string {
  const all = bitsOf(address);
  const bits = all.slice(0, length).padEnd(all.length, "0");
  if (typeof address === "number") return Number.parseInt(bits, 2);
  return bits.replaceAll(/[01]{4}/g, (nibble) => Number.parseInt(nibble, 2).toString(16));
}

/** The addresses of the generator, and their networks: one run of zeros at most, and always the longest. */
function addressText(address: number | string): string {
  if (typeof address === "number") return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
  const groups = address.match(/.{4}/g) ?? [];
  return groups
    .map((group) => group.replace(/^0{1,3}/, ""))
    .join(":")
    .replace(/(^|:)0(:0)+(:|$)/, "::");
}
