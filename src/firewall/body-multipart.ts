// The parts of a multipart body (RFC 2046 5.1, RFC 7578). Linear in the body; never throws. Servers disagree on what ends a part
// when the body is not well formed, and attackers live on that: where one parser cuts and another goes on, both values are given.
// So it may show more parts than an origin sees, never fewer than PHP or Node's parsers do.

import { BODY_FIELDS_MAX } from "../limits.ts";
import { addTo } from "./derive.ts";
import { boundariesOf, readPartHeader, type PartHeader } from "./body-part.ts";

export interface Part extends PartHeader {
  readonly value: string;
}

export interface Multipart {
  readonly parts: readonly Part[];
  /** Values by name. */
  readonly map: ReadonlyMap<string, readonly string[]>;
  /** There are more parts, or more readings, than were looked at. */
  readonly cut: boolean;
}

/** @param bytes - A byte string. */
export function parseMultipart(bytes: string, contentType: string): Multipart {
  const { boundaries, cut } = boundariesOf(contentType);
  const parts: Part[] = [];
  let complete = !cut;
  for (const boundary of boundaries) complete = readParts(bytes, boundary, parts) && complete;
  const map = new Map<string, string[]>();
  for (const { names, value } of parts) for (const name of names) addTo(map, name, value);
  return { parts, map, cut: !complete };
}

/** A line that begins with the boundary. */
interface Delimiter {
  /** Where the value before it ends: its line break belongs to the delimiter. */
  readonly cutAt: number;
  /** Where its line begins, and where the next one does. */
  readonly line: number;
  readonly end: number;
  /** All parsers agree that a value ends here: a CRLF before it, and nothing but padding or the closing `--` behind it. */
  readonly hard: boolean;
  /** A part begins behind it: it is neither the closing one nor a longer word. */
  readonly opens: boolean;
}

/** False when there are more than are looked at. */
function readParts(bytes: string, boundary: string, parts: Part[]): boolean {
  const room = Math.floor((BODY_FIELDS_MAX - parts.length) / PARTS_PER_DELIMITER);
  const found = delimiters(bytes, `--${boundary}`, room + 1);
  const used = found.slice(0, room);
  pushParts({ bytes, parts, found: used, interrupted: null });
  pushParts({ bytes, parts, ...strict(used) });
  return used.length === found.length;
}

/** One in each of the readings, and one where an empty value is followed at once. */
const PARTS_PER_DELIMITER = 3;

/** The delimiters that all parsers agree on, and those behind which another follows first. */
function strict(found: readonly Delimiter[]): Pick<Stretch, "found" | "interrupted"> {
  const interrupted = new Set<Delimiter>();
  const hard: Delimiter[] = [];
  for (const delimiter of found) {
    const before = hard.at(-1);
    if (delimiter.hard) hard.push(delimiter);
    else if (before !== undefined) interrupted.add(before);
  }
  return { found: hard, interrupted };
}

/** A walk over the lines: comparing only where a line begins keeps it linear, whatever the boundary. */
function delimiters(bytes: string, dashed: string, countMax: number): readonly Delimiter[] {
  const found: Delimiter[] = [];
  for (let line = 0; line < bytes.length && found.length < countMax;) {
    const feed = bytes.indexOf("\n", line);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (bytes.startsWith(dashed, line)) {
      const behind = bytes.slice(line + dashed.length, end);
      const crlf = line >= 2 && bytes.charAt(line - 2) === "\r";
      const cutAt = line === 0 ? 0 : line - (crlf ? 2 : 1);
      const hard = (line === 0 || crlf) && /^(?:--)?[ \t]*\r?\n?$/.test(behind);
      found.push({ cutAt, line, end, hard, opens: /^[ \t]*\r?\n?$/.test(behind) });
    }
    line = end;
  }
  return found;
}

interface Stretch {
  readonly bytes: string;
  readonly parts: Part[];
  readonly found: readonly Delimiter[];
  /** The parts that are of interest, by the delimiter before them; null is all. */
  readonly interrupted: ReadonlySet<Delimiter> | null;
}

function pushParts({ bytes, parts, found, interrupted }: Stretch): void {
  // PHP reads a part's header to its empty line, over any delimiter that stands in it.
  let pending: string[] = [];
  for (const [index, delimiter] of found.entries()) {
    if (!delimiter.opens && pending.length === 0) continue;
    const next = found[index + 1];
    const valueAt = headerEnd(bytes, { from: delimiter.end, to: next?.line ?? bytes.length, lines: pending });
    if (pending.length === 0 || (valueAt === null && next !== undefined)) continue;
    const header = pending;
    pending = [];
    if (interrupted !== null && !interrupted.has(delimiter)) continue;
    const part = readPartHeader(header);
    const from = valueAt ?? bytes.length;
    const to = next?.cutAt ?? bytes.length;
    parts.push({ ...part, value: bytes.slice(from, Math.max(from, to)) });
    // The delimiter has the header's own line break before it: to PHP it is part of the value.
    if (next !== undefined && from > to) parts.push({ ...part, value: bytes.slice(from, found[index + 2]?.cutAt ?? bytes.length) });
  }
}

interface HeaderLines {
  readonly from: number;
  readonly to: number;
  /** The lines are added to these. */
  readonly lines: string[];
}

/** Where the value begins, behind an empty line; null when there is none. */
function headerEnd(bytes: string, { from, to, lines }: HeaderLines): number | null {
  for (let at = from; at < to;) {
    const feed = bytes.indexOf("\n", at);
    const end = feed === -1 || feed >= to ? to : feed;
    const line = bytes.slice(at, end > at && bytes.charAt(end - 1) === "\r" ? end - 1 : end);
    if (line === "" && end < to) return end + 1;
    lines.push(line);
    at = end + 1;
  }
  return null;
}
