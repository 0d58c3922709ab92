// Circuits that two isolates of one data centre tell each other about, over workerd's own Cache API. An isolate is what it keeps:
// an origin table and its markers.

import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import type { PoolSnapshot } from "../../src/config/pool-snapshot.ts";
import { createMarkers, type MarkerPorts, type Markers } from "../../src/origin/markers.ts";
import { markerText } from "../../src/origin/marker.ts";
import { poolStandings } from "../../src/origin/merge.ts";
import { emptyOverrides } from "../../src/origin/overrides.ts";
import { createOriginTable, type OriginTable } from "../../src/origin/table.ts";
import { platformCacheStore } from "../../src/platform/cache-store.ts";
import { createCopyKey } from "../../src/release/copy-key.ts";
import { CIRCUIT, origin, pool } from "../unit/origin/fixtures.ts";

afterEach(() => reset());

interface Isolate {
  readonly table: OriginTable;
  readonly markers: Markers;
}

const SCOPE = "breakwater test";
const WEB = pool("web", [origin("a"), origin("b"), origin("c")]);

interface World {
  nowMs: number;
  isolate(): Isolate;
  attempt(isolate: Isolate, id: string, good: boolean): Promise<void>;
  looks(isolate: Isolate): Promise<void>;
  standing(isolate: Isolate): string;
}

function world(web: PoolSnapshot = WEB): World {
  const deferred: Promise<unknown>[] = [];
  const ports: MarkerPorts = {
    clock: { nowMs: () => here.nowMs },
    cache: platformCacheStore,
    defer: (work) => void deferred.push(work),
  };
  const settled = async (): Promise<void> => {
    while (deferred.length > 0) await deferred.shift();
  };
  const standings = ({ table, markers }: Isolate): ReturnType<typeof poolStandings> =>
    poolStandings({
      pool: web,
      overrides: emptyOverrides(),
      health: null,
      nowMs: here.nowMs,
      local: (key) => table.local(key),
      elsewhere: (key) => markers.view(key),
    });
  const here: World = {
    nowMs: Date.now(),
    isolate: () => ({ table: createOriginTable(), markers: createMarkers(SCOPE) }),
    async attempt(isolate, id, good) {
      const standing = standings(isolate).find((each) => each.origin.id === id);
      if (standing === undefined) throw new Error(`the pool has no origin ${id}`);
      const ticket = isolate.table.begin(standing, here.nowMs, null);
      const before = isolate.table.local(standing.key).circuit;
      const outcome = good ? "success" : "connection-failure";
      isolate.table.countOutcome(standing.key, good, here.nowMs);
      isolate.table.report(ticket, { outcome, retryAfterMs: null, settings: web.circuit, nowMs: here.nowMs, random: 0.5 });
      isolate.markers.tell(web, { originId: id, before, after: isolate.table.local(standing.key).circuit }, ports);
      await settled();
    },
    async looks(isolate) {
      isolate.markers.look(web, ports);
      await settled();
    },
    standing: (isolate) => standings(isolate).map(({ origin: { id }, reason }) => `${id} ${reason}`)[0] ?? "",
  };
  return here;
}

async function bothKnow(here: World): Promise<[Isolate, Isolate]> {
  const [one, other] = [here.isolate(), here.isolate()];
  await here.attempt(one, "a", false);
  await here.attempt(one, "a", false);
  await here.looks(other);
  return [one, other];
}

test("a circuit that opens in one isolate keeps the origin out in the other from its next look", async () => {
  const here = world();
  const [one, other] = [here.isolate(), here.isolate()];
  await here.looks(other);
  await here.attempt(one, "a", false);
  await here.attempt(one, "a", false);
  expect([here.standing(one), here.standing(other)]).toEqual(["a circuit-open", "a ok"]);
  here.nowMs += 2000;
  await here.looks(other);
  expect(here.standing(other)).toBe("a circuit-elsewhere");
});

test("a circuit that closes again lets the other use the origin at once", async () => {
  const here = world();
  const [one, other] = await bothKnow(here);
  here.nowMs += 1000;
  await here.attempt(one, "a", true);
  await here.attempt(one, "a", true);
  expect(here.standing(other)).toBe("a circuit-elsewhere");
  here.nowMs += 1000;
  await here.looks(other);
  expect(here.standing(other)).toBe("a ok");
});

test("a word that nobody repeats fades: in the isolate, and in the cache for one that comes later", async () => {
  const here = world();
  const [, other] = await bothKnow(here);
  here.nowMs += CIRCUIT.shareMs;
  expect(here.standing(other)).toBe("a ok");
  const late = here.isolate();
  await here.looks(late);
  expect(late.markers.view("web/a")).toBeNull();
});

test("the entry carries the pool's time as its lifetime in the cache", async () => {
  const here = world();
  await bothKnow(here);
  const found = await platformCacheStore.match(await createCopyKey("m/1", SCOPE)("web"));
  expect(found?.headers.get("cache-control")).toBe("max-age=10");
  await found?.body?.cancel();
});

test("an isolate without an own word on an origin hears of it when it looks, though the entry is garbage in between", async () => {
  const here = world();
  const key = await createCopyKey("m/1", SCOPE)("web");
  const entry = (text: string): Response => new Response(text, { headers: { "cache-control": "max-age=60" } });
  const isolate = here.isolate();
  for (const [text, expected] of [
    ["garbage", "a ok"],
    ['{"format":99,"origins":{"a":true}}', "a ok"],
    [markerText({ a: { state: "open", atMs: here.nowMs, untilMs: here.nowMs + 9000, by: "connection" } }), "a circuit-elsewhere"],
    ["garbage", "a circuit-elsewhere"],
  ] as const) {
    await platformCacheStore.put(key, entry(text));
    here.nowMs += 2000;
    await here.looks(isolate);
    expect([text, here.standing(isolate)]).toEqual([text, expected]);
  }
});

test("with nothing to share the cache stays empty", async () => {
  const silent = pool("web", WEB.origins, { circuit: { ...CIRCUIT, shareMs: 0 } });
  const here = world(silent);
  const [, other] = await bothKnow(here);
  expect(here.standing(other)).toBe("a ok");
  expect(await platformCacheStore.match(await createCopyKey("m/1", SCOPE)("web"))).toBeUndefined();
});
