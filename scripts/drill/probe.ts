// Sends one request with a drill's signed header and reads what a visitor would get, to its end. It follows no redirect and decodes
// nothing. A broken answer is a finding, not a failure.

import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";

export interface Seen {
  /** Null when there was no answer at all. */
  readonly status: number | null;
  /** As the Worker names them: faults it put on the request; null when it took no drill. */
  readonly faults: string | null;
  readonly attempts: readonly string[];
  readonly ladder: readonly string[];
  /** Value of X-Cache, if any. */
  readonly cache: string | null;
  readonly location: string | null;
  readonly retryAfter: string | null;
  /** Until the last byte. */
  readonly ms: number;
  /** Why the answer did not come to its end; null when it did. */
  readonly broken: string | null;
}

export interface ProbeInput {
  readonly url: string;
  /** Where it is sent when that is not the URL's own host: the Worker on this machine. */
  readonly via: string | null;
  /** Value of X-Breakwater-Drill. */
  readonly header: string;
}

/** Longer than a default timeout and its retries. */
const ANSWER_MS_MAX = 150_000;

/** What is behind is not waited for: a film needs no drill to its end. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;

export async function probe(input: ProbeInput, nowMs: () => number): Promise<Seen> {
  const startedAtMs = nowMs();
  try {
    const message = await open(input);
    const broken = await readBody(message);
    return { ...seen(message.headers), status: message.statusCode ?? null, broken, ms: nowMs() - startedAtMs };
  } catch (error) {
    return { ...seen({}), status: null, broken: reason(error), ms: nowMs() - startedAtMs };
  }
}

function open({ url, via, header }: ProbeInput): Promise<IncomingMessage> {
  const target = new URL(url);
  const { protocol, hostname, port } = new URL(via ?? url);
  const send = protocol === "https:" ? httpsRequest : httpRequest;
  const headers = {
    host: target.host,
    "user-agent": "breakwater-drill",
    accept: "*/*",
    "x-breakwater-drill": header,
    // The Worker on this machine takes the scheme from here.
    ...(via === null ? {} : { "mf-original-url": target.href }),
  };
  return new Promise((resolve, reject) => {
    const path = target.pathname + target.search;
    const request = send({ hostname, port, path, method: "GET", agent: false, headers }, resolve);
    request.setTimeout(ANSWER_MS_MAX, () => request.destroy(new Error(`no answer within ${ANSWER_MS_MAX / 1000} s`)));
    request.on("error", reject);
    request.end();
  });
}

async function readBody(message: IncomingMessage): Promise<string | null> {
  let bytes = 0;
  try {
    for await (const chunk of message) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > BODY_BYTES_MAX) break;
    }
    return null;
  } catch (error) {
    return `broke off after ${bytes} bytes: ${reason(error)}`;
  } finally {
    message.destroy();
  }
}

function seen(headers: IncomingHttpHeaders): Omit<Seen, "status" | "broken" | "ms"> {
  return {
    faults: text(headers["x-breakwater-drill"]),
    attempts: listed(headers["x-breakwater-drill-attempts"]),
    ladder: listed(headers["x-breakwater-drill-ladder"]),
    cache: text(headers["x-cache"]),
    location: text(headers.location),
    retryAfter: text(headers["retry-after"]),
  };
}

function listed(value: string | string[] | undefined): readonly string[] {
  const joined = text(value);
  return joined === null || joined === "none" ? [] : joined.split(", ");
}

function text(value: string | string[] | undefined): string | null {
  return value === undefined ? null : String(value);
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
