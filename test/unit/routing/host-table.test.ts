import { expect, test } from "vitest";
import { createHostTable } from "../../../src/routing/host-table.ts";
import type { Site } from "../../../src/ruleset.ts";

function siteOf(name: string, ...hosts: string[]): Site {
  return {
    name,
    hosts,
    httpsRedirect: false,
    hsts: null,
    canonicalHost: null,
    maintenance: null,
    errorPages: {},
    routes: { match: () => ({ kind: "no-path" }) },
  };
}

const table = createHostTable([
  siteOf("wild", "*.example.com"),
  siteOf("deep", "*.eu.example.com"),
  siteOf("shop", "shop.example.com", "shop.example.org"),
  siteOf("rest", "*"),
]);

test.each([
  ["shop.example.com", "shop"],
  ["shop.example.org", "shop"],
  ["other.example.com", "wild"],
  ["a.b.example.com", "wild"],
  ["a.eu.example.com", "deep"],
  ["eu.example.com", "wild"],
  ["example.com", "rest"],
  ["badexample.com", "rest"],
  ["[::1]", "rest"],
])("%s belongs to site %s", (host, site) => {
  expect(table.find(host)?.name).toBe(site);
});

test("without a default site an unknown host has no site", () => {
  const closed = createHostTable([siteOf("shop", "shop.example.com")]);
  expect(closed.find("other.example.com")).toBeNull();
});
