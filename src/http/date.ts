// HTTP dates (RFC 9110 5.6.7): IMF-fixdate, and the two obsolete forms that recipients must accept. Strict: a date that is
// nearly right is not a date, so that nothing becomes fresh by a guess. Pure.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day";
const MONTH = `(${MONTHS.join("|")})`;
const TIME = "(\\d\\d):(\\d\\d):(\\d\\d)";

const IMF = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${LONG_DAY}, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} (\\d\\d| \\d) ${TIME} (\\d{4})$`);

/**
 * @param nowMs - Settles the century of a two-digit year: one that would lie more than 50 years ahead is in the past.
 * @returns Milliseconds since the epoch; null for anything that is not a date.
 */
export function parseHttpDate(value: string | null, nowMs: number): number | null {
  if (value === null || value.length > 40) return null;
  const imf = IMF.exec(value);
  if (imf !== null) return toMs(imf[3], imf[2], imf[1], imf.slice(4, 7));
  const old = RFC_850.exec(value);
  if (old !== null) return toMs(String(fullYear(Number(old[3]), nowMs)), old[2], old[1], old.slice(4, 7));
  const asctime = ASCTIME.exec(value);
  return asctime === null ? null : toMs(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
}

/** IMF-fixdate, whole seconds. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

function toMs(year = "", month = "", day = "", time: readonly string[]): number | null {
  const [hour = 0, minute = 0, second = 0] = time.map(Number);
  // RFC 9110 5.6.7 allows the leap second 60.
  if (hour > 23 || minute > 59 || second > 60) return null;
  const monthIndex = MONTHS.indexOf(month as (typeof MONTHS)[number]);
  const midnight = Date.UTC(Number(year), monthIndex, Number(day));
  // The 31st of June would roll over into July.
  if (new Date(midnight).getUTCDate() !== Number(day)) return null;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000;
}
