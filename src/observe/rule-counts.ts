// What firewall rules did, as one isolate counts it until it is sent on: by rule, effect and hour, with a few samples of the requests.
// Bounded whatever visitors send: only ids of the release get in, rows and texts have limits, and the newest samples take the place of
// older ones. Pure but for its own table; sends nothing. Used by rule-reporter.ts.

import type { Digest, Exchange } from "../exchange.ts";
import {
  RULE_COUNT_ROWS_MAX,
  RULE_COUNT_SAMPLES_MAX,
  RULE_SAMPLE_AGENT_CHARS_MAX,
  RULE_SAMPLE_EVERY_MS,
  RULE_SAMPLE_HOST_CHARS_MAX,
  RULE_SAMPLE_METHOD_CHARS_MAX,
  RULE_SAMPLE_PATH_CHARS_MAX,
} from "../limits.ts";

/** What a rule did, or would have done. */
export type RuleDid = Digest["rules"][number]["did"];

/** A request that a rule matched. Never its query, cookies or credentials. */
export interface RuleSample {
  readonly atMs: number;
  /** Request id, as in the log and on error pages. */
  readonly id: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Of the answer that the visitor got, in the end. */
  readonly status: number;
  readonly address: string;
  readonly country: string | null;
  readonly asn: number | null;
  readonly userAgent: string;
}

export interface RuleCount {
  readonly rule: string;
  readonly did: RuleDid;
  /** Beginning of the hour in which the requests arrived. */
  readonly hourMs: number;
  readonly count: number;
  readonly lastAtMs: number;
  /** The newest, oldest first. */
  readonly samples: readonly RuleSample[];
}

export interface RuleBatch {
  /** Random: a batch that arrives twice counts once. */
  readonly id: string;
  readonly counts: readonly RuleCount[];
  /** Matches that found no row. */
  readonly uncounted: number;
}

/** A request that is over. */
export interface MatchedRequest {
  readonly exchange: Pick<Exchange, "id" | "facts"> & {
    /** As the visitor sent it; the facts are as rules changed them. */
    readonly request: Pick<Request, "url" | "headers">;
    readonly digest: Pick<Digest, "rules">;
  };
  readonly status: number;
}

export interface RuleCounts {
  /** A request that no rule matched changes nothing. */
  add(request: MatchedRequest): void;
  isEmpty(): boolean;
  /** Hands over all that was counted, and begins anew; null when there is nothing. */
  take(id: string): RuleBatch | null;
}

const HOUR_MS = 3_600_000;

export function createRuleCounts(): RuleCounts {
  let rows = new Map<string, MutableCount>();
  let uncounted = 0;
  return {
    add(request) {
      const { rules } = request.exchange.digest;
      if (rules.length === 0) return;
      let made: RuleSample | null = null;
      const sample = (): RuleSample => (made ??= sampleOf(request));
      const atMs = request.exchange.facts.receivedAtMs;
      for (const { id, did } of rules) if (!addTo(rows, { rule: id, did, atMs, sample })) uncounted += 1;
    },
    isEmpty: () => rows.size === 0,
    take(id) {
      if (rows.size === 0) return null;
      const batch = { id, counts: [...rows.values()], uncounted };
      rows = new Map();
      uncounted = 0;
      return batch;
    },
  };
}

export function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS) * HOUR_MS;
}

interface MutableCount extends RuleCount {
  count: number;
  lastAtMs: number;
  readonly samples: RuleSample[];
}

interface Match {
  readonly rule: string;
  readonly did: RuleDid;
  readonly atMs: number;
  /** One object for all rules that the request matched, made when the first of them wants it. */
  readonly sample: () => RuleSample;
}

/** False when the table is full and has no such row. */
function addTo(rows: Map<string, MutableCount>, { rule, did, atMs, sample }: Match): boolean {
  const hourMs = hourOf(atMs);
  const key = `${hourMs} ${did} ${rule}`;
  let row = rows.get(key);
  if (row === undefined) {
    if (rows.size >= RULE_COUNT_ROWS_MAX) return false;
    row = { rule, did, hourMs, count: 0, lastAtMs: atMs, samples: [] };
    rows.set(key, row);
  }
  row.count += 1;
  row.lastAtMs = Math.max(row.lastAtMs, atMs);
  if (!wantsSample(row, atMs)) return true;
  if (row.samples.push(sample()) > RULE_COUNT_SAMPLES_MAX) row.samples.shift();
  return true;
}

/** A rule that matches every request must not cost each of them a sample. */
function wantsSample({ samples }: MutableCount, atMs: number): boolean {
  const newest = samples.at(-1);
  return newest === undefined || samples.length < RULE_COUNT_SAMPLES_MAX || atMs - newest.atMs >= RULE_SAMPLE_EVERY_MS;
}

function sampleOf({ exchange: { id, facts, request }, status }: MatchedRequest): RuleSample {
  const { client } = facts;
  return {
    atMs: facts.receivedAtMs,
    id,
    method: head(facts.method, RULE_SAMPLE_METHOD_CHARS_MAX),
    host: head(facts.host, RULE_SAMPLE_HOST_CHARS_MAX),
    path: head(pathOf(request.url), RULE_SAMPLE_PATH_CHARS_MAX),
    status,
    address: client.address,
    country: client.country,
    asn: client.asn,
    userAgent: head(request.headers.get("user-agent") ?? "", RULE_SAMPLE_AGENT_CHARS_MAX),
  };
}

/** Without the query, which carries tokens. */
function pathOf(url: string): string {
  return /^https?:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? "";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The beginning of a text as a text of its own: a mere slice would keep the whole in memory, which can be a header of 64 KB. */
function head(text: string, charsMax: number): string {
  return decoder.decode(encoder.encode(text.slice(0, charsMax)));
}
