import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DELTA_SECONDS_MAX, formatCacheControl, parseCacheControl, type CacheControl } from "../../../src/http/cache-control.ts";

const nothing: CacheControl = parseCacheControl(null);

test("an absent and an empty header say the same: nothing", () => {
  expect(parseCacheControl("")).toEqual(nothing);
  expect(parseCacheControl(" , ,")).toEqual(nothing);
  expect(formatCacheControl(nothing)).toBe("");
});

describe("lifetimes", () => {
  test.each([
    ["max-age=60", 60],
    ["Max-AGE=60", 60],
    ['max-age="60"', 60],
    ["max-age=007", 7],
    ["max-age=60, max-age=10", 10],
    ["max-age=10, max-age=60", 10],
    ["max-age=60, max-age=x", 0],
    [`max-age=${DELTA_SECONDS_MAX}`, DELTA_SECONDS_MAX],
    [`max-age=${DELTA_SECONDS_MAX + 1}`, DELTA_SECONDS_MAX],
    ["max-age=99999999999999999999999999", DELTA_SECONDS_MAX],
    ["max-age", 0],
    ["max-age=", 0],
    ["max-age=-1", 0],
    ["max-age=1.5", 0],
    ["max-age=1e3", 0],
    ["max-age=100a", 0],
    ["max-age='100'", 0],
    ["max-age =100", 0],
    ["max-age= 100", 0],
    ["max-age:100", 0],
    ["max-age=100;", 0],
    ['max-age="100"x', 0],
    ["a=max-age=100", null],
    ['extension="max-age=100"', null],
  ])("%s is a lifetime of %s", (value, seconds) => {
    expect(parseCacheControl(value).maxAge).toBe(seconds);
  });

  test("each lifetime is its own", () => {
    expect(parseCacheControl("s-maxage=1, stale-while-revalidate=2, stale-if-error=3, min-fresh=4, max-stale=5")).toMatchObject({
      maxAge: null,
      sMaxage: 1,
      staleWhileRevalidate: 2,
      staleIfError: 3,
      minFresh: 4,
      maxStale: 5,
    });
  });

  test.each([
    ["max-stale", Number.POSITIVE_INFINITY],
    ["max-stale, max-stale=5", 5],
    ["max-stale=5, max-stale=3", 3],
    ["max-stale=x", 0],
    ["max-stale=", 0],
    ["max-stale;", 0],
  ])("%s accepts a staleness of %s", (value, seconds) => {
    expect(parseCacheControl(value).maxStale).toBe(seconds);
  });

  test("a garbled min-fresh asks for more than anything has", () => {
    expect(parseCacheControl("min-fresh=x").minFresh).toBe(DELTA_SECONDS_MAX);
    expect(parseCacheControl("min-fresh=5, min-fresh=9").minFresh).toBe(9);
  });
});

describe("restrictions hold whatever stands behind them", () => {
  test.each([
    ["No-Store", "noStore"],
    ["no-store=x", "noStore"],
    ["no-store;max-age=100", "noStore"],
    ['foo="bar, no-store', "noStore"],
    ["must-revalidate=?0", "mustRevalidate"],
    ["PROXY-REVALIDATE", "proxyRevalidate"],
    ["no-transform", "noTransform"],
    ["only-if-cached", "onlyIfCached"],
    ["no-cache", "noCache"],
    ["no-cache=", "noCache"],
    ['no-cache=""', "noCache"],
    ['no-cache="a, no-cache', "noCache"],
    ['no-cache="a b"', "noCache"],
    ['no-cache="a", no-cache', "noCache"],
    ["private, max-age=5", "private"],
    ['private="set-cookie"x', "private"],
    ["must-understand=no", "mustUnderstand"],
    ["max-age=60; private", "private"],
    ["max-age=60;No-Store", "noStore"],
    ["max-age=60 no-cache", "noCache"],
    [";no-store", "noStore"],
    ["=no-store", "noStore"],
    ['"no-store"', "noStore"],
    ['"no-store, max-age=60', "noStore"],
    ['x=", private="a"', "private"],
  ] as const)("%s sets %s", (value, key) => {
    expect(parseCacheControl(value)[key]).toBe(true);
  });

  test("a quoted string that is closed hides what is in it", () => {
    expect(parseCacheControl('x="no-store, private", max-age=1')).toMatchObject({ noStore: false, private: false, maxAge: 1 });
    expect(parseCacheControl(String.raw`x="a\", no-store", max-age=1`)).toMatchObject({ noStore: false, maxAge: 1 });
  });

  test("field names come in lower case, each once, from all lists", () => {
    const control = parseCacheControl('no-cache="Set-Cookie, x-a", private=X-B, no-cache="x-a, x-c"');
    expect(control).toMatchObject({ noCache: ["set-cookie", "x-a", "x-c"], private: ["x-b"] });
  });
});

