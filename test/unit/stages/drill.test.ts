import { expect, test } from "vitest";
import { signDrill } from "../../../src/drill/signature.ts";
import { drilledIsolate, drilledPorts, readDrill, withoutDrill } from "../../../src/stages/drill.ts";
import type { Drill } from "../../../src/drill/signature.ts";
import type { Ports } from "../../../src/ports.ts";
import type { ListTable } from "../../../src/firewall/list-table.ts";
import type { StateHolder } from "../../../src/release/holder.ts";
import type { IsolateMemory } from "../../../src/stages/run.ts";

const KEY = "key-of-the-tests";
const DRILL: Drill = { faults: [{ kind: "pool", pool: "eu" }], untilMs: 10_000 };
const KV_DOWN: Drill = { faults: [{ kind: "kv" }], untilMs: 10_000 };
const clock = { nowMs: () => 1000 };
const secrets = (key: string | null) => ({ get: (name: string) => (name === "SIGNING_KEY" ? key : null) });

async function request(): Promise<Request> {
  return new Request("https://www.example.com/", { headers: { "X-Breakwater-Drill": await signDrill(DRILL, KEY) } });
}

test("a signed header is a drill", async () => {
  expect(await readDrill(await request(), { secrets: secrets(KEY), clock })).toEqual(DRILL);
});

test("without the secret there are no drills", async () => {
  expect(await readDrill(await request(), { secrets: secrets(null), clock })).toBeNull();
});

test("a request without the header asks for no secret", async () => {
  const forbidden = { get: () => expect.unreachable("no secret is needed") };
  expect(await readDrill(new Request("https://www.example.com/"), { secrets: forbidden, clock })).toBeNull();
});

test("the header is taken off, all others stay; without it nothing is copied", () => {
  const plain = new Headers({ accept: "*/*" });
  expect(withoutDrill(plain)).toBe(plain);
  const headers = new Headers({ accept: "*/*", "x-breakwater-drill": "x" });
  expect([...withoutDrill(headers)]).toEqual([["accept", "*/*"]]);
  expect(headers.has("x-breakwater-drill")).toBe(true);
});

/** An isolate of which one can tell what is its own and what was made anew. */
function isolate() {
  const asked: unknown[] = [];
  const holderOf = (name: string): StateHolder =>
    ({
      name,
      current: (ports: unknown) => {
        asked.push(ports);
        return Promise.resolve(null);
      },
      loadLists: (_lists: unknown, _names: unknown, ports: unknown) => {
        asked.push(ports);
        return Promise.resolve();
      },
    }) as unknown as StateHolder;
  const memoryOf = (name: string): IsolateMemory => ({ name }) as unknown as IsolateMemory;
  return {
    asked,
    own: { holder: holderOf("own"), memory: memoryOf("own"), fresh: { holder: () => holderOf("fresh"), memory: () => memoryOf("fresh") } },
  };
}

test("what an isolate has learned is neither used nor changed; its state is, and read as always", async () => {
  const { own, asked } = isolate();
  const real = { real: true } as unknown as Ports;
  const drilled = drilledIsolate(own, real, DRILL);
  expect(drilled.memory).toMatchObject({ name: "fresh" });
  expect(drilled.holder).toMatchObject({ name: "own" });
  const drilledOnes = { real: false } as unknown as Ports;
  await drilled.holder.current(drilledOnes, 1000);
  // Lists that it loads are those of every request after.
  await drilled.holder.loadLists({} as unknown as ListTable, ["bad"], drilledOnes);
  expect(asked).toEqual([real, real]);
});

test("with KV down its state is that of a cold isolate", async () => {
  const { own, asked } = isolate();
  const drilled = drilledIsolate(own, { real: true } as unknown as Ports, KV_DOWN);
  expect(drilled.holder).toMatchObject({ name: "fresh" });
  const dead = { real: false } as unknown as Ports;
  await drilled.holder.current(dead, 1000);
  expect(asked).toEqual([dead]);
});

test("every line that is logged meanwhile names the drill", () => {
  const lines: unknown[] = [];
  const ports = { log: { write: (line: unknown) => void lines.push(line) }, config: "real" } as unknown as Ports;
  drilledPorts(ports, DRILL).log.write({ event: "x" });
  expect(lines).toEqual([{ event: "x", drill: "pool=eu:down" }]);
  expect(drilledPorts(ports, DRILL).config).toBe("real");
  expect(drilledPorts(ports, KV_DOWN).config).not.toBe("real");
});

test("a drill is neither counted nor held against a rate limit", async () => {
  const counters = { ask: () => expect.unreachable("no counter is asked") };
  const { rates } = drilledPorts({ rates: { binding: counters, object: counters } } as unknown as Ports, DRILL);
  const asked = { name: "a", key: "k", requests: 1, periodSeconds: 10, blockSeconds: null, does: "take" } as const;
  expect(await rates?.binding?.ask(asked)).toMatchObject({ limited: false });
  expect(await rates?.object?.ask(asked)).toMatchObject({ limited: false });
});
