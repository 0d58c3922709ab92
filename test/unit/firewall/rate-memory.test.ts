// What an isolate remembers of rate limits.

import { expect, test } from "vitest";
import { createRateMemory } from "../../../src/firewall/rate-memory.ts";
import { RATE_OUTAGES_MAX, RATE_REMEMBERED_MAX } from "../../../src/limits.ts";

test("a key is out until its time, for its limit alone", () => {
  const memory = createRateMemory();
  memory.putOut("a", "v", 1000);
  expect(memory.outMs("a", "v", 0)).toBe(1000);
  expect(memory.outMs("a", "v", 999)).toBe(1);
  expect(memory.outMs("b", "v", 999)).toBe(0);
  expect(memory.outMs("a", "w", 999)).toBe(0);
  expect(memory.outMs("a", "v", 1000)).toBe(0);
});

test("one key too many, and the oldest is forgotten", () => {
  const memory = createRateMemory();
  for (let index = 0; index < RATE_REMEMBERED_MAX; index += 1) memory.putOut("a", `key ${index}`, 1000);
  expect(memory.outMs("a", "key 0", 0)).toBe(1000);
  memory.putOut("a", "one more", 1000);
  expect(memory.outMs("a", "key 0", 0)).toBe(0);
  expect(memory.outMs("a", "key 1", 0)).toBe(1000);
});

test("an outage is one until the counter answers, and pauses it for a time", () => {
  const memory = createRateMemory();
  expect(memory.isPaused("a", 0)).toBe(false);
  expect(memory.failed("a", 1000)).toBe(true);
  expect(memory.isPaused("a", 999)).toBe(true);
  expect(memory.isPaused("a", 1000)).toBe(false);
  expect(memory.failed("a", 2000)).toBe(false);
  expect(memory.isPaused("b", 0)).toBe(false);
  memory.answered("a");
  expect(memory.isPaused("a", 1500)).toBe(false);
  expect(memory.failed("a", 3000)).toBe(true);
});

test("of more outages than are remembered the oldest is told again", () => {
  const memory = createRateMemory();
  for (let index = 0; index < RATE_OUTAGES_MAX; index += 1) memory.failed(`limit ${index}`, 1000);
  expect(memory.failed(`limit 1`, 1000)).toBe(false);
  memory.failed("one more", 1000);
  expect(memory.failed("limit 0", 1000)).toBe(true);
});
