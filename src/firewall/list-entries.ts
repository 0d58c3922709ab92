// One entry of a list as written: what it means, or what is wrong with it. Equal meanings have equal keys, however they are written.
// Used when a config is published and by the commands that edit lists; the Worker never reads entries.

import { lowerAscii } from "../expression/bytes.ts";
import { parseRange, type AddressRange } from "../expression/ip.ts";
import type { ListKind } from "../config/snapshot.ts";
import { fail, ok, type Result } from "../result.ts";

/** A range of addresses, the number of an autonomous system, or a text in its canonical form. */
export type EntryValue = AddressRange | number | string;

const ASN_MAX = 4_294_967_295;

/** The error is a sentence for the user, without its full stop. */
export function parseListEntry(kind: ListKind, entry: string): Result<EntryValue, string> {
  if (kind === "string") return ok(entry);
  const text = entry.trim();
  if (kind === "ip") {
    const parsed = parseRange(text);
    return "problem" in parsed ? fail(parsed.problem) : ok(parsed.range);
  }
  const value = PARSERS[kind](text);
  return value === null ? fail(COMPLAINTS[kind](entry)) : ok(value);
}

/** The same text for entries that mean the same. */
export function entryKey(value: EntryValue): string {
  return typeof value === "object" ? `${value.from}-${value.to}` : String(value);
}

/** Whether all that `inner` stands for is in `outer`, two entries of one list. */
export function covers(outer: EntryValue, inner: EntryValue): boolean {
  if (typeof outer === "object" && typeof inner === "object") {
    return typeof outer.from === typeof inner.from && outer.from <= inner.from && outer.to >= inner.to;
  }
  if (outer === inner) return true;
  // `*.example.com` has the hosts below it, at any depth.
  return typeof outer === "string" && typeof inner === "string" && outer.startsWith("*.") && inner.endsWith(outer.slice(1));
}

const PARSERS: Readonly<Record<Exclude<ListKind, "ip" | "string">, (text: string) => EntryValue | null>> = {
  asn: (text) => {
    const digits = /^(?:AS)?(\d{1,10})$/i.exec(text)?.[1];
    return digits === undefined || Number(digits) > ASN_MAX ? null : Number(digits);
  },
  // Cloudflare's own codes T1 (Tor) and XX (unknown) have the same form.
  country: (text) => (/^[A-Za-z][A-Za-z0-9]$/.test(text) ? text.toUpperCase() : null),
  host: (text) => {
    const host = lowerAscii(text).replace(/\.$/, "");
    return /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(host) ? host : null;
  },
};

const COMPLAINTS: Readonly<Record<Exclude<ListKind, "ip" | "string">, (entry: string) => string>> = {
  asn: (entry) => `"${entry}" is not the number of an autonomous system; write it like 64496 or AS64496`,
  country: (entry) => `"${entry}" is not a country; write its code of two letters (ISO 3166-1): DE`,
  host: (entry) => `"${entry}" is not a host name; write it like shop.example.com or *.example.com, without scheme, port and path`,
};
