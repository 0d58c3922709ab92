// The load, a process of its own: so many requests over so many connections, each sent when the one before it has been answered.
// `node load.ts URL REQUESTS CONNECTIONS`; a `#` in the URL becomes the number of the request. Prints the result as JSON.

import { Agent, get } from "node:http";

export interface LoadResult {
  readonly requests: number;
  /** Answers that were not 200, and requests without an answer. */
  readonly failed: number;
  readonly seconds: number;
  /** Of all requests, milliseconds. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

const [url = "", total = "1000", connections = "8"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const times: number[] = [];
let failed = 0;
let next = 0;

async function worker(): Promise<void> {
  while (next < Number(total)) {
    const number = next++;
    const startedMs = performance.now();
    const status = await once(url.replace("#", String(number)));
    times.push(performance.now() - startedMs);
    if (status !== 200) failed += 1;
  }
}

function once(target: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get(target, { agent, headers: { host: "bench.test" } }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.on("error", () => resolve(0));
    });
    request.on("error", () => resolve(0));
  });
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, worker));
const seconds = (performance.now() - startedMs) / 1000;
times.sort((a, b) => a - b);
const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
const result: LoadResult = { requests: times.length, failed, seconds, medianMs: at(0.5), p99Ms: at(0.99) };
console.log(JSON.stringify(result));
agent.destroy();
