import { describe, expect, test } from "vitest";
import type { Fault } from "../../../src/drill/faults.ts";
import { signDrill, verifyDrill } from "../../../src/drill/signature.ts";
import { DRILL_CLOCK_SKEW_MS_MAX, DRILL_FAULTS_MAX, DRILL_HEADER_CHARS_MAX, DRILL_VALID_MS_MAX } from "../../../src/limits.ts";

const KEY = "key-of-the-tests-0123456789abcdef";
const NOW = Date.UTC(2026, 10, 25);
const DRILL = { faults: [{ kind: "pool", pool: "eu" }, { kind: "kv" }], untilMs: NOW + 60_000 } satisfies {
  faults: Fault[];
  untilMs: number;
};

const base64url = (text: string): string => Buffer.from(text).toString("base64url");

/** A payload that is signed as a drill is, whatever it says. */
async function signedAs(payload: string, purpose = "breakwater drill\n"): Promise<string> {
  const key = await crypto.subtle.importKey("raw", Buffer.from(KEY), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, Buffer.from(purpose + payload));
  return `${payload}.${Buffer.from(signature).toString("base64url")}`;
}

test("what is signed is verified, also without faults", async () => {
  expect(await verifyDrill(await signDrill(DRILL, KEY), KEY, NOW)).toEqual(DRILL);
  const none = { faults: [], untilMs: NOW + 1 };
  expect(await verifyDrill(await signDrill(none, KEY), KEY, NOW)).toEqual(none);
});

test("another key verifies nothing", async () => {
  expect(await verifyDrill(await signDrill(DRILL, "another"), KEY, NOW)).toBeNull();
  expect(await verifyDrill(await signDrill(DRILL, KEY), `${KEY}x`, NOW)).toBeNull();
});

test("no character may be changed, neither of the payload nor of the signature", async () => {
  const value = await signDrill(DRILL, KEY);
  for (let at = 0; at < value.length; at++) {
    // The last character of each part has bits that mean nothing; decoders differ about them.
    if (at === value.length - 1 || value[at + 1] === ".") continue;
    const changed = value.slice(0, at) + (value[at] === "A" ? "B" : "A") + value.slice(at + 1);
    expect(await verifyDrill(changed, KEY, NOW), `character ${at}`).toBeNull();
  }
  expect(await verifyDrill(value.slice(0, -4), KEY, NOW)).toBeNull();
});

test("faults cannot be put behind a signature that was made for others", async () => {
  const [, signature] = (await signDrill(DRILL, KEY)).split(".");
  const [payload] = (await signDrill({ ...DRILL, faults: [] }, KEY)).split(".");
  expect(await verifyDrill(`${payload}.${signature}`, KEY, NOW)).toBeNull();
});

test("a signature by the same key for something else is none of a drill", async () => {
  const payload = base64url(JSON.stringify({ faults: [], untilMs: NOW + 1000 }));
  expect(await verifyDrill(await signedAs(payload), KEY, NOW)).not.toBeNull();
  for (const purpose of ["", "sticky\n", "breakwater drill"])
    expect(await verifyDrill(await signedAs(payload, purpose), KEY, NOW)).toBeNull();
});

describe("time", () => {
  test("it ends at its moment", async () => {
    const value = await signDrill(DRILL, KEY);
    expect(await verifyDrill(value, KEY, DRILL.untilMs - 1)).not.toBeNull();
    expect(await verifyDrill(value, KEY, DRILL.untilMs)).toBeNull();
  });

  test("it is good for an hour at most, and a minute for clocks that differ", async () => {
    const most = DRILL_VALID_MS_MAX + DRILL_CLOCK_SKEW_MS_MAX;
    expect(await verifyDrill(await signDrill({ ...DRILL, untilMs: NOW + most }, KEY), KEY, NOW)).not.toBeNull();
    expect(await verifyDrill(await signDrill({ ...DRILL, untilMs: NOW + most + 1 }, KEY), KEY, NOW)).toBeNull();
  });
});

test(`${DRILL_FAULTS_MAX} faults of the greatest length fit, one more does not`, async () => {
  const fault: Fault = { kind: "origin", pool: "p".repeat(63), origin: "o".repeat(100), how: { kind: "slow", ms: 99_999 } };
  const full = { faults: Array.from({ length: DRILL_FAULTS_MAX }, () => fault), untilMs: NOW + 1000 };
  const value = await signDrill(full, KEY);
  expect(value.length).toBeLessThanOrEqual(DRILL_HEADER_CHARS_MAX);
  expect(await verifyDrill(value, KEY, NOW)).toEqual(full);
  expect(await verifyDrill(await signDrill({ ...full, faults: [...full.faults, { kind: "kv" }] }, KEY), KEY, NOW)).toBeNull();
});

test("a value that is longer than any drill is not looked at", async () => {
  const value = await signDrill(DRILL, KEY);
  expect(await verifyDrill(value.padEnd(DRILL_HEADER_CHARS_MAX), KEY, NOW)).not.toBeNull();
  expect(await verifyDrill(value.padEnd(DRILL_HEADER_CHARS_MAX + 1), KEY, NOW)).toBeNull();
});

test.each([
  ["not JSON", "{"],
  ["null", "null"],
  ["a list", "[]"],
  ["no faults", JSON.stringify({ untilMs: NOW + 1000 })],
  ["no time", JSON.stringify({ faults: [] })],
  ["a time as text", JSON.stringify({ faults: [], untilMs: String(NOW + 1000) })],
  ["faults as text", JSON.stringify({ faults: "kv=down", untilMs: NOW + 1000 })],
  ["a fault that is no text", JSON.stringify({ faults: [1], untilMs: NOW + 1000 })],
  ["a fault that is unknown here", JSON.stringify({ faults: ["kv=down", "dns=down"], untilMs: NOW + 1000 })],
])("well signed, but %s", async (_name, json) => {
  expect(await verifyDrill(await signedAs(base64url(json)), KEY, NOW)).toBeNull();
});

test.each(["", ".", "a.", ".a", "a.b.c", "pool=eu:down", "ä.ö", "a.b", `${"a".repeat(100)}.${"b".repeat(43)}`])(
  "%j is none, and no exception",
  async (value) => {
    expect(await verifyDrill(value, KEY, NOW)).toBeNull();
  },
);
