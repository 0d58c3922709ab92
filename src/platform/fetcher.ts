// The Fetcher port: the one place that calls fetch(). Every request to an origin passes by the zone's own cache, never follows
// a redirect, and takes the body as the origin encoded it. An origin that is another Worker is asked through its binding.

import type { Fetcher, FetchInit, Log } from "../ports.ts";
import type { Bindings } from "./bindings.ts";

export function createFetcher(bindings: Bindings, log: Log): Fetcher {
  return {
    fetch: (url, init) =>
      init.service === null ? fetch(url, optionsOf(init)) : askService(url, init, { bindings, log, name: init.service }),
  };
}

interface ServiceCall {
  readonly bindings: Bindings;
  readonly log: Log;
  readonly name: string;
}

/** @throws Error that is classified as a connection that was not made, when there is no such binding. */
async function askService(url: string, init: FetchInit, { bindings, log, name }: ServiceCall): Promise<Response> {
  const service = bindings.get(name);
  if (!isService(service)) {
    log.write({ event: "service-missing", service: name, origin: init.originKey });
    throw new Error(`connect to the service binding ${name}: the Worker has none of that name`);
  }
  try {
    return await service.fetch(url, optionsOf(init));
  } catch (error) {
    if (init.signal?.aborted === true || !isTheirs(error)) throw error;
    // The other Worker took the request and has no answer: what a server says with this status.
    log.write({ event: "service-threw", service: name, origin: init.originKey, message: String(error) });
    return new Response(null, { status: 500 });
  }
}

function optionsOf(init: FetchInit): RequestInit {
  const options: RequestInit = {
    method: init.method,
    headers: init.headers,
    body: init.body,
    redirect: "manual",
    // In production a second cache sits under fetch(). Ours is the only one that may answer.
    cache: "no-store",
    // Bytes are passed on and stored as they came; without this the body is decoded while the header stays.
    encodeResponseBody: "manual",
    signal: init.signal,
  };
  if (init.resolveOverride !== null) options.cf = { resolveOverride: init.resolveOverride };
  return options;
}

function isService(binding: unknown): binding is { readonly fetch: typeof fetch } {
  return typeof binding === "object" && binding !== null && "fetch" in binding && typeof binding.fetch === "function";
}

/** The runtime marks what another Worker threw; what breaks on the way is not marked. */
function isTheirs(error: unknown): boolean {
  return error instanceof Error && "remote" in error && error.remote === true;
}
