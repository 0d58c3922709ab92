// The headers of a request whose answer may be given to others: what neither the key nor a variant holds, and the route knows to
// matter, is taken out or made one of few values, since what an origin makes of it would be stored for all. Pure. Made once, in the
// plan: what the origin is sent and what variants are told apart by are then the same.

import type { CachePolicySnapshot } from "../config/snapshot.ts";
import { parseCookies } from "../http/cookies.ts";
import { lookupLanguage } from "../http/language-lookup.ts";
import { parseWeighted } from "../http/weighted.ts";
import { DEVICE_CLASS_FIELD, deviceClass } from "./device.ts";

export type SharingPolicy = Pick<CachePolicySnapshot, "requestCookies" | "key" | "vary">;

/**
 * A copy.
 *
 * @param headers - As the origin would get them, header rules applied: a rule must not bring back what is ignored.
 * @param visitor - As the visitor sent them: what the key was made from.
 */
export function sharedHeaders(headers: Headers, visitor: Headers, policy: SharingPolicy): Headers {
  const shared = new Headers(headers);
  const { key, vary } = policy;
  for (const name of vary.ignore) shared.delete(name);
  if (policy.requestCookies === "ignore") keepCookies(shared, key.cookies);
  if (vary.accept.length > 0) shared.set("accept", acceptOf(vary.accept, visitor.get("accept")));
  const language = keyLanguage(visitor, key) ?? chosen(vary.languages, visitor);
  if (language !== null) shared.set("accept-language", language);
  if (key.device) shared.set(DEVICE_CLASS_FIELD, deviceClass(visitor.get("user-agent")));
  return shared;
}

/** The language that the key holds; null when it holds none. */
export function keyLanguage(visitor: Headers, key: Pick<CachePolicySnapshot["key"], "languages">): string | null {
  return chosen(key.languages, visitor);
}

/**
 * The fields of a Vary that tell variants apart: not those that the origin never gets, nor those whose value is part of the key.
 */
export function variantFields(vary: readonly string[], { key, vary: { ignore } }: Pick<SharingPolicy, "key" | "vary">): readonly string[] {
  return vary.filter(
    (field) =>
      !ignore.includes(field) &&
      !(field === "accept-language" && key.languages.length > 0) &&
      !(field === DEVICE_CLASS_FIELD && key.device),
  );
}

function chosen(languages: readonly string[], visitor: Headers): string | null {
  return languages.length === 0 ? null : lookupLanguage(languages, visitor.get("accept-language"));
}

/** Cookies that are part of the key stay. */
function keepCookies(headers: Headers, names: readonly string[]): void {
  const kept = parseCookies(headers.get("cookie")).filter(([name]) => names.includes(name));
  headers.delete("cookie");
  if (kept.length > 0) headers.set("cookie", kept.map(([name, value]) => `${name}=${value}`).join("; "));
}

/** A wildcard takes a type, but does not know it: browsers send one with types that they cannot show. */
function acceptOf(types: readonly string[], accept: string | null): string {
  const named = parseWeighted((accept ?? "").toLowerCase()).filter(({ weight, parameters }) => weight > 0 && parameters.length === 0);
  const taken = types.filter((type) => named.some(({ text }) => text === type));
  return [...taken, "*/*"].join(", ");
}
