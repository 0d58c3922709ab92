// A URL that an operator names, as the facts of a visitor's plain GET of it: the same canonical forms as in the stage "receive",
// with no headers and nobody behind it.

import type { ClientFacts, Facts } from "../facts.ts";
import { canonicalHost, canonicalPath } from "../http/url.ts";

/** Null when no visitor could send it. Userinfo is refused, a fragment is dropped. */
export function readUrl(url: string): Facts | null {
  const match = /^(https?):\/\/([^/?#@]+)([^?#]*)(?:\?([^#]*))?/i.exec(url);
  if (match === null) return null;
  const [, schemeText = "", authority = "", rest = "", query = ""] = match;
  const scheme = schemeText.toLowerCase() === "https" ? "https" : "http";
  const rawPath = rest === "" ? "/" : rest;
  const host = canonicalHost(authority, scheme);
  const path = canonicalPath(rawPath);
  if (!host.ok || path.problem !== null) return null;
  return {
    method: "GET",
    rawUrl: url,
    scheme,
    host: host.value.host,
    hostname: host.value.hostname,
    rawPath,
    path: path.path,
    pathIsAmbiguous: path.ambiguous,
    query,
    headers: new Headers(),
    client: NOBODY,
    protocol: "HTTP/1.1",
    hasBody: false,
    contentLength: null,
    isUpgrade: false,
    receivedAtMs: 0,
  };
}

const NOBODY: ClientFacts = {
  address: "",
  acceptEncoding: "",
  country: null,
  continent: null,
  region: null,
  city: null,
  asn: null,
  latitude: null,
  longitude: null,
  timezone: null,
  isEu: null,
  colo: null,
  tlsVersion: null,
  tlsCipher: null,
};
