// Quantities as people write them in the config: durations, sizes, statuses, dates. Each parser returns null for text that its
// pattern refuses; the patterns are the schema's, so that after validation none is null. Pure.

/** A whole number and one unit. */
export const DURATION_PATTERN = /^\d{1,9}(ms|s|m|h|d)$/;

const DURATION_UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Decimal (KB) and binary (KiB) units; `B` or a bare number is bytes. */
export const SIZE_PATTERN = /^\d{1,12}(B|KB|MB|GB|KiB|MiB|GiB)$/;

const SIZE_UNIT_BYTES = { B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** `200`, `200-399`, `2xx`. */
export const STATUS_RANGE_PATTERN = /^([1-5]\d\d|[1-5]\d\d-[1-5]\d\d|[1-5]xx)$/;

/** `404` or `4xx`: the errors a page or a lifetime can be given for. */
export const STATUS_CLASS_PATTERN = /^([1-5]\d\d|[1-5]xx)$/;

/** A day, or a moment in UTC. */
export const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/;

/** Milliseconds. */
export function parseDurationMs(text: string): number | null {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * DURATION_UNIT_MS[match[2] as keyof typeof DURATION_UNIT_MS];
}

/** Whole seconds, rounded up: a lifetime of 500 ms is one of a second, not none. */
export function parseDurationSeconds(text: string): number | null {
  const ms = parseDurationMs(text);
  return ms === null ? null : Math.ceil(ms / 1000);
}

/** Bytes. */
export function parseSizeBytes(text: string): number | null {
  const match = /^(\d+)(B|KB|MB|GB|KiB|MiB|GiB)$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * SIZE_UNIT_BYTES[match[2] as keyof typeof SIZE_UNIT_BYTES];
}

/** Inclusive bounds; null also when they are the wrong way round. */
export function parseStatusRange(text: string): readonly [from: number, to: number] | null {
  if (!STATUS_RANGE_PATTERN.test(text)) return null;
  if (text.endsWith("xx")) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99];
  const [from = 0, to = from] = text.split("-").map(Number);
  return from <= to ? [from, to] : null;
}

/** Milliseconds since the epoch at which something that is valid through `text` ends: a day ends at its last midnight, in UTC. */
export function parseExpiryMs(text: string): number | null {
  if (!DATE_PATTERN.test(text)) return null;
  const isDay = !text.includes("T");
  const ms = Date.parse(isDay ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(ms)) return null;
  // Date.parse turns 2027-02-30 into March: the day must survive the round trip.
  if (new Date(ms).toISOString().slice(0, 10) !== text.slice(0, 10)) return null;
  return isDay ? ms + 86_400_000 : ms;
}
