// The public suite http-cache-tests, as it is installed in this folder: its tests, its origin and its client, and how a result is
// read. Takes nothing over from its own server, which listens on all interfaces, nor from its command line, which gives no score.
// Used by run.ts.

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SuiteTest {
  readonly id: string;
  readonly name: string;
  /** Missing for required. `check` asks how a cache behaves where it is free to choose, and is not scored. */
  readonly kind?: "required" | "optimal" | "check";
  /** Tests without which this one proves nothing. */
  readonly depends_on?: readonly string[];
  readonly browser_only?: boolean;
  /** Prints what was sent and received, on both sides. */
  dump?: boolean;
}

export interface SuiteGroup {
  readonly id: string;
  readonly name: string;
  readonly tests: readonly SuiteTest[];
}

/** By test: true, or the kind of the failure and what was wrong. */
export type SuiteResults = Readonly<Record<string, true | readonly [kind: string, message: string]>>;

export interface Suite {
  /** Without the group `surrogate-control`, which is about an older W3C note, and without tests of browsers. */
  readonly groups: readonly SuiteGroup[];
  /** Runs tests against a cache. May be called once in a process: the suite keeps its results in its modules. */
  run(groups: readonly SuiteGroup[], baseUrl: string): Promise<SuiteResults>;
  startOrigin(): Promise<Origin>;
}

export interface Origin {
  readonly url: string;
  stop(): Promise<void>;
}

type Handler = (pathSegments: readonly string[], request: IncomingMessage, response: ServerResponse) => void;

export async function loadSuite(): Promise<Suite> {
  const [tests, runner, config, state, test, nodeFetch] = await Promise.all([
    load("http-cache-tests/tests/index.mjs"),
    load("http-cache-tests/client/runner.mjs"),
    load("http-cache-tests/server/handle-config.mjs"),
    load("http-cache-tests/server/handle-state.mjs"),
    load("http-cache-tests/server/handle-test.mjs"),
    load("node-fetch/lib/index.mjs"),
  ]);
  const runTests = runner["runTests"] as (groups: readonly SuiteGroup[], fetch: unknown, browser: boolean, base: string) => Promise<void>;
  const getResults = runner["getResults"] as () => SuiteResults;
  const handlers = new Map([
    ["config", config["default"] as Handler],
    ["state", state["default"] as Handler],
    ["test", test["default"] as Handler],
  ]);
  return {
    groups: (tests["default"] as readonly SuiteGroup[]).map((group) => ({
      ...group,
      tests: group.tests.filter((one) => one.browser_only !== true),
    })),
    async run(groups, baseUrl) {
      await runTests(groups, nodeFetch["default"], false, baseUrl);
      return getResults();
    },
    startOrigin: () => startOrigin(handlers),
  };
}

/** The suite's modules have no types, and are there only when this folder's own dependencies are installed. */
async function load(path: string): Promise<Record<string, unknown>> {
  return (await import(new URL(`node_modules/${path}`, import.meta.url).href)) as Record<string, unknown>;
}

async function startOrigin(handlers: ReadonlyMap<string, Handler>): Promise<Origin> {
  const server = createServer((request, response) => {
    const [, name = "", ...rest] = new URL(request.url ?? "/", "http://origin.invalid").pathname.split("/");
    const handler = handlers.get(name);
    if (handler !== undefined) return handler(rest, request, response);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => closed(server) };
}

async function closed(server: Server): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await done;
}

/** The suite's own rule: a test counts as passed when it passed, and so did all that it depends on. */
export function hasPassed(id: string, tests: ReadonlyMap<string, SuiteTest>, results: SuiteResults): boolean {
  return results[id] === true && (tests.get(id)?.depends_on ?? []).every((other) => hasPassed(other, tests, results));
}
