// Request collapsing as a table of names and times: who asks, who waits, who need not wait.

import { expect, test } from "vitest";
import { createFlightTable, type Flight, type FlightTable, type Place } from "../../../src/cache/flights.ts";
import {
  CACHE_FLIGHTS_MAX,
  CACHE_FLIGHT_LEASE_MS,
  CACHE_FLIGHT_NAME_CHARS_MAX,
  CACHE_REFUSALS_MAX,
  CACHE_REFUSAL_MS,
} from "../../../src/limits.ts";

const PLAIN = { vary: [], variant: "" };

function lead(table: FlightTable, name: string, nowMs = 0): Flight {
  const place = table.board(name, nowMs);
  if (place.kind !== "lead") throw new Error(`this request should lead: ${place.kind}`);
  return place.flight;
}

function wait(table: FlightTable, name: string, nowMs = 0): Extract<Place, { kind: "wait" }>["awaited"] {
  const place = table.board(name, nowMs);
  if (place.kind !== "wait") throw new Error(`this request should wait: ${place.kind}`);
  return place.awaited;
}

test("the first asks, the others wait and learn which variant is coming and that it is stored", async () => {
  const table = createFlightTable();
  const flight = lead(table, "a");
  const [one, other] = [wait(table, "a"), wait(table, "a")];
  const variant = { vary: ["accept"], variant: "x" };
  flight.announce(variant);
  flight.end(true);
  expect(await one.announced).toEqual(variant);
  expect(await other.isStored).toBe(true);
});

test("names have nothing to do with each other", () => {
  const table = createFlightTable();
  lead(table, "a");
  expect(table.board("b", 0).kind).toBe("lead");
});

test.each([true, false])("after the end (stored: %s) the next one asks again", (isStored) => {
  const table = createFlightTable();
  lead(table, "a").end(isStored);
  expect(table.board("a", 0).kind).toBe("lead");
});

test("whoever leaves while an announced answer is on its way does not end the flight", async () => {
  const table = createFlightTable();
  const flight = lead(table, "a");
  const awaited = wait(table, "a");
  flight.announce(PLAIN);
  flight.leave();
  wait(table, "a");
  flight.end(true);
  expect(await awaited.isStored).toBe(true);
});

test("when there is nothing to store, those who wait are told to ask", async () => {
  const table = createFlightTable();
  const flight = lead(table, "a");
  const awaited = wait(table, "a");
  flight.leave();
  expect(await awaited.announced).toBeNull();
  expect(await awaited.isStored).toBe(false);
});

test("an answer that cannot be stored lets the next ones ask at once, until its time is over", () => {
  const table = createFlightTable();
  lead(table, "a").refuse(1000);
  expect(table.board("a", 1000 + CACHE_REFUSAL_MS - 1).kind).toBe("alone");
  expect(table.board("a", 1000 + CACHE_REFUSAL_MS).kind).toBe("lead");
});

test("an answer that can be stored after all ends that time", () => {
  const table = createFlightTable();
  lead(table, "a").refuse(0);
  const place = table.board("a", 1);
  if (place.kind === "alone") place.flight.announce(PLAIN);
  expect(table.board("a", 2).kind).toBe("lead");
});

test("what happens after the end of a flight changes nothing", async () => {
  const table = createFlightTable();
  const flight = lead(table, "a");
  const awaited = wait(table, "a");
  flight.leave();
  flight.end(true);
  flight.refuse(0);
  expect(await awaited.isStored).toBe(false);
  expect(table.board("a", 0).kind).toBe("lead");
});

test("a request that was lost is waited for no longer than its lease, and its late end does not end the next flight", () => {
  const table = createFlightTable();
  const lost = lead(table, "a");
  wait(table, "a", CACHE_FLIGHT_LEASE_MS - 1);
  lead(table, "a", CACHE_FLIGHT_LEASE_MS);
  lost.end(true);
  expect(table.board("a", CACHE_FLIGHT_LEASE_MS).kind).toBe("wait");
});

test("as many flights as the limit are waited for; one more and the oldest is not", () => {
  const table = createFlightTable();
  for (let index = 0; index < CACHE_FLIGHTS_MAX; index++) lead(table, String(index));
  expect(table.board("0", 0).kind).toBe("wait");
  lead(table, "one more");
  expect(table.board("0", 0).kind).toBe("lead");
});

test("a name as long as the limit is remembered, a longer one is not", () => {
  const table = createFlightTable();
  for (const [more, kind] of [
    [0, "alone"],
    [1, "lead"],
  ] as const) {
    const name = "x".repeat(CACHE_FLIGHT_NAME_CHARS_MAX + more);
    lead(table, name).refuse(0);
    expect(table.board(name, 1).kind).toBe(kind);
  }
});

test("as many refusals as the limit are remembered; one more and the oldest is not", () => {
  const table = createFlightTable();
  for (let index = 0; index < CACHE_REFUSALS_MAX; index++) lead(table, String(index)).refuse(0);
  expect(table.board("0", 1).kind).toBe("alone");
  lead(table, "one more").refuse(0);
  expect(table.board("1", 1).kind).toBe("alone");
  expect(table.board("0", 1).kind).toBe("lead");
});
