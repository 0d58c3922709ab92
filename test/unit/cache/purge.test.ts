// Purge generations: what a purge covers, that none is lost, and that the document stays small and readable.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  applyPurge,
  applyRecords,
  dropSpent,
  emptyPurgeGenerations,
  encodePurgeGenerations,
  generationFor,
  parsePurgeGenerations,
  placeOf,
  purgedAt,
  type PurgeGenerations,
} from "../../../src/cache/purge.ts";
import {
  CACHE_LIFETIME_SECONDS_MAX,
  PURGES_CHARS_MAX,
  PURGE_HOST_SLOTS,
  PURGE_PREFIX_SEGMENTS_MAX,
  PURGE_PREFIX_SLOTS,
  PURGE_TAG_SLOTS,
  PURGE_URL_SLOTS,
} from "../../../src/limits.ts";
import type { PurgeRequest } from "../../../src/ports.ts";

const NOW = Date.UTC(2026, 0, 1);

function purged(kind: PurgeRequest["kind"], value: string, soft = false): PurgeGenerations {
  return applyPurge(emptyPurgeGenerations(), { kind, value, soft }, NOW);
}

const shop = { url: "https://shop.test/blog/post?page=1#cookie:a=1", tags: ["news", "Home"] };

test.each<[PurgeRequest["kind"], string, boolean]>([
  ["everything", "", true],
  ["host", "shop.test", true],
  ["host", "SHOP.test", true],
  ["host", "other.test", false],
  ["host", "shop.test:8080", false],
  ["prefix", "shop.test/blog", true],
  ["prefix", "shop.test/blog/", true],
  ["prefix", "https://shop.test/blog/post", true],
  ["prefix", "shop.test", true],
  ["prefix", "shop.test/blo", false],
  ["prefix", "shop.test/blog/post/x", false],
  ["tag", "news", true],
  ["tag", "home", false],
  ["url", "https://shop.test/blog/post?page=1", true],
  ["url", "http://shop.test/blog/post?page=1", true],
  ["url", "shop.test/blog/post?page=1", true],
  ["url", "https://shop.test/blog/post", false],
  ["url", "https://shop.test/blog/Post?page=1", false],
])("a purge of %s `%s` covers the page: %s", (kind, value, covered) => {
  expect(purgedAt(purged(kind, value), shop)).toEqual({ hardMs: covered ? NOW : 0, softMs: 0 });
  expect(purgedAt(purged(kind, value, true), shop)).toEqual({ hardMs: 0, softMs: covered ? NOW : 0 });
});

test("a prefix that is longer than the limit purges from there on: more, never less", () => {
  const path = (count: number): string => Array.from({ length: count }, (_, index) => `s${index}`).join("/");
  const deep = purged("prefix", `shop.test/${path(PURGE_PREFIX_SEGMENTS_MAX + 1)}`);
  expect(purgedAt(deep, { url: `http://shop.test/${path(PURGE_PREFIX_SEGMENTS_MAX + 5)}`, tags: [] }).hardMs).toBe(NOW);
  expect(purgedAt(deep, { url: `http://shop.test/${path(PURGE_PREFIX_SEGMENTS_MAX - 1)}`, tags: [] }).hardMs).toBe(0);
});

const request = fc.record<PurgeRequest>({
  kind: fc.constantFrom("everything", "host", "prefix", "tag", "url"),
  value: fc.constantFrom("shop.test", "shop.test/a", "shop.test/a/b", "x"),
  soft: fc.boolean(),
});

test("no purge ever hides an earlier or later one, in any order", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(request, fc.integer({ min: 1, max: 1000 })), { maxLength: 20 }), (purges) => {
      const subject = { url: "http://shop.test/a/b", tags: ["x"] };
      const all = purges.reduce((document, [one, at]) => applyPurge(document, one, NOW + at), emptyPurgeGenerations());
      const found = purgedAt(all, subject);
      for (const [one, at] of purges) {
        const alone = purgedAt(applyPurge(emptyPurgeGenerations(), one, NOW + at), subject);
        expect(found.hardMs).toBeGreaterThanOrEqual(alone.hardMs);
        // A soft purge may be swallowed by a later hard one, which says more.
        expect(Math.max(found.softMs, found.hardMs)).toBeGreaterThanOrEqual(alone.softMs);
      }
      expect(all.version).toBe(purges.length);
    }),
  );
});

test("records applied at once are the same as one after the other", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(request, fc.integer({ min: 1, max: 1000 })), { maxLength: 20 }), (purges) => {
      const records = purges.map(([one, at]) => ({ requests: [one], atMs: NOW + at }));
      const single = records.reduce((document, record) => applyRecords(document, [record]), emptyPurgeGenerations());
      expect(applyRecords(emptyPurgeGenerations(), records)).toEqual(single);
    }),
  );
});

test("dropping what is spent changes no answer about what can be stored", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(request, fc.integer({ min: 1, max: 1000 })), { maxLength: 20 }), (purges) => {
      const all = applyRecords(
        emptyPurgeGenerations(),
        purges.map(([one, at]) => ({ requests: [one], atMs: NOW + at })),
      );
      const subject = { url: "http://shop.test/a/b", tags: ["x"] };
      const [before, after] = [purgedAt(all, subject), purgedAt(dropSpent(all, NOW + 1000), subject)];
      expect(after.hardMs).toBe(before.hardMs);
      expect(Math.max(after.softMs, after.hardMs)).toBe(Math.max(before.softMs, before.hardMs));
    }),
  );
});

