// The sticky cookie: what it says comes back, and nothing else does. Whoever changes, borrows or keeps one too long is a new visitor.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StickySnapshot } from "../../../src/config/pool-snapshot.ts";
import { STICKY_COOKIES_MAX, STICKY_SESSION_SECONDS } from "../../../src/limits.ts";
import { importStickyKey, needsCookie, readPin, stickyCookieLine, type StickyKey } from "../../../src/origin/sticky.ts";
import { createStickyKeys } from "../../../src/origin/sticky-keys.ts";
import { origin, pool } from "./fixtures.ts";

const NOW = Date.UTC(2026, 10, 25);
const HOUR: StickySnapshot = { cookie: "stay", ttlSeconds: 3600, secret: "SIGNING_KEY" };
const SESSION: StickySnapshot = { ...HOUR, ttlSeconds: null };
const ORIGINS = ["web-1.internal", "web-2.internal", "web-3.internal"];

const web = await importStickyKey("a secret", "web", ORIGINS);

async function line(originId: string, more: { sticky?: StickyKey; settings?: StickySnapshot; secure?: boolean } = {}): Promise<string> {
  const { sticky = web, settings = HOUR, secure = true } = more;
  const made = await stickyCookieLine({ settings, sticky, originId, secure, nowMs: NOW });
  if (made === null) throw new Error("no cookie was made");
  return made;
}

async function value(originId: string, more: Parameters<typeof line>[1] = {}): Promise<string> {
  return (await line(originId, more)).replace(/^stay=/, "").replace(/;.*$/, "");
}

async function read(cookie: string, more: { sticky?: StickyKey; nowMs?: number } = {}): Promise<string | null> {
  return (await readPin(cookie, "stay", more.sticky ?? web, more.nowMs ?? NOW))?.originId ?? null;
}

describe("what is written is read", () => {
  test.each(ORIGINS)("for %s", async (id) => {
    expect(await read(`a=1; stay=${await value(id)}; b=2`)).toBe(id);
    expect(await read(`a=1, stay=${await value(id)}`), "two Cookie lines joined by a comma").toBe(id);
  });

  test("until it ends, and not a millisecond longer", async () => {
    const cookie = `stay=${await value("web-1.internal")}`;
    expect(await read(cookie, { nowMs: NOW + 3_600_000 - 1 })).toBe("web-1.internal");
    expect(await read(cookie, { nowMs: NOW + 3_600_000 })).toBeNull();
  });

  test("without a ttl for a day, whatever the browser does", async () => {
    const cookie = `stay=${await value("web-1.internal", { settings: SESSION })}`;
    expect(await read(cookie, { nowMs: NOW + STICKY_SESSION_SECONDS * 1000 - 1 })).toBe("web-1.internal");
    expect(await read(cookie, { nowMs: NOW + STICKY_SESSION_SECONDS * 1000 })).toBeNull();
  });

  test(`the first valid one of ${STICKY_COOKIES_MAX} counts, and no further one is looked at`, async () => {
    const good = `stay=${await value("web-2.internal")}`;
    const garbage = (count: number): string => Array.from({ length: count }, (_, index) => `stay=${index}`).join("; ");
    expect(await read(`${garbage(STICKY_COOKIES_MAX - 1)}; ${good}`)).toBe("web-2.internal");
    expect(await read(`${garbage(STICKY_COOKIES_MAX)}; ${good}`)).toBeNull();
  });
});

