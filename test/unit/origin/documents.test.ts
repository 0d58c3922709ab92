import fc from "fast-check";
import { expect, test } from "vitest";
import { HEALTH_FORMAT, healthOf, parseHealthDocument } from "../../../src/origin/health.ts";
import { OVERRIDES_FORMAT, activeOverride, emptyOverrides, parseOverrides } from "../../../src/origin/overrides.ts";
import { HEALTH_DOCUMENT_CHARS_MAX, ORIGIN_WEIGHT_MAX, OVERRIDES_CHARS_MAX } from "../../../src/limits.ts";
import { healthDocument, originHealth, override, overridesOf } from "./fixtures.ts";

const HEALTH = healthDocument(5, {
  "web/a": originHealth(),
  "web/b": originHealth({ state: "down", why: "status", detail: "status 503", rttMs: null }),
});
const OVERRIDES = overridesOf({ "web/a": override({ untilMs: 9 }), "web/b": override({ state: "weight", weight: 0.5 }) });

test("what was written is read back", () => {
  expect(parseHealthDocument(JSON.stringify(HEALTH))).toEqual({ ok: true, value: HEALTH });
  expect(parseOverrides(JSON.stringify(OVERRIDES))).toEqual({ ok: true, value: OVERRIDES });
  expect(parseOverrides(JSON.stringify(emptyOverrides()))).toEqual({ ok: true, value: emptyOverrides() });
});

function brokenHealth(change: Record<string, unknown>): string {
  return JSON.stringify({ ...HEALTH, ...change });
}

function brokenOrigin(change: Record<string, unknown>): string {
  return JSON.stringify({ ...HEALTH, origins: { "web/a": { ...originHealth(), ...change } } });
}

test.each([
  ["", "not-json", "/"],
  ["{", "not-json", "/"],
  ["null", "bad-field", "/"],
  ["[]", "bad-field", "/"],
  ["{}", "unknown-format", "/format"],
  [brokenHealth({ format: HEALTH_FORMAT + 1 }), "unknown-format", "/format"],
  [brokenHealth({ generation: -1 }), "bad-field", "/generation"],
  [brokenHealth({ asOfMs: "now" }), "bad-field", "/asOfMs"],
  [brokenHealth({ region: 7 }), "bad-field", "/region"],
  [brokenHealth({ origins: [] }), "bad-field", "/origins"],
  [brokenHealth({ origins: { "web/a": null } }), "bad-field", "/origins/web/a"],
  [brokenOrigin({ state: "sick" }), "bad-field", "/origins/web/a/state"],
  [brokenOrigin({ why: "moon" }), "bad-field", "/origins/web/a/why"],
  [brokenOrigin({ rttMs: -1 }), "bad-field", "/origins/web/a/rttMs"],
  [brokenOrigin({ sinceMs: 1.5 }), "bad-field", "/origins/web/a/sinceMs"],
  [brokenOrigin({ checkedAtMs: null }), "bad-field", "/origins/web/a/checkedAtMs"],
  [brokenOrigin({ passes: "2" }), "bad-field", "/origins/web/a/passes"],
  [brokenOrigin({ failures: -2 }), "bad-field", "/origins/web/a/failures"],
  [brokenOrigin({ detail: 1 }), "bad-field", "/origins/web/a/detail"],
])("the health document %j is refused as %s at %s", (text, kind, path) => {
  const result = parseHealthDocument(text);
  expect(result).toMatchObject({ ok: false, error: { kind, path, message: expect.stringContaining(path) } });
});

function brokenOverride(change: Record<string, unknown>): string {
  return JSON.stringify({ ...OVERRIDES, origins: { "web/a": { ...override(), ...change } } });
}

test.each([
  ["{", "not-json", "/"],
  [JSON.stringify({ ...OVERRIDES, format: OVERRIDES_FORMAT + 1 }), "unknown-format", "/format"],
  [JSON.stringify({ ...OVERRIDES, version: "1" }), "bad-field", "/version"],
  [brokenOverride({ state: "add" }), "bad-field", "/origins/web/a/state"],
  [brokenOverride({ state: "weight", weight: ORIGIN_WEIGHT_MAX + 1 }), "bad-field", "/origins/web/a/weight"],
  [brokenOverride({ state: "weight", weight: null }), "bad-field", "/origins/web/a/weight"],
  [brokenOverride({ untilMs: "soon" }), "bad-field", "/origins/web/a/untilMs"],
  [brokenOverride({ by: null }), "bad-field", "/origins/web/a/by"],
  [brokenOverride({ reason: 3 }), "bad-field", "/origins/web/a/reason"],
])("the overrides %j are refused as %s at %s", (text, kind, path) => {
  expect(parseOverrides(text)).toMatchObject({ ok: false, error: { kind, path } });
});

test("the largest weight is taken", () => {
  expect(parseOverrides(brokenOverride({ state: "weight", weight: ORIGIN_WEIGHT_MAX })).ok).toBe(true);
});

test("documents are read up to their limit and not one character past it", () => {
  const padded = (text: string, length: number): string => text + " ".repeat(length - text.length);
  expect(parseHealthDocument(padded(JSON.stringify(HEALTH), HEALTH_DOCUMENT_CHARS_MAX)).ok).toBe(true);
  expect(parseHealthDocument(padded(JSON.stringify(HEALTH), HEALTH_DOCUMENT_CHARS_MAX + 1))).toMatchObject({
    error: { kind: "too-large" },
  });
  expect(parseOverrides(padded(JSON.stringify(OVERRIDES), OVERRIDES_CHARS_MAX)).ok).toBe(true);
  expect(parseOverrides(padded(JSON.stringify(OVERRIDES), OVERRIDES_CHARS_MAX + 1))).toMatchObject({ error: { kind: "too-large" } });
});

test("whatever text it is, parsing gives a value and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect([parseHealthDocument(text).ok, parseOverrides(text).ok]).toEqual([false, false]);
    }),
  );
});

test("a name from the language itself is a name like any other, and no way in", () => {
  const text = `{"format":1,"generation":1,"asOfMs":1,"region":"","origins":{"__proto__":${JSON.stringify(originHealth({ state: "down" }))}}}`;
  const parsed = parseHealthDocument(text);
  expect(parsed.ok && healthOf(parsed.value, "__proto__")?.state).toBe("down");
  expect(parsed.ok && healthOf(parsed.value, "constructor")).toBeNull();
  expect(activeOverride(emptyOverrides(), "toString", 0)).toBeNull();
});
