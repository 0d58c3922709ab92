// Which stored variant stands for a language, and who gets it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { offeredLanguage, wantedLanguage } from "../../../src/cache/language.ts";
import { variantKey } from "../../../src/cache/variant.ts";

const variantOf = (language: string, encoding?: string): string =>
  variantKey(
    encoding === undefined ? ["accept-language"] : ["accept-encoding", "accept-language"],
    new Headers({ "accept-language": language, ...(encoding === undefined ? {} : { "accept-encoding": encoding }) }),
  );

test.each([
  ["en, de", "de", "fr;q=0.5, de;q=1.0"],
  ["de", "DE", "de, en;q=0.9"],
  ["de-at, de;q=0.9", "de-AT", "de-AT"],
])("what `%s` got in `%s` is for `%s`", (stored, contentLanguage, asked) => {
  const offered = offeredLanguage(variantOf(stored), contentLanguage);
  expect(offered).not.toBeNull();
  expect(wantedLanguage(variantOf(asked))).toEqual(offered);
});

test.each([
  ["a language that the request wanted less than another", "de, en;q=0.9", "en"],
  ["a language that the request did not name", "de", "en"],
  ["a language that the request refused", "de;q=0", "de"],
  ["several languages", "de, en", "de, en"],
  ["no language", "de", null],
  ["an empty value", "de", ""],
  ["a wildcard", "*", "*"],
  ["a list that cannot be read", "de;level=1, en;q=x", "en"],
])("%s stands for nothing", (_, asked, contentLanguage) => {
  expect(offeredLanguage(variantOf(asked), contentLanguage)).toBeNull();
});

test.each([["en, de"], ["*"], ["de, *"], [""], ["de;q=0"], ["de_AT"]])("`%s` wants no single language most", (asked) => {
  expect(wantedLanguage(variantOf(asked))).toBeNull();
});

test("other fields of Vary count as before", () => {
  const offered = offeredLanguage(variantOf("de", "gzip"), "de");
  expect(wantedLanguage(variantOf("de, en;q=0.1", "gzip"))).toEqual(offered);
  expect(wantedLanguage(variantOf("de, en;q=0.1", "br"))?.name).not.toBe(offered?.name);
  expect(wantedLanguage(variantKey(["user-agent"], new Headers()))).toBeNull();
  expect(wantedLanguage("")).toBeNull();
});

test("the name of a language is the key of no request", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ -~]{0,20}$/), (value) => {
      expect(variantOf(value)).not.toBe(wantedLanguage(variantOf("de"))?.name);
    }),
    { examples: [["=de"]] },
  );
});
