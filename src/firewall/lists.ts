// Lists that rules name with `$name`. Compiled when a config is published, to sorted and merged entries; loaded to a membership
// test whose cost does not depend on the number of entries.

import { bytesOfText, lowerAscii } from "../expression/bytes.ts";
import { addressInRanges, compileRanges } from "../expression/ip.ts";
import type { ListSnapshot } from "../config/snapshot.ts";
import type { Membership } from "../expression/compile.ts";
import type { Address } from "../expression/ip.ts";
import type { ListType } from "../expression/scheme.ts";

export type ListKind = ListSnapshot["kind"];

export interface ListProblem {
  /** Position in the list of entries. */
  readonly index: number;
  readonly entry: string;
  readonly message: string;
}

export interface CompiledList {
  readonly list: ListSnapshot;
  readonly problems: readonly ListProblem[];
}

const ASN_MAX = 4_294_967_295;

/** The type that values must have to be looked up in a list of this kind. */
export function listType(kind: ListKind): ListType {
  return kind === "ip" ? "Ip" : kind === "asn" ? "Int" : "Bytes";
}

/** The lists of a snapshot as the checker wants them. */
export function listTypes(lists: Readonly<Record<string, Pick<ListSnapshot, "kind">>>): ReadonlyMap<string, ListType> {
  return new Map(Object.entries(lists).map(([name, { kind }]) => [name, listType(kind)]));
}

/** Makes the membership tests of all lists of a snapshot, by name. */
export function loadLists(lists: Readonly<Record<string, ListSnapshot>>): ReadonlyMap<string, Membership> {
  return new Map(Object.entries(lists).map(([name, list]) => [name, loadList(list)]));
}

/** Makes the membership test of a list. */
export function loadList(list: ListSnapshot): Membership {
  switch (list.kind) {
    case "ip":
      return (value) => addressInRanges(value as Address, list);
    case "asn": {
      const numbers = new Set<unknown>(list.entries);
      return (value) => numbers.has(value);
    }
    case "string":
    case "country": {
      const entries = new Set<unknown>(list.entries.map(bytesOfText));
      return (value) => entries.has(value);
    }
    case "host":
      return loadHosts(list.entries);
    default:
      return list satisfies never;
  }
}

/** Compiles the entries of a list as written. Bad entries are left out and listed, in order. */
export function compileList(kind: ListKind, entries: readonly string[]): CompiledList {
  if (kind === "ip") {
    const { ranges, problems } = compileRanges(entries.map((entry) => entry.trim()));
    return { list: { kind, ...ranges }, problems };
  }
  const problems: ListProblem[] = [];
  const values = entries.flatMap((entry, index) => {
    const value = kind === "string" ? entry : normalise(kind, entry.trim());
    if (value !== null) return [value];
    problems.push({ index, entry, message: COMPLAINTS[kind](entry) });
    return [];
  });
  const unique = [...new Set(values)];
  if (kind === "asn") return { list: { kind, entries: unique.map(Number).toSorted((left, right) => left - right) }, problems };
  return { list: { kind, entries: unique.toSorted() }, problems };
}

const COMPLAINTS: Readonly<Record<Exclude<ListKind, "ip">, (entry: string) => string>> = {
  asn: (entry) => `"${entry}" is not the number of an autonomous system; write it like 64496 or AS64496`,
  country: (entry) => `"${entry}" is not a country; write its code of two letters (ISO 3166-1): DE`,
  host: (entry) => `"${entry}" is not a host name; write it like shop.example.com or *.example.com, without scheme, port and path`,
  string: (entry) => `"${entry}" is not a string`,
};

function normalise(kind: Exclude<ListKind, "ip" | "string">, entry: string): string | null {
  if (kind === "asn") {
    const digits = /^(?:AS)?(\d{1,10})$/i.exec(entry)?.[1];
    return digits === undefined || Number(digits) > ASN_MAX ? null : String(Number(digits));
  }
  // Cloudflare's own codes T1 (Tor) and XX (unknown) have the same form.
  if (kind === "country") return /^[A-Za-z][A-Za-z0-9]$/.test(entry) ? entry.toUpperCase() : null;
  const host = lowerAscii(entry).replace(/\.$/, "");
  return /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(host) ? host : null;
}

/** `*.example.com` holds hosts of any depth below it, not itself. One look-up for each label of the value. */
function loadHosts(entries: readonly string[]): Membership {
  const hosts = new Set(entries);
  return (value) => {
    const host = lowerAscii(value as string);
    if (hosts.has(host)) return true;
    for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
      if (hosts.has(`*${host.slice(dot)}`)) return true;
    }
    return false;
  };
}
