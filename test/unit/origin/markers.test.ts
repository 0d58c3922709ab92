// How isolates of a data centre hear of each other's circuits, with a cache that can be slow, broken, or full of garbage.

import { expect, test } from "vitest";
import { MARKER_LOOK_ALERT_MS, MARKER_LOOK_MS, POOLS_MAX } from "../../../src/limits.ts";
import { closedCircuit } from "../../../src/origin/circuit.ts";
import type { Circuit } from "../../../src/origin/circuit.ts";
import { createMarkers } from "../../../src/origin/markers.ts";
import type { MarkerPorts, Markers } from "../../../src/origin/markers.ts";
import { CIRCUIT, origin, pool } from "./fixtures.ts";

const WEB = pool("web", [origin("a"), origin("b")]);

interface DataCentre {
  nowMs: number;
  readonly stored: Map<string, Response>;
  readonly asked: string[];
  readonly ports: MarkerPorts;
  broken: boolean;
  /** Everything that goes on in the background has ended. */
  settled(): Promise<void>;
}

function dataCentre(): DataCentre {
  const deferred: Promise<unknown>[] = [];
  const here: DataCentre = {
    nowMs: 1_000_000,
    stored: new Map(),
    asked: [],
    broken: false,
    ports: {
      clock: { nowMs: () => here.nowMs },
      defer: (work) => void deferred.push(work),
      cache: {
        match: (key) => {
          here.asked.push(`match ${key}`);
          return Promise.resolve(here.broken ? brokenBody() : here.stored.get(key)?.clone());
        },
        put: (key, response) => {
          here.asked.push(`put ${key}`);
          here.stored.set(key, response);
          return Promise.resolve(!here.broken);
        },
        delete: () => Promise.resolve(false),
      },
    },
    async settled() {
      while (deferred.length > 0) await deferred.shift();
    },
  };
  return here;
}

function brokenBody(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.error(new Error("evicted")) }));
}

function opened(atMs: number): Circuit {
  return { ...closedCircuit(), state: "open", openedAtMs: atMs, openUntilMs: atMs + 1000, openedBy: "connection" };
}

async function tells(markers: Markers, here: DataCentre, after: Circuit, before = closedCircuit()): Promise<void> {
  markers.tell(WEB, { originId: "a", before, after }, here.ports);
  await here.settled();
}

async function looks(markers: Markers, here: DataCentre): Promise<void> {
  markers.look(WEB, here.ports);
  await here.settled();
}

test("what one isolate tells, another hears at its next look", async () => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("x")];
  await tells(one, here, opened(here.nowMs));
  expect(other.view("web/a")).toBeNull();
  await looks(other, here);
  expect(other.view("web/a")).toEqual({ state: "open", atMs: here.nowMs, untilMs: here.nowMs + 1000, by: "connection" });
  expect(other.view("web/b")).toBeNull();
});

test("a closing word is heard as well, and forgets what was before", async () => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("x")];
  const before = opened(here.nowMs - 10);
  await tells(one, here, before);
  await tells(one, here, { ...closedCircuit(), closedAtMs: here.nowMs }, before);
  await looks(other, here);
  expect(other.view("web/a")).toEqual({ state: "closed", atMs: here.nowMs });
});

test("two that tell of different origins do not lose each other's words", async () => {
  const here = dataCentre();
  const [one, other, third] = [createMarkers("x"), createMarkers("x"), createMarkers("x")];
  await tells(one, here, opened(here.nowMs));
  other.tell(WEB, { originId: "b", before: closedCircuit(), after: opened(here.nowMs) }, here.ports);
  await here.settled();
  await looks(third, here);
  expect([third.view("web/a")?.state, third.view("web/b")?.state]).toEqual(["open", "open"]);
});

test("an isolate that tells twice at once ends with its latest word in the cache, whichever write is last", async () => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("x")];
  const before = opened(here.nowMs - 10);
  one.tell(WEB, { originId: "a", before: closedCircuit(), after: before }, here.ports);
  one.tell(WEB, { originId: "a", before, after: { ...closedCircuit(), closedAtMs: here.nowMs } }, here.ports);
  await here.settled();
  await looks(other, here);
  expect(other.view("web/a")?.state).toBe("closed");
});

test("a pool is looked at once in its time, however many requests it gets", async () => {
  const here = dataCentre();
  const markers = createMarkers("x");
  for (let count = 0; count < 50; count += 1) await looks(markers, here);
  expect(here.asked).toHaveLength(1);
  here.nowMs += MARKER_LOOK_MS - 1;
  await looks(markers, here);
  expect(here.asked).toHaveLength(1);
  here.nowMs += 1;
  await looks(markers, here);
  expect(here.asked).toHaveLength(2);
});

test("a circuit that neither opens nor closes writes nothing", async () => {
  const here = dataCentre();
  await tells(createMarkers("x"), here, closedCircuit());
  expect(here.asked).toEqual([]);
});

