// Whether a value is in a list, at the time of a request: closures over packed entries. The cost grows with the logarithm of the
// number of entries at most; nothing is allocated. Loaded by the Worker; the publishing check runs rules' tests on the same code.

import { lowerAscii } from "../expression/bytes.ts";
import type { Membership } from "../expression/compilation.ts";
import type { Address } from "../expression/ip.ts";
import type { RuleContext } from "./context.ts";
import { TEXT_HASH_START, textHash, v6Word, V6_WORDS, type ListArrays } from "./list-arrays.ts";

/** Values are those of the kind's type (`listType`). At its expiry an entry is none. */
export function lookup(arrays: ListArrays): Membership<RuleContext> {
  switch (arrays.kind) {
    case "ip":
      return lookupAddresses(arrays);
    case "asn": {
      const { entries } = arrays;
      const until = expiries(arrays.until, entries.length);
      return (value, context) => isInForce(until, placeOf(entries, value as number), context);
    }
    case "string":
    case "country":
      return lookupTexts(arrays);
    case "host":
      return lookupHosts(arrays);
    default:
      return arrays satisfies never;
  }
}

type TextArrays = Extract<ListArrays, { readonly entries: readonly string[] }>;

type Expiries = Float64Array | null;

/** The expiry of each place; null when none expires. */
function expiries(pairs: Float64Array, count: number): Expiries {
  if (pairs.length === 0) return null;
  const until = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let at = 0; at < pairs.length; at += 2) until[pairs[at] ?? 0] = pairs[at + 1] ?? 0;
  return until;
}

function isInForce(until: Expiries, place: number, context: RuleContext): boolean {
  return place >= 0 && (until === null || context.facts.receivedAtMs < (until[place] as number));
}

function lookupAddresses({ v4, v6, until: pairs }: Extract<ListArrays, { kind: "ip" }>): Membership<RuleContext> {
  const ofV4 = v4.length / 2;
  const until = expiries(pairs, ofV4 + v6.length / (2 * V6_WORDS));
  return (value, context) => {
    const address = value as Address;
    if (typeof address === "number") return isInForce(until, rangeOfV4(v4, address), context);
    const range = rangeOfV6(v6, address);
    return isInForce(until, range < 0 ? range : ofV4 + range, context);
  };
}

/** The place of the range that holds an address; -1 when none does. */
function rangeOfV4(bounds: Uint32Array, address: number): number {
  let low = 0;
  let high = bounds.length >>> 1;
  // Finds the number of ranges that start at or before the address; the last of them is the only one that can hold it.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[2 * middle] as number) <= address) low = middle + 1;
    else high = middle;
  }
  return low > 0 && address <= (bounds[2 * low - 1] as number) ? low - 1 : -1;
}

function rangeOfV6(bounds: Uint32Array, address: string): number {
  const [a, b, c, d] = [v6Word(address, 0), v6Word(address, 1), v6Word(address, 2), v6Word(address, 3)];
  let low = 0;
  let high = bounds.length / (2 * V6_WORDS);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order(bounds, 2 * middle, a, b, c, d) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && order(bounds, 2 * low - 1, a, b, c, d) >= 0 ? low - 1 : -1;
}

/** Negative, zero, positive: the address at `place` is below, the same, above. Numbers, since this is where the time goes. */
// oxlint-disable-next-line max-params
function order(bounds: Uint32Array, place: number, a: number, b: number, c: number, d: number): number {
  const at = place * V6_WORDS;
  const first = bounds[at] as number;
  if (first !== a) return first - a;
  const second = bounds[at + 1] as number;
  if (second !== b) return second - b;
  const third = bounds[at + 2] as number;
  return third === c ? (bounds[at + 3] as number) - d : third - c;
}

/** The place of a number in sorted ones; -1 when it is not there. */
function placeOf(numbers: Uint32Array, number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) < number) low = middle + 1;
    else high = middle;
  }
  return numbers[low] === number ? low : -1;
}

interface TextPlaces {
  /** Where texts of this hash begin; -1 when there are none, as for nearly all that is asked. */
  find(hash: number): number;
  /** The place of a text whose hash begins at `from`; -1 when it is not there. */
  among(from: number, text: string): number;
}

/** @param entries - Sorted by hash and text. */
function placesOfTexts(entries: readonly string[]): TextPlaces {
  const hashes = Uint32Array.from(entries, (entry) => textHash(entry));
  return {
    find: (hash) => placeOf(hashes, hash),
    among: (from, text) => {
      let low = from;
      let high = entries.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (hashes[middle] === hashes[from] && (entries[middle] as string) < text) low = middle + 1;
        else high = middle;
      }
      return entries[low] === text ? low : -1;
    },
  };
}

function lookupTexts(arrays: TextArrays): Membership<RuleContext> {
  const places = placesOfTexts(arrays.entries);
  const until = expiries(arrays.until, arrays.entries.length);
  return (value, context) => {
    const from = places.find(textHash(value as string));
    return from >= 0 && isInForce(until, places.among(from, value as string), context);
  };
}

/** `*.example.com` holds hosts of any depth below it, not itself. One look-up for each label of the value. */
function lookupHosts(arrays: TextArrays): Membership<RuleContext> {
  const places = placesOfTexts(arrays.entries);
  const until = expiries(arrays.until, arrays.entries.length);
  return (value, context) => {
    const host = lowerAscii(value as string);
    let hash = TEXT_HASH_START;
    let end = host.length;
    for (let dot = host.lastIndexOf("."); dot !== -1; dot = dot === 0 ? -1 : host.lastIndexOf(".", dot - 1)) {
      hash = textHash(host, dot, hash, end);
      end = dot;
      const from = places.find(textHash("*", 0, hash));
      if (from >= 0 && isInForce(until, places.among(from, `*${host.slice(dot)}`), context)) return true;
    }
    const from = places.find(textHash(host, 0, hash, end));
    return from >= 0 && isInForce(until, places.among(from, host), context);
  };
}
