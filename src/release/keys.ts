// The names of everything that is kept in KV, in one place: the Worker, the command line and the docs use these and no
// others. Each key has exactly one kind of writer; see docs/kv-schema.md.

/** The pointer to the release in force. Written by the command line. */
export const POINTER_KEY = "current";

/** What operators said about origins. Written by the command line. */
export const OVERRIDES_KEY = "overrides";

/** What the active checks found. Written by the cron. */
export const HEALTH_KEY = "health";

/** Purge generations. Written by the purge ledger, a Durable Object. */
export const PURGES_KEY = "purges";

/** A snapshot under the SHA-256 of its text (64 lower-case hexadecimal digits); never changed once written. */
export function releaseKey(hash: string): string {
  return `release/${hash}`;
}

/** A long list under the SHA-256 of its text; never changed once written. */
export function listKey(hash: string): string {
  return `list/${hash}`;
}

/** The files that a release was built from, as the user wrote them. Written and read by the command line only. */
export function sourceKey(hash: string): string {
  return `source/${hash}`;
}

/** The pointer of a past publication. Written and read by the command line only. */
export function historyKey(number: number): string {
  return `history/${number}`;
}

/** 64 lower-case hexadecimal digits: the only form of a release's name. */
export function isReleaseHash(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}
