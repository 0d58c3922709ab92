// An origin in the test's own process, for answers that depend on the moment: a test holds one back, sends half of it, or lets it
// follow from what was asked. Real HTTP on 127.0.0.1; `raw-origin.ts` is for answers that are no valid HTTP.

import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ScriptedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers one request. What it throws breaks the connection off. */
export type Script = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface ScriptedOrigin {
  readonly url: string;
  readonly seen: ScriptedRequest[];
  /** Puts a script at a path; its query does not count. Other paths get 404. */
  at(path: string, script: Script): void;
  /** How often the path was asked for with this method, whatever the query. */
  asked(path: string, method?: string): number;
  stop(): Promise<void>;
}

export async function startScriptedOrigin(): Promise<ScriptedOrigin> {
  const scripts = new Map<string, Script>();
  const seen: ScriptedRequest[] = [];
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    seen.push({ method, url, headers });
    const script = scripts.get(pathOf(url)) ?? notThere;
    Promise.resolve(script(request, response)).catch(() => response.destroy());
  });
  // Longer than any proxy keeps an idle connection: otherwise one is closed under a request that is just being sent.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    seen,
    at: (path, script) => void scripts.set(path, script),
    asked: (path, method = "GET") => seen.filter((request) => request.method === method && pathOf(request.url) === path).length,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pathOf(url: string): string {
  return url.split("?", 1)[0] ?? "";
}

function notThere(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { "Content-Length": 0, "Cache-Control": "no-store" }).end();
}

/** Something that a test lets happen: who waits for it goes on once it is open. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
