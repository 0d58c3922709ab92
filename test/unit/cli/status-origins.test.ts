// What `status` makes of what a Worker tells of its origins, whatever the Worker's version.

import { expect, test } from "vitest";
import { painter } from "../../../scripts/output/paint.ts";
import { originsLines } from "../../../scripts/status/origins.ts";

const plain = painter(false);

const budget = { windowMs: 10_000, requests: 120, retries: 1, mayRetry: true };
const fine = {
  backup: false,
  standing: { use: "serving", reason: "ok", weight: 1 },
  circuit: { phase: "closed", openUntilMs: null, openedBy: null },
  inFlight: 2,
  recent: { seen: 20, good: 20 },
  check: null,
  override: null,
};
const open = {
  ...fine,
  standing: { use: "avoided", reason: "circuit-open", weight: 0.333333 },
  circuit: { phase: "open", openUntilMs: 5_000, openedBy: "connection" },
  recent: { seen: 3, good: 1 },
};
const origins = [
  { id: "a", ...fine },
  { id: "b", ...open },
  { id: "c", ...fine, backup: true, inFlight: 0, recent: { seen: 0, good: 0 } },
];
const archive = {
  name: "archive",
  policy: { kind: "hash", by: "header", name: "x-user" },
  fallbacks: [],
  retryBudget: budget,
  origins: [],
};
const web = { name: "web", policy: { kind: "round-robin" }, fallbacks: ["archive"], retryBudget: budget, origins };
const told = { nowMs: 1_000, release: "r", colo: "FRA", health: null, pools: [web, archive] };

test("one table of origins for each pool, and whose view it is", () => {
  expect(originsLines(told, plain)).toEqual([
    "Origins as one isolate in the data centre FRA sees them; others may see them otherwise",
    "        pool web: round-robin, then archive; 1 retry for 120 requests in 10 s, one more is allowed",
    "          ORIGIN      USE      WHY           WEIGHT  CIRCUIT                           IN FLIGHT  LAST REQUESTS",
    "          a           serving  ok                 1  closed                                    2  20 of 20 good",
    "          b           avoided  circuit-open    0.33  open for 4 s more, by connection          2  1 of 3 good",
    "          c (backup)  serving  ok                 1  closed                                    0  none",
    "        pool archive: hash by header x-user; 1 retry for 120 requests in 10 s, one more is allowed",
    expect.stringMatching(/ORIGIN/),
  ]);
});

test.each([
  ["a half-open circuit has no time left", { phase: "half-open", openUntilMs: 500, openedBy: "failures" }, "half-open, by failures"],
  [
    "an open one whose time is over has 0 s",
    { phase: "open", openUntilMs: 500, openedBy: "success-rate" },
    "open for 0 s more, by success-rate",
  ],
])("%s", (_name, circuit, shown) => {
  const answer = { ...told, pools: [{ ...web, origins: [{ id: "a", ...fine, circuit }] }] };
  expect(originsLines(answer, plain)[3]).toMatch(new RegExp(` ${shown} +2 `));
});

test("a spent budget, and a data centre that is not known", () => {
  const lines = originsLines(
    { ...told, colo: null, pools: [{ ...web, retryBudget: { ...budget, retries: 100, mayRetry: false } }] },
    plain,
  );
  expect(lines[0]).toContain("one isolate in one data centre");
  expect(lines[1]).toContain("100 retries for 120 requests in 10 s, no more is allowed now");
});

test("nothing is shown before there is a pool", () => expect(originsLines({ ...told, pools: [] }, plain)).toEqual([]));

test.each<readonly [string, unknown]>([
  ["nothing", undefined],
  ["no list", { pools: 7 }],
  ["pools that say nothing", { pools: [null, {}, { origins: [null, {}, { standing: 1, circuit: [], recent: "x" }] }] }],
])("a Worker that tells %s breaks nothing", (_name, answer) => {
  expect(() => originsLines(answer, plain)).not.toThrow();
});

test("what a Worker tells cannot steer the terminal, coloured or not", () => {
  const evil = "\u001b[2J";
  const origin = { id: evil, standing: { use: evil, reason: evil }, circuit: { phase: evil, openedBy: evil } };
  const answer = {
    colo: evil,
    pools: [{ name: evil, policy: { kind: evil, by: evil, name: evil }, fallbacks: [evil], origins: [origin] }],
  };
  for (const coloured of [false, true]) expect(originsLines(answer, painter(coloured)).join("\n")).not.toContain(evil);
});
