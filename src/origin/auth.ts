// The header by which an origin knows that a request came through Breakwater: the secret itself, or a signature of time, method
// and target. It is added to what one attempt sends and to nothing else, so that no key, variant or log ever holds it. Called for
// attempts and for checks; a missing secret is told once and sends no header.

import type { OriginAuthSnapshot } from "../config/pool-snapshot.ts";
import type { FetchInit, Ports } from "../ports.ts";
import { importHmacKey, timedSignature } from "../hmac.ts";

/** What an isolate keeps: the keys by the release's objects, which they go with, and the secrets that were missed. */
export interface AuthKeys {
  readonly keys: WeakMap<OriginAuthSnapshot, CryptoKey>;
  readonly missed: Set<string>;
}

export function createAuthKeys(): AuthKeys {
  return { keys: new WeakMap(), missed: new Set() };
}

export interface AuthContext {
  readonly memory: AuthKeys;
  readonly ports: Pick<Ports, "secrets" | "log">;
}

export interface SignedRequest {
  readonly method: string;
  /** As the origin sees it, base path included: see `targetOf`. */
  readonly target: string;
  readonly nowMs: number;
}

/** Name and value; null when the Worker lacks the secret. */
export async function authHeader(
  auth: OriginAuthSnapshot,
  { method, target, nowMs }: SignedRequest,
  { memory, ports }: AuthContext,
): Promise<readonly [name: string, value: string] | null> {
  const secret = ports.secrets.get(auth.secret);
  if (secret === null) {
    if (!memory.missed.has(auth.secret)) ports.log.write({ event: "secret-missing", secret: auth.secret, use: "auth" });
    memory.missed.add(auth.secret);
    return null;
  }
  if (auth.kind === "shared") return [auth.header, secret];
  let key = memory.keys.get(auth);
  if (key === undefined) {
    key = await importHmacKey(secret);
    memory.keys.set(auth, key);
  }
  // Neither a method nor a target can hold a line break, so the three parts cannot run into each other.
  return [auth.header, await timedSignature(key, nowMs, `\n${method}\n${target}`)];
}

/**
 * Puts the header on a request that is about to be sent, in place of any other of its name.
 *
 * @param auth - Of the origin's pool; null changes nothing.
 */
export async function authorize(
  request: { readonly url: string; readonly init: FetchInit },
  auth: OriginAuthSnapshot | null,
  context: AuthContext & { readonly nowMs: number },
): Promise<void> {
  if (auth === null) return;
  const { method, headers } = request.init;
  headers.delete(auth.header);
  const made = await authHeader(auth, { method, target: targetOf(request.url), nowMs: context.nowMs }, context);
  if (made !== null) headers.set(...made);
}

/** Path and query of an absolute URL as fetch puts them on the wire: parsed once, without the fragment. */
export function targetOf(url: string): string {
  const { href, origin } = new URL(url);
  return href.slice(origin.length).split("#", 1)[0] ?? "";
}

/**
 * Without what a visitor says in our name: the headers of all pools, since a request may go on to another one, and in the
 * spelling too that CGI and its heirs read as the same. The same object when there is none of it, as nearly always.
 *
 * @param names - Lower case.
 */
export function withoutAuthHeaders(headers: Headers, names: readonly string[]): Headers {
  if (names.length === 0) return headers;
  const ours = new Set(names.map((name) => name.replaceAll("_", "-")));
  const claimed = [...headers.keys()].filter((sent) => ours.has(sent.replaceAll("_", "-")));
  if (claimed.length === 0) return headers;
  const others = new Headers(headers);
  for (const name of claimed) others.delete(name);
  return others;
}
