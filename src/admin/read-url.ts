// A URL that an operator names, as the facts of a visitor's plain GET of it: the same canonical forms as in the stage "receive",
// with no headers and nobody behind it.

import { NOBODY, type Facts } from "../facts.ts";
import { readRequestUrl } from "../http/request-url.ts";

/** Null when no visitor could send it. Userinfo is refused, a fragment is dropped. */
export function readUrl(rawUrl: string): Facts | null {
  const url = readRequestUrl(rawUrl);
  if (!url.ok) return null;
  return {
    method: "GET",
    rawUrl,
    ...url.value,
    headers: new Headers(),
    client: NOBODY,
    protocol: "HTTP/1.1",
    hasBody: false,
    contentLength: null,
    isUpgrade: false,
    receivedAtMs: 0,
  };
}