describe("nobody is believed who", () => {
  test("changes any character", async () => {
    const good = await value("web-1.internal");
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.stringMatching(/^[0-9a-zA-Z._-]$/), async (at, character) => {
        if (good[at] === character) return;
        expect(await read(`stay=${good.slice(0, at)}${character}${good.slice(at + 1)}`)).toBeNull();
      }),
      { numRuns: 400 },
    );
  });

  test("gives it a longer life", async () => {
    const [version, tag, expires, signature] = (await value("web-1.internal")).split(".");
    expect(await read(`stay=${version}.${tag}.${Number(expires) + 1}.${signature}`)).toBeNull();
  });

  test("puts the tag of another origin into it", async () => {
    const [, other] = (await value("web-2.internal")).split(".");
    const [version, , expires, signature] = (await value("web-1.internal")).split(".");
    expect(await read(`stay=${version}.${other}.${expires}.${signature}`)).toBeNull();
  });

  test("brings it from another pool, even of the same name under another secret", async () => {
    const api = await importStickyKey("a secret", "api", ORIGINS);
    const old = await importStickyKey("an older secret", "web", ORIGINS);
    expect(await read(`stay=${await value("web-1.internal", { sticky: api })}`)).toBeNull();
    expect(await read(`stay=${await value("web-1.internal", { sticky: old })}`)).toBeNull();
  });

  test("comes from an origin that has left the pool", async () => {
    const fewer = await importStickyKey("a secret", "web", ORIGINS.slice(1));
    expect(await read(`stay=${await value("web-1.internal")}`, { sticky: fewer })).toBeNull();
    expect(await read(`stay=${await value("web-2.internal")}`, { sticky: fewer })).toBe("web-2.internal");
  });

  test("sends anything else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        expect(await read(`stay=${text}`)).toBeNull();
      }),
    );
    expect(await read(`STAY=${await value("web-1.internal")}`)).toBeNull();
    expect(await readPin(null, "stay", web, NOW)).toBeNull();
  });
});

describe("what a visitor gets", () => {
  test("names no origin and no pool", async () => {
    expect(await line("web-1.internal")).toMatch(
      /^stay=1\.[0-9a-f]{24}\.\d{10}\.[0-9a-f]{64}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  test("over http is not Secure, and without a ttl ends with the browser", async () => {
    expect(await line("web-1.internal", { settings: SESSION, secure: false })).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  test("tells origins apart, and pools by the same origins too", async () => {
    const api = await importStickyKey("a secret", "api", ORIGINS);
    const tags = [...web.tagByOrigin.values(), ...api.tagByOrigin.values()];
    expect(new Set(tags).size).toBe(2 * ORIGINS.length);
  });

  test("nothing for an origin that is not the pool's", async () => {
    expect(await stickyCookieLine({ settings: HOUR, sticky: web, originId: "other", secure: true, nowMs: NOW })).toBeNull();
  });
});

test.each([
  ["none", null, true],
  ["another origin", { originId: "b", expiresAtMs: NOW + 3_600_000 }, true],
  ["a new cookie", { originId: "a", expiresAtMs: NOW + 3_600_000 }, false],
  ["half of its time left", { originId: "a", expiresAtMs: NOW + 1_800_000 }, false],
  ["the second by which a cookie is rounded", { originId: "a", expiresAtMs: NOW + 3_601_000 }, false],
  ["a cookie from when visitors stayed longer", { originId: "a", expiresAtMs: NOW + 3_601_001 }, true],
  ["less than half of its time left", { originId: "a", expiresAtMs: NOW + 1_799_999 }, true],
] as const)("a visitor with %s: a cookie is set: %s", (_, pin, expected) => {
  expect(needsCookie(pin, "a", HOUR, NOW)).toBe(expected);
});

describe("the keys of an isolate", () => {
  const sticky = pool("web", [origin("a")], { sticky: HOUR });

  test("are made once for each pool of a release", async () => {
    const keys = createStickyKeys();
    let asked = 0;
    const ports = { log: { write: () => undefined }, secrets: { get: () => ((asked += 1), "s") } };
    const first = await keys.of(sticky, ports);
    expect(await keys.of(sticky, ports)).toBe(first);
    expect(asked).toBe(1);
    expect(await keys.of({ ...sticky }, ports)).not.toBe(first);
  });

  test("a missing secret is told once, and the pool is as one without `sticky`", async () => {
    const keys = createStickyKeys();
    const lines: unknown[] = [];
    const ports = { log: { write: (said: unknown) => void lines.push(said) }, secrets: { get: () => null } };
    expect([await keys.of(sticky, ports), await keys.of({ ...sticky, name: "api" }, ports)]).toEqual([null, null]);
    expect(lines).toEqual([{ event: "secret-missing", secret: "SIGNING_KEY", pool: "web", use: "sticky" }]);
  });

  test("a pool without `sticky` asks for no secret", async () => {
    const ports = { log: { write: () => undefined }, secrets: { get: (): never => expect.fail("asked for a secret") } };
    expect(await createStickyKeys().of(pool("web", [origin("a")]), ports)).toBeNull();
  });
});
