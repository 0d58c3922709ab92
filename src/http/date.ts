// HTTP dates (RFC 9110 5.6.7): the three forms that a recipient must read, and the one that a sender may write. Names are
// case-sensitive and the zone is GMT; what is nearly right is no date, so that nothing becomes fresh by a guess. No clock in here.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const MONTH = MONTHS.join("|");
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

const IMF_FIXDATE = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d\\d) (?<month>${MONTH}) (?<year>\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(
  `^(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday), (?<day>\\d\\d)-(?<month>${MONTH})-(?<year>\\d\\d) ${TIME} GMT$`,
);
const ASCTIME = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>${MONTH}) (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`);

interface DateFields {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/**
 * Milliseconds since the epoch; null when `value` is absent or no date. The day's name is not compared with the date.
 *
 * @param nowMs - Decides the century of a two-digit year.
 */
export function parseHttpDate(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const full = IMF_FIXDATE.exec(value) ?? ASCTIME.exec(value);
  if (full !== null) return toMs(fieldsOf(full));
  const short = RFC_850.exec(value);
  return short === null ? null : withCentury(fieldsOf(short), nowMs);
}

/** The IMF-fixdate of a time, in whole seconds. Times outside the years 1 to 9999 become the nearest that the format can say. */
export function formatHttpDate(ms: number): string {
  const first = new Date(0).setUTCFullYear(1, 0, 1);
  const last = Date.UTC(9999, 11, 31, 23, 59, 59);
  return new Date(Math.min(Math.max(Number.isNaN(ms) ? 0 : ms, first), last)).toUTCString();
}

function fieldsOf(match: RegExpExecArray): DateFields {
  const groups = match.groups ?? {};
  return {
    year: Number(groups["year"]),
    month: MONTHS.findIndex((name) => name === groups["month"]),
    day: Number(groups["day"]),
    hour: Number(groups["hour"]),
    minute: Number(groups["minute"]),
    second: Number(groups["second"]),
  };
}

/** Null for a day or a time that does not exist. Second 60 is a leap second. */
function toMs(fields: DateFields): number | null {
  const { year, month, day, hour, minute, second } = fields;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(0);
  // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month, day);
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return null;
  return date.getTime() + (hour * 3600 + minute * 60 + second) * 1000;
}

/** A date that seems more than 50 years ahead is the latest past year with the same digits (RFC 9110 5.6.7). */
function withCentury(fields: DateFields, nowMs: number): number | null {
  const limit = new Date(nowMs);
  limit.setUTCFullYear(limit.getUTCFullYear() + 50);
  const century = Math.floor(limit.getUTCFullYear() / 100) * 100;
  const latest = { ...fields, year: century + fields.year };
  const ms = toMs(latest);
  // 29 February may exist in one of the two centuries only; then the year alone decides.
  const isTooFar = ms === null ? latest.year > limit.getUTCFullYear() : ms > limit.getTime();
  return isTooFar ? toMs({ ...latest, year: latest.year - 100 }) : ms;
}
