import { pathToFileURL } from "node:url";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bakeRelease, bakedSources } from "../../../scripts/bake.ts";
import type { KvStore } from "../../../scripts/store/kv.ts";
import { releaseKey } from "../../../src/release/keys.ts";
import { encodePointer } from "../../../src/release/pointer.ts";
import { pointerTo, releaseNamed } from "./world.ts";

const SOURCES = join(import.meta.dirname, "../../../src");

test("what is bundled is the release in force, byte for byte, whatever text it has", async () => {
  const release = await releaseNamed('quotes " \\ </script> ${x} \u2028 `');
  const pointer = pointerTo(release, { number: 3 });
  const result = await bakeRelease(storeOf({ current: encodePointer(pointer), [releaseKey(release.hash)]: release.text }));
  if (result.kind !== "baked") throw new Error(result.why);
  const folder = mkdtempSync(join(tmpdir(), "baked-"));
  try {
    const entry = bakedSources(SOURCES, join(folder, "src"), result.release);
    const baked: unknown = await import(pathToFileURL(join(folder, "src/release/baked.ts")).href);
    expect(baked).toMatchObject({ baked: { pointer, snapshot: release.text } });
    expect(readFileSync(entry, "utf8")).toBe(readFileSync(join(SOURCES, "index.ts"), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("without a release, with a broken pointer or without what it names, nothing is bundled and the reason is said", async () => {
  const release = await releaseNamed("shop");
  expect(await bakeRelease(storeOf({}))).toEqual({ kind: "nothing", why: "the test's KV has no release yet" });
  expect(await bakeRelease(storeOf({ current: "{" }))).toEqual({ kind: "nothing", why: "pointer: / is not JSON" });
  const lost = await bakeRelease(storeOf({ current: encodePointer(pointerTo(release, { number: 1 })) }));
  expect(lost).toMatchObject({ kind: "nothing", why: expect.stringContaining("is not in the test's KV") });
});

test("a corrupt release is not bundled", async () => {
  const release = await releaseNamed("shop");
  const store = storeOf({ current: encodePointer(pointerTo(release, { number: 1 })), [releaseKey(release.hash)]: `${release.text} ` });
  await expect(bakeRelease(store)).rejects.toMatchObject({ name: "CliFailure" });
});

function storeOf(values: Readonly<Record<string, string>>): KvStore {
  const unused = (): Promise<never> => Promise.reject(new Error("baking only reads"));
  return {
    label: "the test's KV",
    get: (key) => Promise.resolve(values[key] ?? null),
    getMany: unused,
    put: unused,
    delete: unused,
    list: unused,
  };
}
