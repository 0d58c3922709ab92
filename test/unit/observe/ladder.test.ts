import { expect, test } from "vitest";
import { ladder, type LadderEnd } from "../../../src/observe/ladder.ts";

interface Row {
  readonly name: string;
  readonly asked: readonly string[];
  readonly end: LadderEnd;
  readonly hadStored?: boolean;
  readonly steps: readonly string[];
}

test.each<Row>([
  { name: "the first origin answered", asked: ["web"], end: "answered", steps: [] },
  { name: "another origin of the pool answered", asked: ["web", "web"], end: "answered", steps: ["pool:web"] },
  { name: "the next pool answered", asked: ["web", "eu"], end: "answered", steps: ["pool:web", "pool:eu"] },
  { name: "the first pool had nothing to offer", asked: ["eu"], end: "answered", steps: ["pool-skipped:web", "pool:eu"] },
  {
    name: "a pool in the middle had nothing to offer",
    asked: ["web", "archive"],
    end: "answered",
    steps: ["pool:web", "pool-skipped:eu", "pool:archive"],
  },
  { name: "attempts ended before the next pool", asked: ["web", "web"], end: "error", steps: ["pool:web", "stale:none", "error:page"] },
  {
    name: "no pool had anything to offer",
    asked: [],
    end: "error",
    steps: ["pool-skipped:web", "pool-skipped:eu", "pool-skipped:archive", "stale:none", "error:page"],
  },
  { name: "a stored answer stood in", asked: ["web"], end: "stale", hadStored: true, steps: ["pool:web", "stale:served"] },
  {
    name: "the stored answer was too old",
    asked: ["web"],
    end: "error",
    hadStored: true,
    steps: ["pool:web", "stale:expired", "error:page"],
  },
  { name: "the failing answer was passed on", asked: ["web"], end: "origin-answer", steps: ["pool:web", "stale:none", "origin:answer"] },
  { name: "the route redirects", asked: ["web"], end: "redirect", steps: ["pool:web", "stale:none", "failure:redirect"] },
  { name: "the route has a page", asked: ["web"], end: "page", steps: ["pool:web", "stale:none", "failure:page"] },
])("$name", ({ asked, end, hadStored = false, steps }) => {
  const attempts = asked.map((pool) => ({ pool }));
  expect(ladder({ pools: ["web", "eu", "archive"], attempts, hadStored, end })).toEqual(steps);
});
