// What has to hold of a real deployment, one claim at a time, each with the requests that show it. Called by verify-production.ts.
// A check never trusts a single look at the cache: requests of one client may reach several machines of a data centre.

import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import type { Probe, ProbeAnswer } from "./probe.ts";

export interface VerifyTarget {
  readonly probe: Probe;
  readonly host: string;
  /** Scheme and host. */
  readonly base: string;
  readonly asset: string;
  readonly echo: string | null;
  readonly dead: string | null;
  readonly adminToken: string | null;
}

export interface Verdict {
  readonly state: "holds" | "fails" | "skipped";
  /** What was seen; empty when there is nothing to say. */
  readonly why: string;
}

export interface VerifyCheck {
  readonly claim: string;
  run(target: VerifyTarget): Promise<Verdict>;
}

/** How often a page is asked for until it has to be a hit. */
const TRIES = 6;

/** From the range for documentation (RFC 5737): no real visitor has it. */
const SPOOFED_ADDRESS = "203.0.113.77";

export const CHECKS: readonly VerifyCheck[] = [
  { claim: "Breakwater answers: Via and X-Request-Id are on every response", run: answersAtAll },
  { claim: "the control path does not exist for those without the token", run: controlIsHidden },
  { claim: "a cacheable file is stored and found again (put and match of the cache)", run: cacheWorks },
  { claim: "the zone's own cache stays out of it: no CF-Cache-Status", run: noZoneStatus },
  { claim: "what must not be cached reaches the origin each time (the zone's cache is bypassed below fetch)", run: zoneCacheBypassed },
  { claim: "Accept-Encoding: identity, gzip and br each get what they ask for, the same file", run: encodingsAgree },
  { claim: "ETag: the same twice, and a conditional request gets 304", run: etagWorks },
  { claim: "a range gets 206 with the right length", run: rangeWorks },
  { claim: "Host: the origin is asked under its own name and told the visitor's", run: hostIsRight },
  { claim: "client address: the real one is passed on, a claimed one is not believed", run: addressIsReal },
  { claim: "a dead origin gives Breakwater's error page, not Cloudflare's", run: deadOriginIsOurs },
  { claim: "a purge of a URL makes it a miss", run: purgeWorks },
];

const HOLDS: Verdict = { state: "holds", why: "" };

function fails(why: string): Verdict {
  return { state: "fails", why };
}

function skipped(why: string): Verdict {
  return { state: "skipped", why };
}

/** The asset under a query of its own, so that nothing is in the cache yet. */
function freshAsset(target: VerifyTarget): string {
  return `${target.asset}?breakwater-verify=${randomBytes(6).toString("hex")}`;
}

async function answersAtAll({ probe, asset }: VerifyTarget): Promise<Verdict> {
  const { status, headers } = await probe(asset);
  if (!(headers["via"] ?? "").includes("breakwater")) return fails(`no Via of Breakwater (status ${status}): is the Worker on this host?`);
  if (headers["x-request-id"] === undefined) return fails("no X-Request-Id");
  return status === 200 ? HOLDS : fails(`${asset} has status ${status}; name a file that exists with --asset PATH`);
}

async function controlIsHidden({ probe }: VerifyTarget): Promise<Verdict> {
  const plain = await probe("/_breakwater/status");
  const wrong = await probe("/_breakwater/status", { headers: { authorization: "Bearer wrong" } });
  return plain.status === 404 && wrong.status === 404 ? HOLDS : fails(`status ${plain.status} without, ${wrong.status} with a wrong token`);
}

/** Asks until there is a hit; null when there never is one. */
async function untilHit(probe: Probe, path: string): Promise<ProbeAnswer | null> {
  for (let i = 0; i < TRIES; i++) {
    const answer = await probe(path);
    if (answer.headers["x-cache"] === "HIT") return answer;
  }
  return null;
}

async function cacheWorks(target: VerifyTarget): Promise<Verdict> {
  const path = freshAsset(target);
  const first = await target.probe(path);
  if (first.headers["x-cache"] !== "MISS")
    return fails(`the first answer is ${first.headers["x-cache"] ?? "without X-Cache"}: ${first.headers["cache-status"] ?? ""}`);
  const hit = await untilHit(target.probe, path);
  if (hit === null)
    return fails(`no HIT in ${TRIES} requests; on workers.dev the Cache API has no effect, it takes a custom domain or route`);
  if (hit.headers["age"] === undefined) return fails("the hit has no Age");
  return hit.body.equals(first.body) ? HOLDS : fails("the hit has another body");
}

async function noZoneStatus({ probe, asset }: VerifyTarget): Promise<Verdict> {
  const { headers } = await probe(asset);
  const status = headers["cf-cache-status"];
  return status === undefined || status === "DYNAMIC" ? HOLDS : fails(`CF-Cache-Status: ${status}; look for a Cache Rule on this host`);
}

