// What a PURGE request with the headers of other caches' scripts asks for.

import { expect, test } from "vitest";
import { purgeMethodBody } from "../../../src/admin/purge-method.ts";

const url = "https://shop.test/page?id=1";

const good: readonly (readonly [Record<string, string>, unknown])[] = [
  [{}, { kind: "url", value: url, soft: false }],
  [{ "Soft-Purge": "1" }, { kind: "url", value: url, soft: true }],
  [{ "Soft-Purge": "0" }, { kind: "url", value: url, soft: false }],
  [{ "Fastly-Soft-Purge": "1" }, { kind: "url", value: url, soft: true }],
  [
    { "Soft-Purge": "0", "Fastly-Soft-Purge": "1" },
    { kind: "url", value: url, soft: true },
  ],
  [
    { "Surrogate-Key": "a  b a" },
    {
      purges: [
        { kind: "tag", value: "a", soft: false },
        { kind: "tag", value: "b", soft: false },
      ],
    },
  ],
  [{ "Cache-Tag": "a", "Soft-Purge": "1" }, { purges: [{ kind: "tag", value: "a", soft: true }] }],
];

test.each(good)("PURGE with %j asks for %j", (headers, value) => {
  expect(purgeMethodBody({ url, headers: new Headers(headers) })).toEqual({ ok: true, value });
});

test.each<readonly [Record<string, string>, string, string]>([
  [{ "Surrogate-Key": "" }, "surrogate-key", "names no tag"],
  [{ "Cache-Tag": " , " }, "cache-tag", "names no tag"],
  [{ "Soft-Purge": "yes" }, "soft-purge", 'expected 1 (stale) or 0 (a miss), found "yes"'],
  [{ "Fastly-Soft-Purge": "" }, "fastly-soft-purge", "expected 1"],
])("PURGE with %j is refused at %s: %s", (headers, field, message) => {
  const body = purgeMethodBody({ url, headers: new Headers(headers) });
  expect(body).toMatchObject({ ok: false, error: { field, message: expect.stringContaining(message) } });
});
