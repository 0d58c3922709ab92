// Which of a site's languages a visitor gets.

import fc from "fast-check";
import { expect, test } from "vitest";
import { lookupLanguage } from "../../../src/http/language-lookup.ts";

const SITE = ["en", "de", "pt-BR", "zh-Hant"];

test.each<readonly [string, string | null, string]>([
  ["the one that is asked for", "de", "de"],
  ["case does not matter, and the site's own spelling is given", "PT-br", "pt-BR"],
  ["the greater weight wins, whatever the order", "de;q=0.5, pt-BR;q=0.9", "pt-BR"],
  ["of equal weights the first", "pt-BR, de", "pt-BR"],
  ["a range is cut down from its end", "de-CH-1996", "de"],
  ["a single character goes with what it introduces", "zh-Hant-x-private", "zh-Hant"],
  ["a range is not made longer", "pt", "en"],
  ["the next range, where the first fits nothing", "fr, de;q=0.1", "de"],
  ["a heavier general range before a lighter exact one", "de-AT, pt-BR;q=0.9", "de"],
  ["the default without the header", null, "en"],
  ["the default for an empty one", "", "en"],
  ["the default where nothing fits", "fr, it;q=0.5", "en"],
  ["a wildcard is passed over for what is named", "*, de;q=0.1", "de"],
  ["a wildcard alone is the default", "*", "en"],
  ["weight 0 is refused", "de;q=0, pt-BR;q=0.1", "pt-BR"],
  ["what is refused is not found by cutting down either", "de-CH, de;q=0", "en"],
  ["a refused default gives way to the next language", "fr, en;q=0", "de"],
  ["refusing a language refuses what is below it", "*, en;q=0, de;q=0, pt;q=0", "zh-Hant"],
  ["the default, where all are refused", "en;q=0, de;q=0, pt;q=0, zh;q=0", "en"],
  ["a weight that is not valid takes its range away", "de;q=2, pt-BR;q=0.1", "pt-BR"],
  ["junk asks for nothing", ";;;,=,de_DE,\u00fc", "en"],
])("%s", (_, header, expected) => {
  expect(lookupLanguage(SITE, header)).toBe(expected);
});

test("a visitor chooses among the site's languages and adds none", () => {
  const range = fc.stringMatching(/^[a-zA-Z*-]{0,20}(;q=[0-9.]{0,4})?$/);
  fc.assert(
    fc.property(fc.array(fc.oneof(range, fc.string()), { maxLength: 8 }), (ranges) => {
      expect(SITE).toContain(lookupLanguage(SITE, ranges.join(",")));
    }),
  );
});

test("a range of eight subtags is cut down, one of nine is not read", () => {
  const long = (count: number): string => ["de", ...Array.from({ length: count - 1 }, () => "aa")].join("-");
  expect(lookupLanguage(SITE, long(8))).toBe("de");
  expect(lookupLanguage(SITE, long(9))).toBe("en");
});
