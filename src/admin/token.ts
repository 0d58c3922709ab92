// Who may use the admin API: whoever sends the token, and nobody when none is configured. Wrong tokens are counted by address
// in a bounded table of the isolate; an address with too many is refused without a comparison. Time is a parameter.

import { ADMIN_FAILURES_MAX, ADMIN_FAILURE_ADDRESSES_MAX, ADMIN_FAILURE_WINDOW_MS } from "../limits.ts";

export interface TokenGuard {
  allows(request: Request, caller: Caller): Promise<boolean>;
}

export interface Caller {
  /** The configured token; null or empty lets nobody in. */
  readonly token: string | null;
  /** The visitor's address as the platform gave it. */
  readonly clientAddress: string;
  readonly nowMs: number;
}

interface Failures {
  readonly count: number;
  readonly sinceMs: number;
}

export function createTokenGuard(): TokenGuard {
  const failures = new Map<string, Failures>();
  return {
    allows: async (request, { token, clientAddress, nowMs }) => {
      const sent = bearerToken(request.headers.get("authorization"));
      if (token === null || token === "" || sent === null) return false;
      const network = networkOf(clientAddress);
      const before = recentFailures(failures.get(network), nowMs);
      if (before.count >= ADMIN_FAILURES_MAX) return false;
      if (await isSameSecret(sent, token)) return failures.delete(network) || true;
      // Deleted first, so that the table's order is by the last failure and the oldest makes room.
      failures.delete(network);
      failures.set(network, { count: before.count + 1, sinceMs: before.sinceMs });
      const oldest = failures.size > ADMIN_FAILURE_ADDRESSES_MAX ? failures.keys().next().value : undefined;
      if (oldest !== undefined) failures.delete(oldest);
      return false;
    },
  };
}

/** The credentials of a bearer authorization (RFC 6750 2.1), or null. The scheme's name is case-insensitive (RFC 9110 11.1). */
export function bearerToken(authorization: string | null): string | null {
  return /^bearer +(\S+)$/i.exec(authorization?.trim() ?? "")?.[1] ?? null;
}

/** Compares hashes, all bytes of them: the time says nothing about where the two differ, nor about their lengths. */
async function isSameSecret(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(one), sha256(other)]);
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

function recentFailures(failures: Failures | undefined, nowMs: number): Failures {
  const current = failures !== undefined && nowMs - failures.sinceMs < ADMIN_FAILURE_WINDOW_MS;
  return current ? failures : { count: 0, sinceMs: nowMs };
}

/** An IPv4 address, or the /64 of an IPv6 one: one customer has that many addresses, so each alone would be a fresh try. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(zeros).fill("0"), ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
