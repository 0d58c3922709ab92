// The open loop's schedule, its paths, the bodies behind them, and the options of the run.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { isFailure } from "../../../scripts/output/failure.ts";
import { contentOf, etagOf } from "../../faults/content.ts";
import { readOptions } from "../../faults/options.ts";
import { planned, startedBy, startOf, storedPaths } from "../../faults/traffic.ts";
import type { Traffic } from "../../faults/traffic.ts";

describe("the schedule", () => {
  test("a request has started once its time has come, and not before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 2000 }), (number, perSecond) => {
        // A thousandth of a millisecond: the division is not exact.
        expect(startedBy(startOf(number, perSecond) + 0.001, perSecond)).toBe(number + 1);
        expect(startedBy(startOf(number, perSecond) - 0.001, perSecond)).toBe(number);
      }),
    );
  });

  test("after a second all of its requests have started, whatever became of them", () => {
    expect(startedBy(999.999, 300)).toBe(300);
  });
});

describe("the requests", () => {
  test.each<{ traffic: Traffic; path: string; method: string; hasKey: boolean }>([
    { traffic: "small", path: "/fresh/1024/r-7", method: "GET", hasKey: false },
    { traffic: "20-kilobyte", path: "/fresh/20480/r-7", method: "GET", hasKey: false },
    { traffic: "2-megabyte", path: "/fresh/2097152/r-7", method: "GET", hasKey: false },
    { traffic: "post", path: "/orders/1024/r-7", method: "POST", hasKey: false },
    { traffic: "post-with-key", path: "/orders/1024/r-7", method: "POST", hasKey: true },
  ])("$traffic: a path of its own", ({ traffic, path, method, hasKey }) => {
    expect(planned(traffic, "r", 7)).toMatchObject({ id: "r-7", path, method, hasKey, stored: false });
  });

  test("half-stored: every other one asks for one of a few pages", () => {
    const all = Array.from({ length: 200 }, (_, i) => planned("half-stored", "r", i));
    const stored = all.filter((one) => one.stored);
    expect([stored.length, new Set(all.map(({ id }) => id)).size]).toEqual([100, 200]);
    expect(new Set(stored.map(({ path }) => path))).toEqual(new Set(storedPaths("half-stored", "r")));
    expect(storedPaths("small", "r")).toEqual([]);
  });
});

describe("the bodies", () => {
  test("have their length, differ by path, and are the same every time", () => {
    const [one, other] = [contentOf("/fresh/2097152/r-1", 2 * 1024 * 1024), contentOf("/fresh/2097152/r-2", 2 * 1024 * 1024)];
    expect(one.length).toBe(2 * 1024 * 1024);
    expect(one.equals(other)).toBe(false);
    expect(one.equals(contentOf("/fresh/2097152/r-1", 2 * 1024 * 1024))).toBe(true);
    expect(etagOf("/fresh/1024/r-1", 1024)).toMatch(/^"[!#-~]+"$/);
  });

  test("no part is found again at another place", () => {
    const body = contentOf("/x", 64 * 1024);
    for (const at of [64, 4096, 40_000]) expect(body.indexOf(body.subarray(at, at + 16))).toBe(at);
  });
});

describe("the options", () => {
  const rows = ["sigkill", "rst"];

  test("the long form has its defaults, the short form is Breakwater alone", () => {
    expect(readOptions([], rows)).toMatchObject({ short: false, alone: false, only: null, pace: { perSecond: 300, faultMs: 5000 } });
    expect(readOptions(["--short"], rows)).toMatchObject({ short: true, alone: true });
    expect(readOptions(["--only", "rst, sigkill", "--rate", "20", "--seconds", "0.5"], rows)).toMatchObject({
      only: ["rst", "sigkill"],
      pace: { perSecond: 20, faultMs: 500 },
    });
  });

  test.each([
    { args: ["--rate", "2000"], good: true },
    { args: ["--rate", "2001"], good: false },
    { args: ["--rate", "0"], good: false },
    { args: ["--rate", "many"], good: false },
    { args: ["--rate", ""], good: false },
    { args: ["--seconds", "60"], good: true },
    { args: ["--seconds", "61"], good: false },
    { args: ["--only", "rst,none"], good: false },
    { args: ["--only", ""], good: false },
    { args: ["--fast"], good: false },
    { args: ["sigkill"], good: false },
  ])("$args: taken is $good; what is not ends with exit code 2 and a way out", ({ args, good }) => {
    const error = problemWith(args);
    if (good) expect(error).toBeNull();
    else expect(isFailure(error) && [error.exit, typeof error.parts.fix]).toEqual([2, "string"]);
  });

  function problemWith(args: readonly string[]): unknown {
    try {
      readOptions(args, rows);
      return null;
    } catch (error) {
      return error;
    }
  }
});
