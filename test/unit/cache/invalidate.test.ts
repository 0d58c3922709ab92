// What an unsafe request invalidates (RFC 9111 4.4).

import { expect, test } from "vitest";
import { invalidatedUrls } from "../../../src/cache/invalidate.ts";
import { factsOf } from "../../support/facts.ts";

function urls(method: string, status: number, headers: Record<string, string> = {}): string[] {
  const facts = factsOf({ method, url: "http://shop.test/a/b?x=1" });
  return invalidatedUrls(facts, { status, headers: new Headers(headers) }).map(({ path, query }) =>
    query === "" ? path : `${path}?${query}`,
  );
}

test.each([
  ["POST", 200, true],
  ["PUT", 204, true],
  ["DELETE", 303, true],
  ["PATCH", 399, true],
  ["UNHEARD-OF", 200, true],
  ["POST", 400, false],
  ["POST", 500, false],
  ["GET", 200, false],
  ["HEAD", 200, false],
  ["OPTIONS", 200, false],
])("%s answered with %i invalidates: %s", (method, status, expected) => {
  expect(urls(method, status)).toEqual(expected ? ["/a/b?x=1"] : []);
});

test.each([
  ["/c?y=2", ["/a/b?x=1", "/c?y=2"]],
  ["c", ["/a/b?x=1", "/a/c"]],
  ["http://SHOP.test:80/c/../d", ["/a/b?x=1", "/d"]],
  ["http://other.test/c", ["/a/b?x=1"]],
  ["https://shop.test/c", ["/a/b?x=1"]],
  ["//other.test/c", ["/a/b?x=1"]],
  ["http://[", ["/a/b?x=1"]],
  ["/a/b?x=1", ["/a/b?x=1"]],
])("Location: %s", (location, expected) => {
  expect(urls("POST", 201, { location })).toEqual(expected);
  expect(urls("POST", 201, { "content-location": location })).toEqual(expected);
});
