// Sends the requests of verify-production: nothing is decoded, followed or pooled, so that what is judged is what came over the
// wire. Called by the checks only.

import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface ProbeAnswer {
  readonly status: number;
  /** By lower-case name; several values are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ProbeOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type Probe = (target: string, options?: ProbeOptions) => Promise<ProbeAnswer>;

/** An edge that takes longer than this for one answer is a finding of its own. */
const ANSWER_MS_MAX = 30_000;

/** @param base Scheme and host, without a trailing slash. */
export function createProbe(base: string): Probe {
  const { protocol, hostname, port } = new URL(base);
  const send = protocol === "https:" ? httpsRequest : httpRequest;
  return (target, options = {}) =>
    new Promise((resolve, reject) => {
      const { method = "GET", headers = {}, body } = options;
      const request = send(
        { hostname, port, path: target, method, agent: false, headers: { "user-agent": "breakwater-verify", ...headers } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const received = Object.entries(response.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(", ") : (value ?? ""),
            ]);
            resolve({
              status: response.statusCode ?? 0,
              headers: Object.fromEntries(received) as Record<string, string>,
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      request.setTimeout(ANSWER_MS_MAX, () =>
        request.destroy(new Error(`no answer to ${method} ${target} within ${ANSWER_MS_MAX / 1000} s`)),
      );
      request.on("error", reject);
      request.end(body);
    });
}
