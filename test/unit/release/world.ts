// A small world for tests of an isolate's state: virtual time, the faulty KV, one data centre's cache, isolates, and releases
// made by the real encoder. SHA-256 is Node's own without its thread pool, so that no real time passes between two steps.

import { createHash } from "node:crypto";
import { vi } from "vitest";
import { encodeSnapshot, hashSnapshot } from "../../../src/config/encode.ts";
import type { Snapshot } from "../../../src/config/snapshot.ts";
import type { CacheStore, Ports } from "../../../src/ports.ts";
import type { BakedRelease } from "../../../src/release/baked.ts";
import { createStateHolder, type StateHolder } from "../../../src/release/holder.ts";
import { DEFAULT_INTERVALS, type Intervals } from "../../../src/release/intervals.ts";
import { releaseKey } from "../../../src/release/keys.ts";
import { encodePointer, POINTER_FORMAT, type Pointer } from "../../../src/release/pointer.ts";
import type { EdgeState } from "../../../src/release/state.ts";
import { createFaultyKv, type FaultyKv } from "./faulty-kv.ts";
import { NO_CONNECTOR, NO_SECRETS } from "../../support/ports.ts";
import { emptySnapshot } from "../../support/snapshot.ts";

export const START_MS = Date.UTC(2026, 0, 1);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export interface World {
  readonly kv: FaultyKv;
  readonly cache: Map<string, string>;
  readonly log: Readonly<Record<string, unknown>>[];
  readonly ports: Ports;
  isolate(options?: { readonly baked?: BakedRelease; readonly scope?: string; readonly intervals?: Partial<Intervals> }): Isolate;
  /** Writes release and pointer, as a publication does. */
  publish(pointer: Partial<Pointer> & { readonly number: number }, release: Release): Pointer;
  pass(ms: number): Promise<void>;
}

export interface Isolate {
  readonly holder: StateHolder;
  /** One request: its state, and the virtual time that it waited. Deferred work goes on until it ends or hangs. */
  request(): Promise<{ readonly state: EdgeState | null; readonly waitedMs: number }>;
}

export interface Release {
  readonly hash: string;
  readonly text: string;
}

/** Virtual time from here to the end of the test; the caller restores it. */
export function useVirtualTime(): void {
  vi.useFakeTimers({ now: START_MS, toFake: ["setTimeout", "clearTimeout", "Date"] });
  vi.spyOn(crypto.subtle, "digest").mockImplementation((_algorithm, data) => {
    const digest = createHash("sha256")
      .update(new Uint8Array(data as ArrayBuffer))
      .digest();
    return Promise.resolve(new Uint8Array(digest).buffer);
  });
}

/** A release that differs from others by its site's name, and has these lists. */
export async function releaseNamed(name: string, lists: Snapshot["lists"] = {}): Promise<Release> {
  const site = {
    name,
    hosts: ["*"],
    httpsRedirect: false,
    hsts: null,
    canonicalHost: null,
    maintenance: null,
    errorPages: {},
    routes: [],
  };
  const snapshot = emptySnapshot({ sites: [site], lists });
  return { hash: await hashSnapshot(snapshot), text: encodeSnapshot(snapshot) };
}

export function pointerTo(release: Release, fields: Partial<Pointer> & { readonly number: number }): Pointer {
  return {
    format: POINTER_FORMAT,
    release: release.hash,
    candidate: null,
    predecessor: null,
    publishedAtMs: Date.now(),
    author: "ana",
    message: "a test",
    ...fields,
  };
}

export function createWorld(): World {
  const kv = createFaultyKv();
  const cache = new Map<string, string>();
  const log: Readonly<Record<string, unknown>>[] = [];
  const ports: Ports = {
    clock: { nowMs: () => Date.now() },
    random: { next: () => 0.5, id: () => "0".repeat(32) },
    cache: cacheOver(cache),
    config: kv,
    fetcher: { fetch: () => Promise.reject(new Error("state needs no origin")) },
    connector: NO_CONNECTOR,
    secrets: NO_SECRETS,
    purges: { record: () => Promise.reject(new Error("not in this test")) },
    log: { write: (line) => void log.push(line) },
    defer: (work) => void work,
  };
  return {
    kv,
    cache,
    log,
    ports,
    isolate: ({ baked, scope, intervals } = {}) => {
      const input = { intervals: { ...DEFAULT_INTERVALS, ...intervals }, baked: baked ?? null, scope: scope ?? "test" };
      const holder = createStateHolder(input);
      return { holder, request: () => request(holder, ports) };
    },
    publish: (fields, release) => {
      const pointer = pointerTo(release, fields);
      kv.seed({ [releaseKey(release.hash)]: release.text, current: encodePointer(pointer) });
      return pointer;
    },
    pass,
  };
}

async function request(holder: StateHolder, ports: Ports): Promise<{ readonly state: EdgeState | null; readonly waitedMs: number }> {
  const startedAtMs = Date.now();
  const outcome: { done: boolean; state: EdgeState | null } = { done: false, state: null };
  const work = holder.current(ports, startedAtMs).then((state) => Object.assign(outcome, { done: true, state }));
  for (let step = 0; step < 2_000; step++) {
    await turns();
    if (outcome.done) break;
    vi.advanceTimersByTime(10);
  }
  const waitedMs = Date.now() - startedAtMs;
  await work;
  await turns();
  return { state: outcome.state, waitedMs };
}

/** Lets virtual time pass, in steps, so that timers fire in order and what they resume runs. */
async function pass(ms: number): Promise<void> {
  await turns();
  vi.advanceTimersByTime(ms);
  await turns();
}

/** Everything that is ready runs, the real event loop's own turns (streams) included. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function cacheOver(entries: Map<string, string>): CacheStore {
  return {
    match: (key) => {
      const text = entries.get(key);
      return Promise.resolve(text === undefined ? undefined : new Response(text));
    },
    put: async (key, response) => {
      entries.set(key, await response.text());
      return true;
    },
    delete: (key) => Promise.resolve(entries.delete(key)),
  };
}
