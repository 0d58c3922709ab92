// Web cache deception: names of static files that were answered with pages.

import { expect, test } from "vitest";
import { typeContradictsName } from "../../../src/cache/deception.ts";

test.each([
  ["/account/x.css", "text/html; charset=utf-8", true],
  ["/account;x.css", "text/html", true],
  ["/account%2Fx.css", "TEXT/HTML", true],
  ["/account/x.JPG", "application/xhtml+xml", true],
  ["/me.js", "application/json", true],
  ["/me.woff2", "application/problem+json", true],
  ["/x.css", "text/css", false],
  ["/x.css", null, false],
  ["/x.html", "text/html", false],
  ["/x.json", "application/json", false],
  ["/css", "text/html", false],
  ["/x.css/", "text/html", false],
])("%s with %s contradicts its name: %s", (path, type, expected) => {
  expect(typeContradictsName(path, type)).toBe(expected);
});
