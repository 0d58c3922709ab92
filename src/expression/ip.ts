// IP addresses and sets of them: parsing, canonical text, CIDR blocks, and membership by binary search over merged ranges.
// An IPv4-mapped IPv6 address is the IPv4 address, everywhere. Used by the rules language, by trusted proxies and by
// maintenance lists. Never resolves names.

/** A parsed address. IPv4: an unsigned 32-bit integer. IPv6: 32 lower-case hexadecimal digits, so that text order is numeric order. */
export type Address = number | string;

/** Sorted, merged, inclusive ranges: `[from, to, from, to, ...]`. Plain JSON. */
export interface IpRanges {
  readonly v4: readonly number[];
  readonly v6: readonly string[];
}

/** Inclusive. Both ends are of one family. */
export interface AddressRange {
  readonly from: Address;
  readonly to: Address;
}

export interface RangeProblem {
  /** Position in the list of entries. */
  readonly index: number;
  readonly entry: string;
  readonly message: string;
}

const MAPPED_PREFIX = "00000000000000000000ffff";

/** Parses an address in text form (RFC 4291 section 2.2; dotted decimal without leading zeros). Null when it is none. */
export function parseAddress(text: string): Address | null {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

/** Canonical text: dotted decimal, or RFC 5952. */
export function formatAddress(address: Address): string {
  if (typeof address === "number") {
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }
  const groups: string[] = [];
  for (let at = 0; at < 32; at += 4) groups.push(address.slice(at, at + 4).replace(/^0{1,3}/, ""));
  const run = longestZeroRun(groups);
  if (run.length < 2) return groups.join(":");
  return `${groups.slice(0, run.start).join(":")}::${groups.slice(run.start + run.length).join(":")}`;
}

/** Keeps the first `bits` bits of an address and clears the rest. `bits` is clamped to the family's width. */
export function networkOf(address: Address, bits: number): Address {
  if (typeof address === "number") return bits <= 0 ? 0 : bits >= 32 ? address : (address & (-1 << (32 - bits))) >>> 0;
  if (bits >= 128) return address;
  const whole = Math.max(0, bits) >> 2;
  const rest = Math.max(0, bits) & 3;
  const digit = (Number.parseInt(address[whole] ?? "0", 16) & (0xf0 >> rest)).toString(16);
  return (address.slice(0, whole) + digit).padEnd(32, "0");
}

/** Parses an address, a CIDR block without host bits, or `from..to`. The error is a sentence for the user. */
export function parseRange(text: string): { readonly range: AddressRange } | { readonly problem: string } {
  if (text.includes("..")) return parseExplicitRange(text);
  if (text.includes("/")) return parseCidr(text);
  const address = parseAddress(text);
  return address === null ? { problem: notAnAddress(text) } : { range: { from: address, to: address } };
}

/** Canonical text of a range: an address, a CIDR block where it is one, else `from..to`. */
export function formatRange(range: AddressRange): string {
  if (range.from === range.to) return formatAddress(range.from);
  const bits = prefixLength(range);
  return bits === null ? `${formatAddress(range.from)}..${formatAddress(range.to)}` : `${formatAddress(range.from)}/${bits}`;
}

/** Compiles entries (addresses, CIDR blocks, `from..to`) to merged ranges. Bad entries are left out and listed. */
export function compileRanges(entries: readonly string[]): { readonly ranges: IpRanges; readonly problems: readonly RangeProblem[] } {
  const v4: (readonly [number, number])[] = [];
  const v6: (readonly [string, string])[] = [];
  const problems: RangeProblem[] = [];
  for (const [index, entry] of entries.entries()) {
    const parsed = parseRange(entry);
    if ("problem" in parsed) {
      problems.push({ index, entry, message: parsed.problem });
      continue;
    }
    const { from, to } = parsed.range;
    if (typeof from === "number" && typeof to === "number") v4.push([from, to]);
    else v6.push([String(from), String(to)]);
  }
  const ranges = {
    v4: mergeRanges(v4, (value) => value + 1),
    v6: mergeRanges(v6, (value) => (BigInt(`0x${value}`) + 1n).toString(16).padStart(32, "0")),
  };
  return { ranges, problems };
}

/** Whether an address in text form lies in one of the ranges. Text that is no address is in none. */
export function isInRanges(address: string, ranges: IpRanges): boolean {
  const parsed = parseAddress(address);
  return parsed !== null && addressInRanges(parsed, ranges);
}

/** The same for a parsed address: a few comparisons, whatever the number of ranges. */
export function addressInRanges(address: Address, ranges: IpRanges): boolean {
  return typeof address === "number" ? liesWithin(address, ranges.v4) : liesWithin(address, ranges.v6);
}

/** Negative, zero, positive; null for addresses of two families, which have no order. */
export function compareAddresses(left: Address, right: Address): number | null {
  if (typeof left !== typeof right) return null;
  return left < right ? -1 : left > right ? 1 : 0;
}

function liesWithin<T extends Address>(value: T, bounds: readonly T[]): boolean {
  let low = 0;
  let high = bounds.length >> 1;
  // Finds the number of ranges that start at or before the value; the last of them is the only one that can hold it.
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bounds[2 * middle] as T) <= value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value <= (bounds[2 * low - 1] as T);
}

