// Part of the stage admit: a 304 that says that a stored response is still right (RFC 9111 4.3.4). Its fields go into the stored
// ones and the times start again; the body stays where it is. When the 304 contradicts what is stored, that is forgotten.

import { confirms, mergedHeaders } from "../cache/revalidate.ts";
import { storable } from "../cache/storable.ts";
import type { StoredResponse } from "../cache/stored.ts";
import { announce, contradicts, type Admission, type Answered } from "./admission.ts";
import type { StoredAt } from "./found.ts";
import { writeResponse } from "./store-response.ts";

export interface Confirmation {
  /** As it is to be served: with the fields of the 304. */
  readonly stored: StoredResponse;
  readonly isStored: boolean;
}

export interface ConfirmInput {
  readonly admission: Admission;
  readonly at: StoredAt;
  /** The stored bytes where they share the entry with the metadata, which is written anew; null where they do not. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** The 304, or the answer to a HEAD that describes what is stored. */
  readonly outcome: Answered;
}

/** RFC 9111 3.2 for the one field that may come in several lines which cannot be joined. */
function replaceCookies(headers: Headers, update: Headers): void {
  const cookies = update.getSetCookie();
  if (cookies.length > 0) headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", cookie);
}

/** The store is written in the background. */
export function confirm(input: ConfirmInput): Confirmation {
  const { admission, at, outcome } = input;
  const { exchange, ports, cached, flight } = admission;
  const { requestedAtMs, respondedAtMs } = outcome;
  const update = outcome.response.headers;
  const forget = (): void => ports.defer(ports.cache.delete(at.entryUrl));
  if (!confirms(update, at.stored)) {
    forget();
    return { stored: at.stored, isStored: false };
  }
  const headers = mergedHeaders(at.stored, update);
  if (cached.policy.setCookie === "store") replaceCookies(headers, update);
  const { status, guessable } = at.stored;
  const response = { status, headers, requestedAtMs, respondedAtMs, guessable };
  const updated: StoredResponse = { ...at.stored, headers, requestedAtMs, respondedAtMs };
  const { path, headers: requestHeaders } = exchange.facts;
  const verdict = storable({ path, requestHeaders, response, policy: cached.policy });
  // A 304 that changes Vary changes under which key the response belongs.
  if (verdict.store && verdict.vary.join() === at.stored.vary.join()) {
    announce(admission, response, { ...at.stored, bytes: null });
    const written = writeResponse(ports.cache, { ...updated, tags: verdict.tags }, input.bytes);
    ports.defer(written.then((isStored) => flight?.end(isStored)));
    return { stored: updated, isStored: true };
  }
  if (verdict.store || contradicts(status, verdict.reason)) forget();
  return { stored: updated, isStored: false };
}
