// A list's entries packed: what look-ups search, and what a list's document holds. Numbers are typed arrays, so that a list of
// 100,000 addresses takes a megabyte and is read without being parsed; texts are sorted by a hash, so that no table of them has to be
// built. Little-endian, as is everything that runs V8.

import type { ListContent } from "../config/snapshot.ts";
import { bytesOfText, textOfBytes } from "../expression/bytes.ts";

export type ListArrays =
  | {
      readonly kind: "ip";
      /** Sorted and disjoint: from, to, from, to, ... */
      readonly v4: Uint32Array;
      /** The same with four words for an address, the first the highest. */
      readonly v6: Uint32Array;
      readonly until: Float64Array;
    }
  | { readonly kind: "asn"; readonly entries: Uint32Array; readonly until: Float64Array }
  /** Byte strings, by `textHash` and then by themselves. */
  | { readonly kind: "string" | "host" | "country"; readonly entries: readonly string[]; readonly until: Float64Array };

type TextContent = Extract<ListContent, { readonly entries: readonly string[] }>;

/** Words of an IPv6 address. */
export const V6_WORDS = 4;

export function packList(content: ListContent): ListArrays {
  if (content.kind === "ip") {
    return { kind: content.kind, v4: Uint32Array.from(content.v4), v6: packV6(content.v6), until: Float64Array.from(content.until) };
  }
  if (content.kind === "asn") {
    return { kind: content.kind, entries: Uint32Array.from(content.entries), until: Float64Array.from(content.until) };
  }
  return packTexts(content);
}

export function unpackList(arrays: ListArrays): ListContent {
  if (arrays.kind === "ip") return { kind: arrays.kind, v4: [...arrays.v4], v6: unpackV6(arrays.v6), until: [...arrays.until] };
  if (arrays.kind === "asn") return { kind: arrays.kind, entries: [...arrays.entries], until: [...arrays.until] };
  const texts = arrays.entries.map((bytes) => textOfBytes(bytes) ?? bytes);
  const { entries, until } = reordered(texts, arrays.until, (left, right) => (left < right ? -1 : 1));
  return { kind: arrays.kind, entries, until };
}

/** Entries of a list; of addresses, ranges. */
export function countEntries(content: ListContent): number {
  return content.kind === "ip" ? (content.v4.length + content.v6.length) / 2 : content.entries.length;
}

/**
 * FNV-1a in 32 bits, from the end to `from`, so that all ends of a host name are hashed in one pass. It only spreads: equal hashes
 * are told apart by the texts, so nobody gains by making them.
 */
export function textHash(text: string, from = 0, start = TEXT_HASH_START, end = text.length): number {
  let hash = start;
  for (let at = end - 1; at >= from; at -= 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

export const TEXT_HASH_START = 0x811c9dc5;

/** One of the four words of an address of 32 hexadecimal digits, all in lower case. */
export function v6Word(address: string, word: number): number {
  let value = 0;
  for (let at = 8 * word; at < 8 * word + 8; at += 1) {
    const code = address.charCodeAt(at);
    value = (value << 4) | (code < 0x3a ? code - 0x30 : code - 0x57);
  }
  return value >>> 0;
}

function packTexts({ kind, entries, until }: TextContent): ListArrays {
  const hashes = new Map(entries.map((entry) => [bytesOfText(entry), textHash(bytesOfText(entry))]));
  const inOrder = (left: string, right: string): number =>
    (hashes.get(left) ?? 0) - (hashes.get(right) ?? 0) || (left < right ? -1 : left > right ? 1 : 0);
  const packed = reordered(entries.map(bytesOfText), until, inOrder);
  return { kind, entries: packed.entries, until: Float64Array.from(packed.until) };
}

/** Entries in another order, and their expiries with them. */
function reordered(
  entries: readonly string[],
  until: ArrayLike<number>,
  compare: (left: string, right: string) => number,
): { readonly entries: readonly string[]; readonly until: readonly number[] } {
  const places = [...entries.keys()].toSorted((left, right) => compare(entries[left] ?? "", entries[right] ?? ""));
  const untilOf = new Map<number, number>();
  for (let at = 0; at < until.length; at += 2) untilOf.set(until[at] ?? 0, until[at + 1] ?? 0);
  return {
    entries: places.map((place) => entries[place] ?? ""),
    until: places.flatMap((place, position) => {
      const untilMs = untilOf.get(place);
      return untilMs === undefined ? [] : [position, untilMs];
    }),
  };
}

function packV6(addresses: readonly string[]): Uint32Array {
  const words = new Uint32Array(addresses.length * V6_WORDS);
  addresses.forEach((address, index) => {
    for (let word = 0; word < V6_WORDS; word += 1) words[index * V6_WORDS + word] = v6Word(address, word);
  });
  return words;
}

function unpackV6(words: Uint32Array): string[] {
  const addresses: string[] = [];
  for (let at = 0; at < words.length; at += V6_WORDS) {
    addresses.push(Array.from(words.subarray(at, at + V6_WORDS), (word) => word.toString(16).padStart(8, "0")).join(""));
  }
  return addresses;
}