function mergeRanges<T extends Address>(ranges: (readonly [T, T])[], next: (value: T) => T): T[] {
  ranges.sort((left, right) => (left[0] < right[0] ? -1 : left[0] > right[0] ? 1 : 0));
  const merged: T[] = [];
  for (const [from, to] of ranges) {
    const last = merged.at(-1);
    if (last === undefined || (from > last && from > next(last))) merged.push(from, to);
    else if (to > last) merged[merged.length - 1] = to;
  }
  return merged;
}

function parseV4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  let value = 0;
  for (const part of match.slice(1)) {
    // A leading zero means octal to some parsers: such text is no address, so that no two programs read it differently.
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

function parseV6(text: string): Address | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? "", true) : "";
  if (head === null || tail === null) return null;
  const missing = 32 - head.length - tail.length;
  // `::` stands for one group at least (RFC 5952 section 4.2.2 says two, but parsers accept one).
  if (halves.length === 2 ? missing < 4 : missing !== 0) return null;
  const digits = head + "0".repeat(missing) + tail;
  return digits.startsWith(MAPPED_PREFIX) ? Number.parseInt(digits.slice(24), 16) : digits;
}

/** Groups to hexadecimal digits; the last may be dotted decimal when it ends the address. */
function parseGroups(text: string, mayEndInV4: boolean): string | null {
  if (text === "") return "";
  let digits = "";
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      digits += group.toLowerCase().padStart(4, "0");
      continue;
    }
    const v4 = mayEndInV4 && index === groups.length - 1 ? parseV4(group) : null;
    if (v4 === null) return null;
    digits += v4.toString(16).padStart(8, "0");
  }
  return digits.length > 32 ? null : digits;
}

function parseExplicitRange(text: string): { readonly range: AddressRange } | { readonly problem: string } {
  const [first = "", last = "", ...more] = text.split("..");
  const from = parseAddress(first);
  const to = parseAddress(last);
  if (more.length > 0) return { problem: notAnAddress(text) };
  if (from === null) return { problem: notAnAddress(first) };
  if (to === null) return { problem: notAnAddress(last) };
  const order = compareAddresses(from, to);
  if (order === null) return { problem: `${text} mixes IPv4 and IPv6` };
  return order > 0 ? { problem: `${text} ends before it starts; write ${last}..${first}` } : { range: { from, to } };
}

function parseCidr(text: string): { readonly range: AddressRange } | { readonly problem: string } {
  const slash = text.indexOf("/");
  const address = parseAddress(text.slice(0, slash));
  const bitsText = text.slice(slash + 1);
  if (address === null) return { problem: notAnAddress(text.slice(0, slash)) };
  const mapped = typeof address === "number" && text.includes(":");
  const width = typeof address === "number" && !mapped ? 32 : 128;
  const written = /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1;
  if (written < 0 || written > width) return { problem: `/${bitsText} is no prefix length; it goes from /0 to /${width}` };
  if (mapped && written < 96)
    return { problem: `${text} reaches beyond the IPv4-mapped addresses; write the IPv4 and the IPv6 block apart` };
  const bits = mapped ? written - 96 : written;
  const network = networkOf(address, bits);
  if (network !== address) return { problem: `${text} has bits set after its prefix; write ${formatAddress(network)}/${bits}` };
  return { range: { from: network, to: lastOf(network, bits) } };
}

function lastOf(network: Address, bits: number): Address {
  if (typeof network === "number") return bits === 0 ? 0xffffffff : (network | ~(-1 << (32 - bits))) >>> 0;
  const whole = bits >> 2;
  if (whole === 32) return network;
  const digit = (Number.parseInt(network[whole] ?? "0", 16) | (0x0f >> (bits & 3))).toString(16);
  return (network.slice(0, whole) + digit).padEnd(32, "f");
}

function prefixLength(range: AddressRange): number | null {
  const width = typeof range.from === "number" ? 32 : 128;
  for (let bits = 0; bits < width; bits += 1) {
    if (networkOf(range.from, bits) === range.from && lastOf(range.from, bits) === range.to) return bits;
  }
  return null;
}

function longestZeroRun(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === "0") length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}

function notAnAddress(text: string): string {
  return `"${text}" is not an IP address`;
}