test("a failure makes an isolate look at once, and more often for a while, but write nothing", async () => {
  const here = dataCentre();
  const markers = createMarkers("x");
  const failed = { ...closedCircuit(), failures: 1 };
  await looks(markers, here);
  await tells(markers, here, failed);
  expect(here.asked).toHaveLength(1);
  here.nowMs += MARKER_LOOK_ALERT_MS;
  await tells(markers, here, { ...failed, failures: 2 }, failed);
  here.nowMs += MARKER_LOOK_ALERT_MS - 1;
  await looks(markers, here);
  expect(here.asked).toHaveLength(2);
  here.nowMs += 1;
  await looks(markers, here);
  expect(here.asked).toHaveLength(3);
  expect(here.asked.filter((each) => each.startsWith("put"))).toEqual([]);
});

test("while a word keeps an origin out an isolate looks more often, and as rarely as ever when it has faded", async () => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("x")];
  await tells(one, here, opened(here.nowMs));
  await looks(other, here);
  const before = here.asked.length;
  here.nowMs += MARKER_LOOK_ALERT_MS;
  await looks(other, here);
  expect(here.asked).toHaveLength(before + 1);
  here.nowMs += CIRCUIT.shareMs;
  await looks(other, here);
  here.nowMs += MARKER_LOOK_ALERT_MS;
  await looks(other, here);
  expect(here.asked).toHaveLength(before + 2);
});

test("a word that the cache lost is said again at the next look, by the isolate that said it and by no other", async () => {
  const here = dataCentre();
  const [one, other, third] = [createMarkers("x"), createMarkers("x"), createMarkers("x")];
  await tells(one, here, opened(here.nowMs));
  await looks(other, here);
  here.stored.clear();
  here.nowMs += MARKER_LOOK_ALERT_MS;
  await looks(other, here);
  expect(here.stored.size).toBe(0);
  await looks(one, here);
  await looks(third, here);
  expect(third.view("web/a")?.state).toBe("open");
});

test("a pool that shares nothing is neither looked at nor told of", async () => {
  const here = dataCentre();
  const silent = { ...WEB, circuit: { ...CIRCUIT, shareMs: 0 } };
  const markers = createMarkers("x");
  markers.look(silent, here.ports);
  markers.tell(silent, { originId: "a", before: closedCircuit(), after: opened(here.nowMs) }, here.ports);
  await here.settled();
  expect(here.asked).toEqual([]);
  expect(markers.view("web/a")).toBeNull();
});

test("a word that holds no longer is forgotten with the next look", async () => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("x")];
  await tells(one, here, opened(here.nowMs));
  await looks(other, here);
  here.nowMs += CIRCUIT.shareMs;
  await looks(other, here);
  expect(other.view("web/a")).toBeNull();
});

test.each(["garbage", '{"format":9,"origins":{}}'])("%s in the cache is ignored, and replaced by the next word", async (text) => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("x")];
  await tells(one, here, opened(here.nowMs));
  for (const key of here.stored.keys()) here.stored.set(key, new Response(text));
  await looks(other, here);
  expect(other.view("web/a")).toBeNull();
  await tells(one, here, opened(here.nowMs + 1));
  here.nowMs += MARKER_LOOK_MS;
  await looks(other, here);
  expect(other.view("web/a")?.atMs).toBe(1_000_001);
});

test("a cache that breaks costs nobody anything: what was said is known here, and nothing is thrown", async () => {
  const here = dataCentre();
  here.broken = true;
  const markers = createMarkers("x");
  await looks(markers, here);
  await expect(tells(markers, here, opened(here.nowMs))).resolves.toBeUndefined();
  expect(markers.view("web/a")?.state).toBe("open");
});

test("words on origins that the pool does not have are not kept", async () => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("x")];
  await tells(one, here, opened(here.nowMs));
  other.look({ ...WEB, origins: [origin("b")] }, here.ports);
  await here.settled();
  expect(other.view("web/a")).toBeNull();
});

test("two deployments in one zone do not hear each other", async () => {
  const here = dataCentre();
  const [one, other] = [createMarkers("x"), createMarkers("y")];
  await tells(one, here, opened(here.nowMs));
  await looks(other, here);
  expect(other.view("web/a")).toBeNull();
});

test("the key is one that no request of a visitor is looked up under", async () => {
  const here = dataCentre();
  await looks(createMarkers("x"), here);
  expect(here.asked[0]).toMatch(/^match https:\/\/breakwater\.invalid\/_breakwater\/m\/1\/[0-9a-f]{32}\/web$/);
});

test("pools of earlier releases are forgotten, when there are more than a release can have", async () => {
  const here = dataCentre();
  const markers = createMarkers("x");
  await tells(markers, here, opened(here.nowMs));
  const look = async (name: string): Promise<void> => {
    markers.look({ ...WEB, name }, here.ports);
    await here.settled();
  };
  for (let index = 0; index < POOLS_MAX; index += 1) await look(`p${index}`);
  expect(markers.view("web/a")).not.toBeNull();
  await look("one-more");
  expect(markers.view("web/a")).toBeNull();
});
