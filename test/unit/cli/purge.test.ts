// breakwater purge against a Worker's admin API that notes what it is asked: what is sent, in how many requests, and what a dry
// run says. What a purge does to the cache is shown in test/e2e/purge.test.ts.

import { beforeEach, describe, expect, test } from "vitest";
import { applyPurge, emptyPurgeGenerations, encodePurgeGenerations, placeOf } from "../../../src/cache/purge.ts";
import { PURGES_AT_ONCE_MAX, PURGE_URL_SLOTS } from "../../../src/limits.ts";
import { bench, config } from "./harness.ts";

const { server, run, write, published } = bench();

const tag = (value: string, soft = false): unknown => ({ kind: "tag", value, soft });
const url = (value: string): unknown => ({ kind: "url", value, soft: false });

describe("what is asked of the Worker", () => {
  test.each<readonly [string, readonly string[], unknown]>([
    ["a URL", ["--url", "https://www.example.com/a?b=1"], { kind: "url", value: "https://www.example.com/a?b=1", soft: false }],
    ["a host, soft", ["--host", "www.example.com", "--soft"], { kind: "host", value: "www.example.com", soft: true }],
    ["everything", ["--everything"], { kind: "everything", value: "", soft: false }],
  ])("%s alone is one object", async (_name, args, body) => {
    const ran = await run(["purge", ...args]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("Everywhere by 2026-11-23 20:00:00 UTC.");
    expect(server().purges).toEqual([body]);
  });

  test("options that are repeated and mixed are one request, and the answer names all", async () => {
    const named = ["--tag", "a", "--url", "https://www.example.com/x", "--tag", "b", "--soft"];
    const ran = await run(["purge", ...named]);
    expect(ran).toMatchObject({ code: 0 });
    const sent = [{ kind: "url", value: "https://www.example.com/x", soft: true }, tag("a", true), tag("b", true)];
    expect(server().purges).toEqual([{ purges: sent }]);
    expect(ran.stdout).toContain("Stale from now on: https://www.example.com/x, everything with the tag a and everything with the tag b.");
    expect((await run(["purge", ...named, "--json"])).json()).toMatchObject({ ok: true, purges: sent, receipts: [{ id: "p1" }] });
  });

  test.each<readonly [string, readonly string[], string]>([
    ["nothing named", [], "name at least one of"],
    ["everything and something else", ["--everything", "--host", "a.example"], "leave out --everything"],
    ["a host with a path", ["--host", "a.example/b"], "--host: expected a host"],
    ["one mistake among several", ["--tag", "a", "--host", "a.example/b"], "--host: expected a host"],
    ["a file that is not there", ["--file", "no.txt"], "the URLs of no.txt cannot be read"],
  ])("%s is exit code 2, and nothing is purged", async (_name, args, message) => {
    const ran = await run(["purge", ...args]);
    expect(ran).toMatchObject({ code: 2 });
    expect(ran.stderr).toContain(message);
    expect(server().purges).toEqual([]);
  });

  test("without a token nothing is purged, and it says what to set", async () => {
    const ran = await run(["purge", "--everything"], { BREAKWATER_ADMIN_TOKEN: "" });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("BREAKWATER_ADMIN_TOKEN");
  });
});

describe("a file of URLs", () => {
  const lines = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `https://www.example.com/${index}`);

  test("has one on each line; blank lines and comments are none", async () => {
    write("urls.txt", "# what changed\r\n\r\n  https://www.example.com/a#top\r\n# https://www.example.com/b\nwww.example.com/c\n");
    expect(await run(["purge", "--file", "urls.txt", "--tag", "t"])).toMatchObject({ code: 0 });
    expect(server().purges).toEqual([{ purges: [tag("t"), url("https://www.example.com/a#top"), url("www.example.com/c")] }]);
  });

  test("may be standard input", async () => {
    expect(await run(["purge", "--file", "-"], {}, "https://www.example.com/a\n")).toMatchObject({ code: 0 });
    expect(server().purges).toEqual([url("https://www.example.com/a")]);
  });

  test("is sent in requests of as many as one takes", async () => {
    write("urls.txt", lines(PURGES_AT_ONCE_MAX + 1).join("\n"));
    const ran = await run(["purge", "--file", "urls.txt"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/^Purged https:\/\/www\.example\.com\/0, .* and 96 more\.$/m);
    expect(server().purges).toEqual([{ purges: lines(PURGES_AT_ONCE_MAX).map(url) }, url(`https://www.example.com/${PURGES_AT_ONCE_MAX}`)]);
  });

  test("that the Worker took in part only is a failure that says how much of it", async () => {
    write("urls.txt", lines(PURGES_AT_ONCE_MAX + 1).join("\n"));
    server().purgesGranted = 1;
    const ran = await run(["purge", "--file", "urls.txt", "--json"]);
    expect(ran.code).toBe(1);
    expect(ran.json()).toMatchObject({
      ok: false,
      receipts: [{ id: "p1" }],
      error: { what: expect.stringMatching(/^100 of 101 were purged/) },
    });
  });

  test("with a mistake is refused as a whole, with its line", async () => {
    write("urls.txt", "https://www.example.com/a\n\nhttps://\n");
    const ran = await run(["purge", "--file", "urls.txt"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("urls.txt:3: ");
    expect(server().purges).toEqual([]);
  });

  test("without any is refused", async () => {
    write("urls.txt", "# nothing changed\n");
    const ran = await run(["purge", "--file", "urls.txt"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("urls.txt names no URL");
  });

  test("names as many as the table of URLs tells apart, and not one more", async () => {
    write("urls.txt", lines(PURGE_URL_SLOTS).join("\n"));
    expect(await run(["purge", "--file", "urls.txt", "--dry-run"])).toMatchObject({ code: 0 });
    write("urls.txt", lines(PURGE_URL_SLOTS + 1).join("\n"));
    const ran = await run(["purge", "--file", "urls.txt", "--dry-run"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("--prefix");
  });
});

describe("--dry-run", () => {
  const NOW = Date.UTC(2026, 10, 23, 20);
  const page = { kind: "url", value: "https://www.example.com/b" } as const;

  beforeEach(async () => {
    write("breakwater.yaml", config());
    await published();
  });

  test("says which generation would be set, that it was never set, and purges nothing", async () => {
    const { slot } = placeOf(page);
    const ran = await run(["purge", "--url", "https://WWW.example.com/a/../b", "--dry-run"]);
    expect(ran.stdout).toBe(
      `Would purge https://www.example.com/b.\n  It sets slot ${slot} of the table url, hard; never purged so far.\n`,
    );
    expect(server().purges).toEqual([]);
    expect(server().values.has("purges")).toBe(false);
  });

  test("says what the generation holds, and that earlier purges share it", async () => {
    const held = applyPurge(applyPurge(emptyPurgeGenerations(), { ...page, soft: false }, NOW), { ...page, soft: true }, NOW + 61_000);
    server().values.set("purges", encodePurgeGenerations(held));
    const ran = await run(["purge", "--url", page.value, "--soft", "--dry-run"]);
    expect(ran.stdout).toContain("soft; so far: hard 2026-11-23 20:00:00 UTC, soft 2026-11-23 20:01:01 UTC, by earlier purges");
    expect((await run(["purge", "--url", page.value, "--tag", "a", "--dry-run", "--json"])).json()).toMatchObject({
      ok: true,
      dryRun: true,
      version: 2,
      purges: [
        {
          ...page,
          soft: false,
          generation: { table: "url", slot: placeOf(page).slot, sets: "hard", holds: { hardMs: NOW, softMs: NOW + 61_000 }, shared: true },
        },
        { kind: "tag", value: "a", generation: { table: "tag", sets: "hard", holds: { hardMs: null, softMs: null }, shared: false } },
      ],
    });
  });

  test("everything has a generation of its own, which no other name shares", async () => {
    const held = applyPurge(emptyPurgeGenerations(), { kind: "everything", value: "", soft: true }, NOW);
    server().values.set("purges", encodePurgeGenerations(held));
    expect((await run(["purge", "--everything", "--dry-run"])).stdout).toBe(
      "Would purge everything.\n  It sets the generation of everything, hard; so far: hard never, soft 2026-11-23 20:00:00 UTC.\n",
    );
    expect((await run(["purge", "--everything", "--dry-run", "--json"])).json()).toMatchObject({
      request: { kind: "everything", value: "", soft: false },
      purges: [{ generation: { table: "everything", slot: null, shared: false } }],
    });
  });

  test("a document that cannot be read is said, and the generation is named all the same", async () => {
    server().values.set("purges", "{");
    const ran = await run(["purge", "--tag", "a", "--dry-run"]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(
      /^warning: what the generations hold is not known: .*\nWould purge .*\n {2}It sets slot \d+ of the table tag, hard\.\n$/,
    );
    expect((await run(["purge", "--tag", "a", "--dry-run", "--json"])).json()).toMatchObject({
      version: null,
      problem: expect.any(String),
      purges: [{ generation: { holds: null, shared: null } }],
    });
  });
});