test.each(["public=x", "public;", "immutable=1", "max-age=60; public", '"public"', "private, public"])("%s permits nothing", (value) => {
  expect(parseCacheControl(value)).toMatchObject({ public: false, immutable: false });
});

test("every name in a garbled member restricts: a lifetime as one of nothing, must-revalidate without its permission", () => {
  expect(parseCacheControl('"s-maxage=60, max-age=60')).toMatchObject({ sMaxage: 0, maxAge: 60 });
  expect(parseCacheControl("max-age=60; must-revalidate")).toMatchObject({ maxAge: 0, mustRevalidate: false, proxyRevalidate: true });
  expect(parseCacheControl("ext=5; foo").extensions).toEqual([["ext", "5; foo"]]);
});

test("unknown directives are kept with their values", () => {
  expect(parseCacheControl('Foo, bar=1, baz="a \\"b"').extensions).toEqual([
    ["foo", null],
    ["bar", "1"],
    ["baz", 'a "b'],
  ]);
});

const member = fc.constantFrom(
  "max-age=60",
  "max-age=0",
  "max-age=x",
  "s-maxage=5",
  "no-store",
  "no-cache",
  'no-cache="a"',
  "private",
  "private=b",
  "public",
  "max-stale",
  "max-stale=9",
  "min-fresh=2",
  "immutable",
  "stale-if-error=7",
  'ext="q\\"r"',
  "ext=5",
);
const garbage = fc.string({ unit: fc.constantFrom(..."maxge-=0123\"\\, ;\tprivatenosu'*".split("")), maxLength: 40 });

test("reading what was written gives the same", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(member, garbage), { maxLength: 8 }), (members) => {
      const control = parseCacheControl(members.join(", "));
      expect(parseCacheControl(formatCacheControl(control))).toEqual(control);
    }),
  );
});

test("what stands behind the valid part never makes it fresher", () => {
  // Each as a number that is larger the fresher a response may seem; absent lifetimes leave it open.
  const freedoms = (control: CacheControl, open: CacheControl): readonly number[] => [
    ...(["maxAge", "sMaxage", "staleWhileRevalidate", "staleIfError", "maxStale"] as const).map((key) =>
      open[key] === null ? 0 : (control[key] ?? Number.NaN),
    ),
    ...(["noStore", "mustRevalidate", "proxyRevalidate", "onlyIfCached"] as const).map((key) => Number(!control[key])),
    Number(control.noCache !== true),
    Number(control.private !== true),
    open.minFresh === null ? 0 : -(control.minFresh ?? Number.NaN),
  ];
  fc.assert(
    fc.property(fc.array(member, { maxLength: 5 }), fc.oneof(garbage, member, fc.string()), (members, junk) => {
      const valid = parseCacheControl(members.join(", "));
      const both = parseCacheControl([...members, junk].join(", "));
      const before = freedoms(valid, valid);
      expect(freedoms(both, valid).filter((freedom, index) => !(freedom <= (before[index] ?? 0)))).toEqual([]);
      expect(both.public && both.private === true).toBe(false);
    }),
  );
});