test.each<[PurgeRequest["kind"], string, string]>([
  ["url", "https://Shop.test/a#top", "http://shop.test/a"],
  ["prefix", "shop.test/blog/", "https://shop.test/blog?x"],
  ["host", "shop.test", "SHOP.test"],
])("a purge of %s `%s` and one of `%s` set the same generation", (kind, one, other) => {
  expect(placeOf({ kind, value: one })).toEqual(placeOf({ kind, value: other }));
  expect(generationFor(purged(kind, one), { kind, value: other })).toEqual({ hardMs: NOW, softMs: 0 });
});

test("the generation of everything is none of a table, and what was never purged holds no times", () => {
  expect(placeOf({ kind: "everything", value: "" })).toEqual({ table: "everything", slot: null });
  expect(generationFor(purged("everything", "", true), { kind: "everything", value: "" })).toEqual({ hardMs: 0, softMs: NOW });
  expect(generationFor(purged("tag", "a"), { kind: "url", value: "shop.test/a" })).toEqual({ hardMs: 0, softMs: 0 });
});

test("two names in one slot share its generation", () => {
  const other = Array.from({ length: 20 * PURGE_TAG_SLOTS }, (_, index) => `t${index}`).find(
    (tag) => placeOf({ kind: "tag", value: tag }).slot === placeOf({ kind: "tag", value: "a" }).slot,
  );
  expect(generationFor(purged("tag", other ?? ""), { kind: "tag", value: "a" })).toEqual({ hardMs: NOW, softMs: 0 });
});

test("the document is read as it was written", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(request, fc.integer({ min: 1, max: 1000 })), { maxLength: 20 }), (purges) => {
      const document = purges.reduce((held, [one, at]) => applyPurge(held, one, NOW + at), emptyPurgeGenerations());
      expect(parsePurgeGenerations(encodePurgeGenerations(document))).toEqual({ ok: true, value: document });
    }),
  );
});

test("generations that nothing stored can be older than are dropped", () => {
  const later = applyPurge(purged("url", "shop.test/a"), { kind: "tag", value: "x", soft: false }, NOW + CACHE_LIFETIME_SECONDS_MAX * 1000);
  expect(later.tables.url.size).toBe(0);
  const sooner = applyPurge(
    purged("url", "shop.test/a"),
    { kind: "tag", value: "x", soft: false },
    NOW + CACHE_LIFETIME_SECONDS_MAX * 1000 - 1,
  );
  expect(sooner.tables.url.size).toBe(1);
  const emptied = applyPurge(purged("url", "shop.test/a"), { kind: "everything", value: "", soft: false }, NOW + 1);
  expect(emptied.tables.url.size).toBe(0);
});

test.each([
  ["url", PURGE_URL_SLOTS],
  ["tag", PURGE_TAG_SLOTS],
  ["prefix", PURGE_PREFIX_SLOTS],
  ["host", PURGE_HOST_SLOTS],
])("the last place of the table %s is read, one past it is refused", (table, slots) => {
  const empty = { format: 1, version: 1, everything: [0, 0], host: [], prefix: [], tag: [], url: [] };
  expect(parsePurgeGenerations(JSON.stringify({ ...empty, [table]: [slots - 1, NOW, 0] })).ok).toBe(true);
  expect(parsePurgeGenerations(JSON.stringify({ ...empty, [table]: [slots, NOW, 0] }))).toMatchObject({
    ok: false,
    error: { kind: "bad-field", path: `/${table}/0` },
  });
});

test("a document whose tables are full is within the limit", () => {
  let document = emptyPurgeGenerations();
  const tables = { url: PURGE_URL_SLOTS, tag: PURGE_TAG_SLOTS, prefix: PURGE_PREFIX_SLOTS, host: PURGE_HOST_SLOTS };
  const full = new Map(
    Object.entries(tables).map(([table, size]) => [
      table,
      new Map(Array.from({ length: size }, (_, slot) => [slot, { hardMs: NOW, softMs: NOW }])),
    ]),
  );
  document = { ...document, tables: Object.fromEntries(full) as unknown as PurgeGenerations["tables"] };
  const text = encodePurgeGenerations(document);
  expect(text.length).toBeLessThan(PURGES_CHARS_MAX);
  expect(parsePurgeGenerations(text).ok).toBe(true);
});

test.each([
  ["", "not-json"],
  ["[]", "bad-field"],
  ["{}", "unknown-format"],
  ['{"format":2}', "unknown-format"],
  ['{"format":1,"version":-1}', "bad-field"],
  ['{"format":1,"version":0,"everything":[1],"host":[],"prefix":[],"tag":[],"url":[]}', "bad-field"],
  ['{"format":1,"version":0,"everything":[0,0],"host":[1,2],"prefix":[],"tag":[],"url":[]}', "bad-field"],
  ['{"format":1,"version":0,"everything":[0,0],"host":[1024,2,3],"prefix":[],"tag":[],"url":[]}', "bad-field"],
  ['{"format":1,"version":0,"everything":[0,0],"host":[1,"2",3],"prefix":[],"tag":[],"url":[]}', "bad-field"],
  [" ".repeat(PURGES_CHARS_MAX + 1), "too-large"],
])("%.60s is refused as %s", (text, kind) => {
  expect(parsePurgeGenerations(text)).toMatchObject({ ok: false, error: { kind } });
});
