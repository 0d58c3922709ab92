// Long lists on the built Worker: imported and edited by the command line, loaded by the isolate that needs them, and what happens
// when they cannot be had.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

import { eventually, startEdge } from "./harness.ts";
import type { Edge } from "./harness.ts";

/** Nearly as many as a list may have. */
const ENTRIES = 99_990;

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    config: ([web]) => `
sites:
  - { name: all, hosts: ["*"], routes: [{ path: /*, pool: web }] }
pools:
  web: { origins: [${web}] }
lists:
  bad: { kind: ip, entries: [] }   # filled below
firewall:
  - { id: bad, when: ip.src in $bad, action: { block: { status: 429 } } }
  - { id: not-good, when: 'http.request.uri.path eq "/members" and not ip.src in $bad', action: { block: { status: 451 } } }
`,
  });
});
afterAll(() => edge?.stop());

async function cli(...args: string[]): Promise<string> {
  const ran = await edge.cli(...args);
  if (ran.code !== 0) throw new Error(`${args.join(" ")} failed with exit code ${ran.code}:\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}

async function statusFrom(address: string, path = "/"): Promise<number> {
  return (await edge.get(path, { headers: [["CF-Connecting-IP", address]] })).status;
}

test("a list of 99,990 blocks is imported, and holds from the first request on", async () => {
  await cli("list", "create", "feed", "--kind", "ip");
  await cli("rule", "add", "ip.src in $feed", "--id", "feed", "--action", "block");
  const v4 = Array.from({ length: ENTRIES / 2 }, (_, index) => `${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/25`);
  const v6 = Array.from({ length: ENTRIES / 2 }, (_, index) => `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::/65`);
  const file = join(edge.folder, "feed.txt");
  await writeFile(file, [...v4, ...v6].join("\n"));
  await cli("list", "import", "feed", file);
  expect(await statusFrom("20.7.7.127")).toBe(403);
  expect(await statusFrom("20.7.7.128")).toBe(200);
  expect(await statusFrom("2001:db8:7:7:7fff::1")).toBe(403);
  expect(await statusFrom("2001:db8:7:7:8000::1")).toBe(200);
  expect(await cli("list", "show")).toMatch(/^feed +ip +99990 +0 +0 +lists\/feed\.txt +feed$/m);
  expect(await cli("list", "show", "feed", "--contains", "20.7.7.9")).toContain("20.7.7.0/25");
});

test("an entry that is added or removed is in force when the command ends", async () => {
  expect(await cli("list", "add", "feed", "192.0.2.44", "--comment", "by hand")).toContain("~ list feed: +1");
  expect(await statusFrom("192.0.2.44")).toBe(403);
  await cli("list", "remove", "feed", "192.0.2.44", "20.7.7.0/25");
  expect([await statusFrom("192.0.2.44"), await statusFrom("20.7.7.127"), await statusFrom("20.7.8.127")]).toEqual([200, 200, 403]);
  await cli("rollback");
  expect([await statusFrom("192.0.2.44"), await statusFrom("20.7.7.127")]).toEqual([403, 403]);
});

test("an entry of a short list ends at its time, without a release", async () => {
  const expires = `${new Date(Date.now() + 8_000).toISOString().slice(0, 19)}Z`;
  await cli("list", "add", "bad", "192.0.2.45", "--expires", expires);
  expect([await statusFrom("192.0.2.45"), await statusFrom("192.0.2.45", "/members")]).toEqual([429, 429]);
  await eventually("the entry has ended", async () => (await statusFrom("192.0.2.45")) === 200, 30_000);
  expect(await statusFrom("192.0.2.45", "/members")).toBe(451);
});

test("a cold isolate has the list with its first request; without it the rule is passed over and told, until it is there again", async () => {
  await edge.restart();
  expect(await statusFrom("20.7.7.127")).toBe(403);
  const { lists } = (JSON.parse(await cli("show", "--compiled", "--json")) as { snapshot: { lists: Record<string, { hash: string }> } })
    .snapshot;
  const key = `list/${lists["feed"]?.hash ?? ""}`;
  const text = (await edge.kv.get(key)) ?? expect.fail(`${key} is not in KV`);
  await edge.kv.delete(key);
  await edge.restart({ forgetCache: true });
  expect([await statusFrom("20.7.7.127"), await statusFrom("20.7.7.127")]).toEqual([200, 200]);
  const events = edge.log.filter((line) => line.includes('"list-problem"'));
  expect(events).toHaveLength(1);
  expect(events[0]).toContain('"list-missing"');
  expect(await cli("status")).toContain(`list feed: ${key} is not in KV`);
  await edge.kv.put(key, text);
  await eventually("the list is there again", async () => (await statusFrom("20.7.7.127")) === 403, 30_000);
});
