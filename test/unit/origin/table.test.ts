// The origin table: what an isolate remembers of origins between requests.

import { expect, test } from "vitest";
import { EVIDENCE_MS } from "../../../src/limits.ts";
import { createOriginTable } from "../../../src/origin/table.ts";

const BEGAN_AT_MS = 1_000_000;

test.each([
  ["an answer at the edge of the time counts", BEGAN_AT_MS - EVIDENCE_MS, true],
  ["an answer before it does not", BEGAN_AT_MS - EVIDENCE_MS - 1, false],
  ["an answer meanwhile counts", BEGAN_AT_MS + 1, true],
])("evidence against a failing origin: %s", (_, answeredAtMs, counts) => {
  const table = createOriginTable();
  table.routes.answered("shop * /*", "web/b", { ms: 1, nowMs: answeredAtMs });
  expect(table.routes.anotherIsWell("shop * /*", "web/a", BEGAN_AT_MS)).toBe(counts);
});

test("neither an origin's own answers nor those on another route are evidence against it", () => {
  const table = createOriginTable();
  table.routes.answered("shop * /*", "web/a", { ms: 1, nowMs: BEGAN_AT_MS });
  table.routes.answered("shop * /slow", "web/b", { ms: 1, nowMs: BEGAN_AT_MS });
  expect(table.routes.anotherIsWell("shop * /*", "web/a", BEGAN_AT_MS)).toBe(false);
});

test.each([
  ["at the edge of the time", BEGAN_AT_MS - EVIDENCE_MS, false],
  ["before it", BEGAN_AT_MS - EVIDENCE_MS - 1, true],
  ["meanwhile", BEGAN_AT_MS + 1, false],
])("one that failed on the route itself %s: %#", (_, failedAtMs, counts) => {
  const table = createOriginTable();
  table.routes.answered("shop * /*", "web/b", { ms: 1, nowMs: BEGAN_AT_MS });
  table.routes.failed("shop * /*", "web/b", failedAtMs);
  expect(table.routes.anotherIsWell("shop * /*", "web/a", BEGAN_AT_MS)).toBe(counts);
});
