// Facts of a request for the firewall's tests, from a URL and what differs from a plain GET.

import { NOBODY, type ClientFacts, type Facts } from "../../../src/facts.ts";

interface Options {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: Partial<ClientFacts>;
  readonly more?: Partial<Facts>;
}

export function factsOf(url: string, options: Options = {}): Facts {
  const parsed = new URL(url);
  return {
    method: options.method ?? "GET",
    rawUrl: url,
    scheme: parsed.protocol === "https:" ? "https" : "http",
    host: parsed.host,
    hostname: parsed.hostname,
    rawPath: parsed.pathname,
    path: parsed.pathname,
    pathIsAmbiguous: false,
    query: parsed.search.slice(1),
    headers: new Headers(options.headers),
    client: { ...NOBODY, address: "203.0.113.7", acceptEncoding: "gzip", ...options.client },
    protocol: "HTTP/2",
    hasBody: false,
    contentLength: null,
    isUpgrade: false,
    receivedAtMs: 1_700_000_000_123,
    ...options.more,
  };
}
