// Range and Content-Range (RFC 9110 14), in bytes. Pure: it decides which bytes are asked for, never reads them. A header that is
// not valid, of another unit, or costlier than the whole answer is ignored, as RFC 9110 14.2 allows; the whole is then sent.

import { RANGE_COUNT_MAX } from "../limits.ts";
import { splitList } from "./list.ts";

/** Both ends inclusive, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export type RangeRequest =
  | { readonly kind: "ignored"; readonly reason: RangeIgnored }
  | { readonly kind: "single"; readonly range: ByteRange }
  /** In the order of the request. */
  | { readonly kind: "multiple"; readonly ranges: readonly ByteRange[] }
  | { readonly kind: "unsatisfiable" };

/** too-costly: the parts together are larger than the whole. empty: there is no byte that a 206 could name. */
export type RangeIgnored = "absent" | "other-unit" | "invalid" | "too-many" | "overlapping" | "too-costly" | "empty";

export type ContentRange =
  | { readonly kind: "range"; readonly range: ByteRange; readonly size: number | null }
  | { readonly kind: "unsatisfied"; readonly size: number };

type RangeSpec =
  | { readonly kind: "from"; readonly first: number; readonly last: number }
  | { readonly kind: "suffix"; readonly length: number };

/**
 * @param size - Bytes of the whole representation.
 */
export function parseRange(header: string | null, size: number): RangeRequest {
  if (header === null) return ignored("absent");
  const match = /^[\t ]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(.*)$/s.exec(header);
  if (match === null) return ignored("invalid");
  if (match[1]?.toLowerCase() !== "bytes") return ignored("other-unit");
  const members = splitList(match[2] ?? "");
  if (members.length > RANGE_COUNT_MAX) return ignored("too-many");
  const specs = members.map(parseSpec);
  if (specs.length === 0 || specs.includes(null)) return ignored("invalid");
  const valid = specs.filter((spec) => spec !== null);
  const ranges = valid.map((spec) => resolve(spec, size)).filter((range) => range !== null);
  const [range] = ranges;
  if (range === undefined) {
    return size === 0 && valid.some((spec) => spec.kind === "suffix" && spec.length > 0) ? ignored("empty") : { kind: "unsatisfiable" };
  }
  if (ranges.length === 1) return { kind: "single", range };
  return abuse(ranges, size) ?? { kind: "multiple", ranges };
}

/** Null when absent or not valid. */
export function parseContentRange(value: string | null): ContentRange | null {
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(value?.trim() ?? "");
  if (match === null) return null;
  const [, first, last, total] = match;
  const size = total === "*" ? null : Number(total);
  if (first === undefined || last === undefined) return size === null ? null : { kind: "unsatisfied", size };
  const range = { start: Number(first), end: Number(last) };
  if (range.end < range.start || (size !== null && range.end >= size)) return null;
  return { kind: "range", range, size };
}

/** @param size - Bytes of the whole; null when it is not known. */
export function formatContentRange(range: ByteRange, size: number | null): string {
  return `bytes ${range.start}-${range.end}/${size ?? "*"}`;
}

/** Content-Range of a 416. */
export function formatUnsatisfiedRange(size: number): string {
  return `bytes */${size}`;
}

export function rangeLength(range: ByteRange): number {
  return range.end - range.start + 1;
}

function ignored(reason: RangeIgnored): RangeRequest {
  return { kind: "ignored", reason };
}

/** Null when it does not follow the grammar; `5-2` does not (RFC 9110 14.1.1). */
function parseSpec(text: string): RangeSpec | null {
  const match = /^(\d*)-(\d*)$/.exec(text);
  const [, first = "", last = ""] = match ?? [];
  if (first === "") return last === "" ? null : { kind: "suffix", length: position(last) };
  const spec = { kind: "from", first: position(first), last: last === "" ? Number.MAX_SAFE_INTEGER : position(last) } as const;
  return spec.last < spec.first ? null : spec;
}

function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** Null when it lies outside the representation. */
function resolve(spec: RangeSpec, size: number): ByteRange | null {
  if (spec.kind === "suffix") return spec.length === 0 || size === 0 ? null : { start: Math.max(0, size - spec.length), end: size - 1 };
  return spec.first >= size ? null : { start: spec.first, end: Math.min(spec.last, size - 1) };
}

/** RFC 9110 17.15: more than two overlapping ranges are no honest wish; many small ones are bounded by their number. */
function abuse(ranges: readonly ByteRange[], size: number): RangeRequest | null {
  if (overlapping(ranges) > 2) return ignored("overlapping");
  return ranges.reduce((sum, range) => sum + rangeLength(range), 0) > size ? ignored("too-costly") : null;
}

/** How many ranges share a byte with another one. */
function overlapping(ranges: readonly ByteRange[]): number {
  return ranges.filter((range) => ranges.some((other) => other !== range && other.start <= range.end && range.start <= other.end)).length;
}
