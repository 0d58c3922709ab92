import { expect, test } from "vitest";
import { decodeSnapshot, encodeSnapshot, hashSnapshot } from "../../../src/config/encode.ts";
import { SNAPSHOT_FORMAT, type Snapshot } from "../../../src/config/snapshot.ts";
import { SNAPSHOT_BYTES_MAX } from "../../../src/limits.ts";
import { buildValue, smallConfig } from "./build-helper.ts";

async function snapshotOf(): Promise<Snapshot> {
  const { snapshot } = await buildValue(smallConfig());
  if (snapshot === null) throw new Error("the small config is good");
  return snapshot;
}

test("a snapshot survives encoding and decoding", async () => {
  const snapshot = await snapshotOf();
  expect(await decodeSnapshot(encodeSnapshot(snapshot), await hashSnapshot(snapshot))).toEqual({ ok: true, value: snapshot });
});

test("the order of keys does not change the hash", async () => {
  const snapshot = await snapshotOf();
  const { sites, pools, lists, rules, subjects, inspection, client, alerts, format } = snapshot;
  expect(await hashSnapshot({ client, rules, alerts, subjects, inspection, lists, pools, sites, format })).toBe(
    await hashSnapshot(snapshot),
  );
});

test("the hash is the SHA-256 of the text, in lower-case hexadecimal", async () => {
  const snapshot = await snapshotOf();
  expect(await hashSnapshot(snapshot)).toMatch(/^[0-9a-f]{64}$/);
  const { createHash } = await import("node:crypto");
  expect(await hashSnapshot(snapshot)).toBe(createHash("sha256").update(encodeSnapshot(snapshot)).digest("hex"));
});

test("a key named __proto__ is kept as a key", () => {
  const snapshot = { lists: JSON.parse('{"__proto__": 1}') as unknown } as unknown as Snapshot;
  expect(encodeSnapshot(snapshot)).toBe('{"lists":{"__proto__":1}}');
});

test("one changed byte is refused", async () => {
  const snapshot = await snapshotOf();
  const text = encodeSnapshot(snapshot).replace("origin.example.net", "origin.example.nex");
  expect(await decodeSnapshot(text, await hashSnapshot(snapshot))).toMatchObject({ ok: false, error: { kind: "hash-mismatch" } });
});

async function decodeVerified(text: string): Promise<unknown> {
  const { createHash } = await import("node:crypto");
  return decodeSnapshot(text, createHash("sha256").update(text).digest("hex"));
}

test.each([
  ["", { kind: "not-json" }],
  ["{", { kind: "not-json" }],
  ["null", { kind: "unknown-format", found: null }],
  ["[]", { kind: "unknown-format", found: null }],
  ['{"format":"1"}', { kind: "unknown-format", found: null }],
  [`{"format":${SNAPSHOT_FORMAT + 1}}`, { kind: "unknown-format", found: SNAPSHOT_FORMAT + 1 }],
])("%j is refused even with the right hash", async (text, error) => {
  expect(await decodeVerified(text)).toEqual({ ok: false, error });
});

test("a text of the largest size is read, a longer one is not", async () => {
  const head = `{"format":${SNAPSHOT_FORMAT},"x":"`;
  const full = `${head}${"x".repeat(SNAPSHOT_BYTES_MAX - head.length - 2)}"}`;
  expect(await decodeVerified(full)).toMatchObject({ ok: true });
  expect(await decodeVerified(`${full} `)).toMatchObject({ ok: false, error: { kind: "too-large" } });
});
