import { expect, test } from "vitest";
import { parsePurge, parsePurges } from "../../../src/admin/purge-request.ts";
import { PURGES_AT_ONCE_MAX, PURGE_VALUE_CHARS_MAX } from "../../../src/limits.ts";

const good: readonly (readonly [unknown, unknown])[] = [
  [{ kind: "everything" }, { kind: "everything", value: "", soft: false }],
  [
    { kind: "everything", soft: true },
    { kind: "everything", value: "", soft: true },
  ],
  [
    { kind: "host", value: "Shop.Example.com" },
    { kind: "host", value: "shop.example.com", soft: false },
  ],
  [
    { kind: "host", value: "shop.example.com:8443" },
    { kind: "host", value: "shop.example.com:8443", soft: false },
  ],
  [
    { kind: "prefix", value: "shop.example.com/blog/" },
    { kind: "prefix", value: "shop.example.com/blog/", soft: false },
  ],
  [
    { kind: "prefix", value: "https://shop.example.com/a/../blog?x" },
    { kind: "prefix", value: "shop.example.com/blog", soft: false },
  ],
  [
    { kind: "tag", value: "product-7" },
    { kind: "tag", value: "product-7", soft: false },
  ],
  [
    { kind: "url", value: "https://Shop.example.com/a/%7euser?b=1#top" },
    { kind: "url", value: "https://shop.example.com/a/~user?b=1", soft: false },
  ],
  [
    { kind: "url", value: "shop.example.com" },
    { kind: "url", value: "https://shop.example.com/", soft: false },
  ],
];

test.each(good)("%j is purged as %j", (body, value) => {
  expect(parsePurge(body, null)).toEqual({ ok: true, value });
});

const bad: readonly (readonly [unknown, string, string])[] = [
  [null, "/", 'expected a JSON object such as {"kind": "url", "value": "https://example.com/page"}'],
  [["url"], "/", 'expected a JSON object such as {"kind": "url", "value": "https://example.com/page"}'],
  [{}, "kind", "expected one of everything, host, prefix, tag, url, found nothing"],
  [{ kind: "all" }, "kind", 'expected one of everything, host, prefix, tag, url, found "all"'],
  [{ kind: "url", value: 7 }, "value", "expected a string, found 7"],
  [{ kind: "tag", value: "a", soft: "yes" }, "soft", 'expected true (stale) or false (a miss), found "yes"'],
  [
    { kind: "everything", value: "shop" },
    "value",
    'a purge of everything takes no value, found "shop"; leave it out, or name another kind',
  ],
  [{ kind: "tag", value: "a b" }, "value", 'expected one surrogate key without spaces, found "a b"'],
  [{ kind: "tag" }, "value", 'expected one surrogate key without spaces, found ""'],
  [{ kind: "host", value: "shop.example.com/path" }, "value", 'expected a host such as example.com, found "shop.example.com/path"'],
  [{ kind: "host" }, "value", 'expected a host such as example.com, found ""'],
  [{ kind: "url", value: "" }, "value", '"" is not a url: expected a URL such as https://example.com/page'],
  [
    { kind: "url", value: "ftp://shop.example.com/" },
    "value",
    '"ftp://shop.example.com/" is not a url: expected a URL such as https://example.com/page',
  ],
];

test.each(bad)("%j is refused at %s", (body, field, message) => {
  expect(parsePurge(body, null)).toEqual({ ok: false, error: { field, message } });
});

test("a value is taken up to its limit and not one character beyond", () => {
  const tag = "t".repeat(PURGE_VALUE_CHARS_MAX);
  expect(parsePurge({ kind: "tag", value: tag }, null)).toMatchObject({ ok: true });
  expect(parsePurge({ kind: "tag", value: `${tag}t` }, null)).toMatchObject({ ok: false, error: { field: "value" } });
});

test("one purge alone is a list of one, and a list is taken in its order", () => {
  const tag = { kind: "tag", value: "a", soft: false };
  const host = { kind: "host", value: "b.test", soft: true };
  expect(parsePurges(tag, null)).toEqual({ ok: true, value: [tag] });
  expect(parsePurges({ purges: [host, tag] }, null)).toEqual({ ok: true, value: [host, tag] });
});

const badLists: readonly (readonly [unknown, string, string])[] = [
  [{ purges: "a" }, "purges", "expected a list"],
  [{ purges: [] }, "purges", "expected a list"],
  [{ purges: [{ kind: "tag", value: "a" }], kind: "tag" }, "kind", "stands beside `purges`"],
  [{ purges: [{ kind: "tag", value: "a" }, "b"] }, "purges[1]", "expected a JSON object"],
  [{ purges: [{ kind: "tag", value: "a" }, { kind: "no" }] }, "purges[1].kind", "expected one of"],
  [{ purges: [{ purges: [] }] }, "purges[0].kind", "expected one of"],
  [{}, "kind", "expected one of"],
];

test.each(badLists)("%j is refused at %s: %s", (body, field, message) => {
  expect(parsePurges(body, null)).toMatchObject({ ok: false, error: { field, message: expect.stringContaining(message) } });
});

test("a list is taken up to its limit and not one purge beyond", () => {
  const purges = Array.from({ length: PURGES_AT_ONCE_MAX }, (_, index) => ({ kind: "tag", value: `t${index}` }));
  expect(parsePurges({ purges }, null)).toMatchObject({ ok: true });
  expect(parsePurges({ purges: [...purges, { kind: "tag", value: "one more" }] }, null)).toMatchObject({
    ok: false,
    error: { field: "purges", message: expect.stringContaining("at most 100") },
  });
});
