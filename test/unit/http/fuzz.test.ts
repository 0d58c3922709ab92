// Garbage into every parser of a header: none throws, and none takes the process down with time. What a parser says of garbage is
// tested with the parser.

import fc from "fast-check";
import { expect, test } from "vitest";
import { prefersJson } from "../../../src/http/accept.ts";
import { addressOf } from "../../../src/http/address.ts";
import { parseCacheControl } from "../../../src/http/cache-control.ts";
import { passesThrough } from "../../../src/http/cdn-loop.ts";
import { parseCookies, parseSetCookie } from "../../../src/http/cookies.ts";
import { parseHttpDate } from "../../../src/http/date.ts";
import { parseEntityTag, parseEntityTagList } from "../../../src/http/etag.ts";
import { splitList, unquote } from "../../../src/http/list.ts";
import { parseMediaType } from "../../../src/http/media-type.ts";
import { parseContentRange, parseRange } from "../../../src/http/range.ts";
import { parseDictionary, parseItem, parseList } from "../../../src/http/structured-fields.ts";
import { targetedCacheControl } from "../../../src/http/targeted.ts";
import { canonicalHost, canonicalPath, parseQuery } from "../../../src/http/url.ts";
import { parseVary } from "../../../src/http/vary.ts";
import { parseWeighted } from "../../../src/http/weighted.ts";

const PARSERS: readonly (readonly [name: string, parse: (text: string) => unknown])[] = [
  ["accept", prefersJson],
  ["address", addressOf],
  ["cache-control", parseCacheControl],
  ["cdn-cache-control", targetedCacheControl],
  ["cdn-loop", (text) => passesThrough(text, "id")],
  ["content-range", parseContentRange],
  ["cookie", parseCookies],
  ["date", (text) => parseHttpDate(text, 0)],
  ["dictionary", parseDictionary],
  ["etag", parseEntityTag],
  ["etag list", parseEntityTagList],
  ["host", (text) => canonicalHost(text, "https")],
  ["item", parseItem],
  ["list", splitList],
  ["media type", parseMediaType],
  ["path", canonicalPath],
  ["query", parseQuery],
  ["quoted string", unquote],
  ["range", (text) => parseRange(text, 1000)],
  ["set-cookie", parseSetCookie],
  ["structured list", parseList],
  ["vary", parseVary],
  ["weights", parseWeighted],
];

const piece = fc.oneof(
  fc.constantFrom(
    '"',
    "\\",
    ",",
    ";",
    "=",
    "(",
    ")",
    ":",
    "%",
    "%2e",
    "..",
    "/",
    "*",
    "q=",
    "bytes=",
    "W/",
    "-",
    "0",
    "?1",
    "@",
    " ",
    "\t",
    "\0",
    "\r\n",
    "é",
    "\ud800",
    "💧",
  ),
  fc.string({ maxLength: 4 }),
);
const garbage = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));

test.each(PARSERS)("%s: garbage throws nothing, and gives the same each time", (_, parse) => {
  fc.assert(
    fc.property(garbage, (text) => {
      expect(parse(text)).toEqual(parse(text));
    }),
    { numRuns: 300 },
  );
});

// Work that grew with the square of the length would take minutes here, and the run would end by its timeout.
test.each(PARSERS)("%s: a header of 60,000 characters is read", (_, parse) => {
  for (const unit of [
    '"',
    "\\",
    ",",
    ";",
    "=",
    " ",
    "a",
    "%",
    "%2e/",
    "../",
    'a="',
    ";q=",
    "W/",
    "0-1,",
    "(",
    "a=b;",
    ":",
    "\t ",
    '\\"',
    '"\\',
    "1:",
  ]) {
    for (const [before, after] of [
      ["", ""],
      ['"', ""],
      ["a=", "x"],
      ['x="', "\r"],
    ] as const) {
      expect(() => parse(before + unit.repeat(60_000 / unit.length) + after)).not.toThrow();
    }
  }
});

test("lists are split in one pass, however quotes and backslashes stand", () => {
  // The plain definition: a quoted string that is closed is one piece, everything else is single characters.
  const slowSplit = (text: string): readonly string[] => {
    const pieces = text.match(/"(?:[^"\\]|\\[^])*"|[^]/g) ?? [];
    const members = [""];
    for (const part of pieces) {
      if (part === ",") members.push("");
      else members[members.length - 1] += part;
    }
    return members.map((member) => member.replaceAll(/^[ \t]+|[ \t]+$/g, "")).filter((member) => member !== "");
  };
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('"', "\\", ",", "a", " ") }), (text) => {
      expect(splitList(text)).toEqual(slowSplit(text));
    }),
    { numRuns: 2000 },
  );
});