async function echoOf(
  target: VerifyTarget,
  headers: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>> | null> {
  if (target.echo === null) return null;
  const { status, body } = await target.probe(target.echo, { headers });
  if (status !== 200) throw new Error(`${target.echo} answers ${status}`);
  return (JSON.parse(body.toString("utf8")) as { headers: Record<string, string> }).headers;
}

const NO_ECHO = skipped("name a page that shows its request's headers: --echo PATH");

async function zoneCacheBypassed(target: VerifyTarget): Promise<Verdict> {
  for (let i = 0; i < 3; i++) {
    const nonce = randomBytes(6).toString("hex");
    const seen = await echoOf(target, { "x-verify-nonce": nonce });
    if (seen === null) return NO_ECHO;
    if (seen["x-verify-nonce"] !== nonce) return fails("the origin's answer to another request came back: a cache below fetch() answered");
  }
  return HOLDS;
}

async function encodingsAgree({ probe, asset }: VerifyTarget): Promise<Verdict> {
  const plain = await probe(asset, { headers: { "accept-encoding": "identity" } });
  if (plain.headers["content-encoding"] !== undefined) return fails(`identity was asked for, ${plain.headers["content-encoding"]} came`);
  for (const [encoding, decode] of [
    ["gzip", gunzipSync],
    ["br", brotliDecompressSync],
  ] as const) {
    const { headers, body } = await probe(asset, { headers: { "accept-encoding": encoding } });
    const got = headers["content-encoding"];
    if (got !== undefined && got !== encoding) return fails(`${encoding} was asked for, ${got} came`);
    const content = got === undefined ? body : decode(body);
    if (!content.equals(plain.body)) return fails(`the file in ${got ?? "plain"} is not the same file`);
  }
  return HOLDS;
}

async function etagWorks({ probe, asset }: VerifyTarget): Promise<Verdict> {
  const encoding = { "accept-encoding": "identity" };
  const [first, second] = [await probe(asset, { headers: encoding }), await probe(asset, { headers: encoding })];
  const etag = first.headers["etag"];
  if (etag === undefined) return skipped(`${asset} has no ETag`);
  if (second.headers["etag"] !== etag) return fails(`${etag}, then ${second.headers["etag"] ?? "none"}: do the origins agree on it?`);
  const conditional = await probe(asset, { headers: { ...encoding, "if-none-match": etag } });
  return conditional.status === 304 && conditional.body.length === 0 ? HOLDS : fails(`If-None-Match: ${etag} gets ${conditional.status}`);
}

async function rangeWorks({ probe, asset }: VerifyTarget): Promise<Verdict> {
  const { status, headers, body } = await probe(asset, { headers: { range: "bytes=0-9", "accept-encoding": "identity" } });
  if (status === 200) return skipped("the whole file came, which RFC 9110 allows");
  return status === 206 && body.length === 10
    ? HOLDS
    : fails(`status ${status}, ${body.length} bytes, Content-Range ${headers["content-range"] ?? "missing"}`);
}

async function hostIsRight(target: VerifyTarget): Promise<Verdict> {
  const seen = await echoOf(target, { "x-forwarded-host": "claimed.invalid" });
  if (seen === null) return NO_ECHO;
  const told = seen["x-forwarded-host"];
  if (told !== target.host) return fails(`X-Forwarded-Host is ${told ?? "missing"}, expected ${target.host}`);
  return { state: "holds", why: `Host at the origin: ${seen["host"] ?? "none"}` };
}

async function addressIsReal(target: VerifyTarget): Promise<Verdict> {
  const claims = {
    "x-forwarded-for": SPOOFED_ADDRESS,
    forwarded: `for=${SPOOFED_ADDRESS}`,
    "x-real-ip": SPOOFED_ADDRESS,
    "true-client-ip": SPOOFED_ADDRESS,
  };
  const seen = await echoOf(target, claims);
  if (seen === null) return NO_ECHO;
  const address = (seen["x-forwarded-for"] ?? "").trim();
  if (address.includes(SPOOFED_ADDRESS)) return fails(`the claimed address was believed: X-Forwarded-For: ${address}`);
  return isIP(address) === 0
    ? fails(`X-Forwarded-For is "${address}", not one address`)
    : { state: "holds", why: `this machine is ${address}` };
}

async function deadOriginIsOurs({ probe, dead }: VerifyTarget): Promise<Verdict> {
  if (dead === null) return skipped("name a route whose origins are dead: --dead PATH");
  const { status, headers, body } = await probe(dead, { headers: { accept: "text/html" } });
  if (![502, 503, 504].includes(status)) return fails(`status ${status}; expected 502, 503 or 504 (520 to 530 are Cloudflare's own)`);
  const id = headers["x-request-id"];
  if (id === undefined || !body.toString("utf8").includes(id))
    return fails("the page does not show the request id: it is not Breakwater's");
  if (headers["cache-control"] !== "no-store") return fails(`Cache-Control: ${headers["cache-control"] ?? "missing"}, expected no-store`);
  return { state: "holds", why: `status ${status}, Retry-After: ${headers["retry-after"] ?? "none"}` };
}

async function purgeWorks(target: VerifyTarget): Promise<Verdict> {
  if (target.adminToken === null) return skipped("set BREAKWATER_ADMIN_TOKEN");
  const path = freshAsset(target);
  if ((await untilHit(target.probe, path)) === null) return fails("the file is not stored in the first place");
  const headers = { authorization: `Bearer ${target.adminToken}`, "content-type": "application/json" };
  const body = JSON.stringify({ kind: "url", value: target.base + path });
  const receipt = await target.probe("/_breakwater/purge", { method: "POST", headers, body });
  if (receipt.status !== 200) return fails(`the purge was answered with ${receipt.status}: ${receipt.body.toString("utf8").slice(0, 200)}`);
  const state = (await target.probe(path)).headers["x-cache"];
  const until = (JSON.parse(receipt.body.toString("utf8")) as { everywhereByMs?: number }).everywhereByMs ?? Date.now();
  if (state === "MISS" || state === "EXPIRED") return HOLDS;
  return fails(`the next answer is ${state ?? "without X-Cache"}; other machines must have seen it by ${new Date(until).toISOString()}`);
}
