// Cache-Status (RFC 9211): our member, behind those of caches nearer to the origin. Pure. Reads the digest, decides nothing.

import type { CacheDigest } from "../exchange.ts";

/** @param upstream - The field as the origin sent it; its members stay in front (RFC 9211 2: the order is from the origin). */
export function cacheStatusHeader(digest: CacheDigest, upstream: string | null): string {
  const own = ["breakwater", ...parameters(digest)].join("; ");
  return upstream === null || upstream.trim() === "" ? own : `${upstream}, ${own}`;
}

function parameters(digest: CacheDigest): string[] {
  const hit = digest.status === "HIT" || digest.status === "STALE" || digest.status === "UPDATING";
  return [
    ...(hit ? ["hit"] : digest.fwd === null ? [] : [`fwd=${digest.fwd}`]),
    ...(digest.fwdStatus === null ? [] : [`fwd-status=${digest.fwdStatus}`]),
    ...(digest.ttlSeconds === null ? [] : [`ttl=${Math.floor(digest.ttlSeconds)}`]),
    ...(digest.stored ? ["stored"] : []),
    ...(digest.detail === null ? [] : [`detail=${digest.detail}`]),
  ];
}
