// Origins whose clock is wrong, against the built Worker: lifetime and age are what RFC 9111 4.2.1 and 4.2.3 make of Date, Age and
// Expires, an age is never negative, and nothing is fresh for longer than its origin said. The numbers below are the RFC's own
// arithmetic, worked out by hand for a clock that is a day ahead or behind.

import type { ServerResponse } from "node:http";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";
import type { Answer } from "./http-client.ts";
import { startScriptedOrigin } from "./scripted-origin.ts";
import type { ScriptedOrigin } from "./scripted-origin.ts";

let edge: Edge;
let origin: ScriptedOrigin;

beforeAll(async () => {
  origin = await startScriptedOrigin();
  edge = await startEdge({
    origins: 0,
    config: () => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: ["${origin.url}"] }
`,
  });
});
afterAll(async () => {
  await edge?.stop();
  await origin?.stop();
});

const DAY = 86_400;
/** Seconds that the machine may take between an answer and its check. */
const SLACK = 30;

/** An HTTP date that many seconds from now, by the true clock. */
function from(now: number, seconds: number): string {
  return new Date(Math.floor(now / 1000) * 1000 + seconds * 1000).toUTCString();
}

interface Fields {
  /** Seconds that the origin's clock is ahead; null for an answer without Date. */
  readonly dateIn: number | null;
  readonly control?: string;
  /** Seconds from the true now. */
  readonly expiresIn?: number;
  readonly modifiedIn?: number;
  readonly age?: string;
}

function answer(response: ServerResponse, { dateIn, control, expiresIn, modifiedIn, age }: Fields, status = 200): void {
  const now = Date.now();
  response.sendDate = false;
  if (dateIn !== null) response.setHeader("Date", from(now, dateIn));
  if (control !== undefined) response.setHeader("Cache-Control", control);
  if (expiresIn !== undefined) response.setHeader("Expires", from(now, expiresIn));
  if (modifiedIn !== undefined) response.setHeader("Last-Modified", from(now, modifiedIn));
  if (age !== undefined) response.setHeader("Age", age);
  if (status === 304) return void response.writeHead(304).end();
  response.writeHead(status, { "Content-Length": 5 }).end("hello");
}

let pages = 0;

function page(): string {
  return `/page-${++pages}`;
}

function ageOf(of: Answer): number | null {
  const value = of.header("age");
  expect(value ?? "0", "Age").toMatch(/^\d+$/);
  return value === null ? null : Number(value);
}

/** `ttl` of our member of Cache-Status. */
function ttlOf(of: Answer): number {
  return Number(/breakwater;.*\bttl=(-?\d+)/.exec(of.header("cache-status") ?? "")?.[1]);
}

/** A second more or less: an HTTP date has no fractions. */
function expectAbout(what: string, value: number | null, expected: number): void {
  expect(value, what).toBeGreaterThanOrEqual(expected - 1);
  expect(value, what).toBeLessThanOrEqual(expected + SLACK);
}

/** Of a second request: its Age, and what is left of the lifetime. */
const FRESH: readonly (Fields & { readonly title: string; readonly isAge: number; readonly ttl: number })[] = [
  { title: "right clock, max-age", dateIn: 0, control: "max-age=600", isAge: 0, ttl: 600 },
  { title: "no Date, max-age", dateIn: null, control: "max-age=600", isAge: 0, ttl: 600 },
  { title: "a day ahead, max-age", dateIn: DAY, control: "max-age=600", isAge: 0, ttl: 600 },
  { title: "a day ahead, s-maxage", dateIn: DAY, control: "s-maxage=600, max-age=5", isAge: 0, ttl: 600 },
  { title: "a day ahead, Expires by the same clock", dateIn: DAY, expiresIn: DAY + 600, isAge: 0, ttl: 600 },
  { title: "a day ahead, with an Age", dateIn: DAY, control: "max-age=600", age: "100", isAge: 100, ttl: 500 },
  { title: "a day ahead, Last-Modified ten days before Date", dateIn: DAY, modifiedIn: -9 * DAY, isAge: 0, ttl: DAY },
  { title: "a day behind, max-age of two days", dateIn: -DAY, control: `max-age=${2 * DAY}`, isAge: DAY, ttl: DAY },
  { title: "a day behind, Expires two days after Date", dateIn: -DAY, expiresIn: DAY, isAge: DAY, ttl: DAY },
  { title: "a day behind, a smaller Age", dateIn: -DAY, control: `max-age=${2 * DAY}`, age: "5", isAge: DAY, ttl: DAY },
  { title: "an hour behind, a larger Age", dateIn: -3600, control: `max-age=${2 * DAY}`, age: `${DAY}`, isAge: DAY, ttl: DAY },
  { title: "a day behind, Last-Modified twenty days before Date", dateIn: -DAY, modifiedIn: -21 * DAY, isAge: DAY, ttl: DAY },
  { title: "no Date, with an Age", dateIn: null, control: "max-age=600", age: "100", isAge: 100, ttl: 500 },
  { title: "no Date, Expires", dateIn: null, expiresIn: 600, isAge: 0, ttl: 600 },
  { title: "an Age below zero", dateIn: 0, control: "max-age=600", age: "-100", isAge: 0, ttl: 600 },
  { title: "an Age that is no number", dateIn: DAY, control: "max-age=600", age: "1.5", isAge: 0, ttl: 600 },
];

test.each(FRESH)("fresh: $title has Age $isAge and $ttl s left", async ({ title, isAge, ttl, ...fields }) => {
  const path = page();
  origin.at(path, (_request, response) => {
    answer(response, fields);
  });
  const first = await edge.get(path);
  const second = await edge.get(path);
  expect([first.header("x-cache"), second.header("x-cache"), second.text()], title).toEqual(["MISS", "HIT", "hello"]);
  expectAbout("Age", ageOf(second), isAge);
  // Never more than the lifetime, however the clocks stand.
  expect(ttlOf(second)).toBeLessThanOrEqual(ttl + 1);
  expect(ttlOf(second)).toBeGreaterThanOrEqual(ttl - SLACK);
  // RFC 9110 6.6.1: what the origin stated as its time stays as it is.
  const stated = fields.dateIn === null ? null : first.header("date");
  if (stated !== null) expect(second.header("date")).toBe(stated);
  expect(second.headers.get("age")?.length).toBe(1);
  expect(origin.asked(path)).toBe(1);
});

const NOT_FRESH: readonly (Fields & { readonly title: string })[] = [
  { title: "a day behind, max-age of ten minutes", dateIn: -DAY, control: "max-age=600" },
  { title: "a day behind, s-maxage of ten minutes", dateIn: -DAY, control: "public, s-maxage=600" },
  { title: "a day behind, Expires by the same clock", dateIn: -DAY, expiresIn: -DAY + 600 },
  { title: "a day ahead, Expires by the right clock", dateIn: DAY, expiresIn: 600 },
  { title: "a day ahead, max-age smaller than Age", dateIn: DAY, control: "max-age=600", age: "601" },
  { title: "a day behind, Last-Modified two days before Date", dateIn: -DAY, modifiedIn: -3 * DAY },
  { title: "a day ahead, Last-Modified later than Date", dateIn: DAY, modifiedIn: 2 * DAY },
  { title: "right clock, Last-Modified in the future", dateIn: 0, modifiedIn: DAY },
  { title: "a day behind, a window for stale answers that has passed", dateIn: -DAY, control: "max-age=600, stale-while-revalidate=3600" },
  { title: "right clock, an Age beyond all numbers", dateIn: 0, control: "max-age=600", age: "99999999999999999999" },
];

test.each(NOT_FRESH)("not fresh: $title is asked for each time", async ({ title, ...fields }) => {
  const path = page();
  origin.at(path, (_request, response) => {
    answer(response, fields);
  });
  for (let count = 1; count <= 3; count++) {
    const got = await edge.get(path);
    expect([got.status, got.text()]).toEqual([200, "hello"]);
    expect(["HIT", "UPDATING", "STALE"], title).not.toContain(got.header("x-cache"));
    ageOf(got);
    expect(origin.asked(path), title).toBe(count);
  }
});

test.each(["-100", "1.5", "soon"])("an Age of %s does not reach the visitor from the origin", async (age) => {
  const path = page();
  origin.at(path, (_request, response) => {
    answer(response, { dateIn: 0, control: "max-age=600", age });
  });
  const miss = await edge.get(path);
  expect([miss.header("x-cache"), miss.status]).toEqual(["MISS", 200]);
  ageOf(miss);
});

test("an answer that is a day old by its Date is served stale within its window with its true age, and refreshed", async () => {
  const path = page();
  origin.at(path, (_request, response) => {
    answer(response, { dateIn: -DAY, control: `max-age=600, stale-while-revalidate=${2 * DAY}` });
  });
  await edge.get(path);
  const stale = await edge.get(path);
  expect(stale.header("x-cache")).toBe("UPDATING");
  expectAbout("Age", ageOf(stale), DAY);
  expectAbout("seconds past the lifetime", -ttlOf(stale), DAY - 600);
});

test.each([
  { title: "a right clock", dateIn: 0, isAge: 0 },
  { title: "a clock a day ahead", dateIn: DAY, isAge: 0 },
])("a 304 from $title makes an answer fresh that was too old by its Date", async ({ dateIn, isAge }) => {
  const path = page();
  origin.at(path, (request, response) => {
    if (request.headers["if-modified-since"] === undefined)
      return answer(response, { dateIn: -DAY, control: "max-age=600", modifiedIn: -9 * DAY });
    answer(response, { dateIn, control: "max-age=600" }, 304);
  });
  await edge.get(path);
  const confirmed = await edge.get(path);
  const hit = await edge.get(path);
  expect([confirmed.header("x-cache"), hit.header("x-cache"), hit.text()]).toEqual(["REVALIDATED", "HIT", "hello"]);
  for (const of of [confirmed, hit]) expectAbout("Age", ageOf(of), isAge);
  expect(ttlOf(hit)).toBeLessThanOrEqual(600);
  expect(origin.asked(path)).toBe(2);
});

test("a 304 from a clock a day behind confirms for this once and makes nothing fresh", async () => {
  const path = page();
  origin.at(path, (request, response) => {
    const isCondition = request.headers["if-modified-since"] !== undefined;
    answer(response, { dateIn: -DAY, control: "max-age=600", ...(isCondition ? {} : { modifiedIn: -9 * DAY }) }, isCondition ? 304 : 200);
  });
  await edge.get(path);
  for (let count = 2; count <= 4; count++) {
    const got = await edge.get(path);
    expect([got.header("x-cache"), got.text()]).toEqual(["REVALIDATED", "hello"]);
    expectAbout("Age", ageOf(got), DAY);
    expect(origin.asked(path)).toBe(count);
  }
});
