import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FAULT_FORMS, parseFault, printFault, type Fault } from "../../../src/drill/faults.ts";
import { DRILL_FAULT_CHARS_MAX, DRILL_SLOW_MS_MAX } from "../../../src/limits.ts";

test.each<readonly [text: string, fault: Fault]>([
  ["pool=eu:down", { kind: "pool", pool: "eu" }],
  ["origin=one:down", { kind: "origin", pool: null, origin: "one", how: { kind: "down" } }],
  ["origin=web/one:down", { kind: "origin", pool: "web", origin: "one", how: { kind: "down" } }],
  ["origin=web/origin.example.net:8443:reset", { kind: "origin", pool: "web", origin: "origin.example.net:8443", how: { kind: "reset" } }],
  ["origin=[2001:db8::1]:8443:down", { kind: "origin", pool: null, origin: "[2001:db8::1]:8443", how: { kind: "down" } }],
  ["origin=one:slow=3s", { kind: "origin", pool: null, origin: "one", how: { kind: "slow", ms: 3000 } }],
  ["origin=one:slow=250ms", { kind: "origin", pool: null, origin: "one", how: { kind: "slow", ms: 250 } }],
  ["origin=one:status=503", { kind: "origin", pool: null, origin: "one", how: { kind: "status", status: 503 } }],
  ["origin=one:status=521", { kind: "origin", pool: null, origin: "one", how: { kind: "status", status: 521 } }],
  ["kv=down", { kind: "kv" }],
  ["cache=off", { kind: "cache" }],
])("%s", (text, fault) => {
  expect(parseFault(text)).toEqual({ ok: true, value: fault });
});

test.each<readonly [text: string, says: string, fix: string]>([
  ["", '"" is not a fault', "write one of: pool=NAME:down"],
  ["web:down", '"web:down" is not a fault', "write one of"],
  ["POOL=web:down", "is not a fault", "write one of"],
  ["pool=", "names no pool", "pool=web:down"],
  ["pool=web", "a pool can only be down", "write pool=web:down"],
  ["pool=web:slow=3s", "a pool can only be down", "origin=web/ID:slow=3s"],
  ["pool=a/b:down", "names no pool", "pool=web:down"],
  ["origin=", "names no origin", "breakwater origin list"],
  ["origin=:down", "names no origin", "breakwater origin list"],
  ["origin=web/:down", "names no origin", "breakwater origin list"],
  ["origin=/one:down", "names no origin", "breakwater origin list"],
  ["origin=a/b/c:down", "names no origin", "breakwater origin list"],
  ["origin=a b:down", "names no origin", "breakwater origin list"],
  ["origin=a\r\nX: y:down", "names no origin", "breakwater origin list"],
  ["origin=one", 'cannot be ""', "behind the last colon"],
  ["origin=one:up", 'cannot be "up"', "behind the last colon"],
  ["origin=one:slow", '"" is no time', "slow=500ms"],
  ["origin=one:slow=0s", '"0s" is no time', "slow=500ms"],
  ["origin=one:slow=3", '"3" is no time', "slow=500ms"],
  ["origin=one:slow=1m", '"1m" is no time', "120s at most"],
  ["origin=one:slow=-3s", '"-3s" is no time', "slow=500ms"],
  ["origin=one:status=200", '"200" is not the status of an error', "400 to 599"],
  ["origin=one:status=600", '"600" is not the status of an error', "400 to 599"],
  ["origin=one:status=5xx", '"5xx" is not the status of an error', "status=503"],
  ["kv=off", "KV can only be down", "write kv=down"],
  ["cache=down", "the cache can only be off", "write cache=off"],
  ["kv", "KV can only be down", "write kv=down"],
])("%j is refused with what is wrong and what to write", (text, says, fix) => {
  const fault = parseFault(text);
  expect(fault.ok ? null : fault.error.message).toContain(says);
  expect(fault.ok ? null : fault.error.fix).toContain(fix);
});

describe("limits", () => {
  test(`an origin is silent for ${DRILL_SLOW_MS_MAX} ms at most`, () => {
    expect(parseFault(`origin=a:slow=${DRILL_SLOW_MS_MAX}ms`).ok).toBe(true);
    expect(parseFault(`origin=a:slow=${DRILL_SLOW_MS_MAX + 1}ms`).ok).toBe(false);
  });

  test(`a fault has ${DRILL_FAULT_CHARS_MAX} characters at most`, () => {
    const origin = "o".repeat(DRILL_FAULT_CHARS_MAX - "origin=".length - "p".repeat(60).length - "/:down".length);
    const longest = `origin=${"p".repeat(60)}/${origin}:down`;
    expect(longest).toHaveLength(DRILL_FAULT_CHARS_MAX);
    expect(parseFault(longest).ok).toBe(true);
    expect(parseFault(longest.replace("/", "p/"))).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("200 characters") },
    });
  });
});

test("what is listed as a form is one", () => {
  for (const form of FAULT_FORMS)
    expect(parseFault(form.replace("[POOL/]ID", "web/one").replace("NAME", "web")), form).toMatchObject({ ok: true });
});

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const origin = fc.oneof(
  name,
  fc.tuple(name, fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`),
);
const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  name.map((pool) => ({ kind: "pool" as const, pool })),
  fc.constant({ kind: "kv" as const }),
  fc.constant({ kind: "cache" as const }),
  fc.record({
    kind: fc.constant("origin" as const),
    pool: fc.option(name),
    origin,
    how: fc.oneof(
      fc.constantFrom({ kind: "down" as const }, { kind: "reset" as const }),
      fc.integer({ min: 1, max: DRILL_SLOW_MS_MAX }).map((ms) => ({ kind: "slow" as const, ms })),
      fc.integer({ min: 400, max: 599 }).map((status) => ({ kind: "status" as const, status })),
    ),
  }),
);

test("what is printed reads as it was", () => {
  fc.assert(
    fc.property(anyFault, (fault) => {
      expect(parseFault(printFault(fault))).toEqual({ ok: true, value: fault });
    }),
  );
});

test("no text makes it throw, and what it takes prints as a header's value", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `origin=${text}:down`),
      ),
      (text) => {
        const fault = parseFault(text);
        if (fault.ok) expect(printFault(fault.value)).toMatch(/^[\x21-\x7e]+$/);
      },
    ),
  );
});
