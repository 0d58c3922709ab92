import fc from "fast-check";
import { expect, test } from "vitest";
import type { PoolSnapshot } from "../../../src/config/pool-snapshot.ts";
import { NOBODY } from "../../../src/facts.ts";
import { POOL_FALLBACKS_MAX } from "../../../src/limits.ts";
import { hash01 } from "../../../src/origin/hash.ts";
import type { Standing, Use } from "../../../src/origin/merge.ts";
import { rendezvous, roundRobin, weightedRandom } from "../../../src/origin/policy.ts";
import type { Credits } from "../../../src/origin/policy.ts";
import { hashKey, poolChain, selectOrigin, serverOf } from "../../../src/origin/select.ts";
import type { SelectInput } from "../../../src/origin/select.ts";
import { origin, pool } from "./fixtures.ts";

const CLIENT = { ...NOBODY, address: "203.0.113.7" };
const FACTS: SelectInput["facts"] = {
  path: "/a",
  query: "x=1&sid=q9",
  rawUrl: "",
  headers: new Headers({ cookie: "a=1; sid=c7; b=2", "x-user": "h5" }),
  client: CLIENT,
};

function standing(
  poolName: string,
  id: string,
  use: Use,
  more: { weight?: number; backup?: boolean; reason?: Standing["reason"]; base?: string } = {},
): Standing {
  const { weight = 1, backup = false, reason, base } = more;
  const why =
    reason ?? (use === "avoided" ? "circuit-open" : use === "probing" ? "circuit-half-open" : use === "excluded" ? "operator-down" : "ok");
  return {
    origin: origin(id, { backup, ...(base === undefined ? {} : { base }) }),
    pool: poolName,
    key: `${poolName}/${id}`,
    use,
    reason: why,
    weight,
  };
}

interface Given {
  pools: PoolSnapshot[];
  standings: Record<string, Standing[]>;
  tried?: string[];
  mayProbe?: boolean;
  random?: number;
}

function select(given: Given): Standing | null {
  const { pools, standings, tried = [], mayProbe = false, random = 0 } = given;
  const selection = selectOrigin({
    pools: new Map(pools.map((each) => [each.name, each])),
    pool: pools[0]?.name ?? "",
    tried: new Set(tried),
    mayProbe,
    facts: FACTS,
    pins: new Map(),
    load: () => ({ ewmaMs: null, inFlight: 0 }),
    standings: ({ name }) => standings[name] ?? [],
    credits: () => new Map(),
    random: () => random,
  });
  return selection?.standing ?? null;
}

const WEB = pool("web", [], { fallbacks: ["archive"] });
const ARCHIVE = pool("archive", []);

test.each<[string, Standing[], Standing[], string | null]>([
  ["primaries before backups", [standing("web", "b", "serving", { backup: true }), standing("web", "a", "serving")], [], "web/a"],
  [
    "backups only when no primary serves",
    [standing("web", "b", "serving", { backup: true }), standing("web", "a", "avoided")],
    [],
    "web/b",
  ],
  [
    "the fallback pool when the pool has nothing to offer",
    [standing("web", "a", "avoided")],
    [standing("archive", "x", "serving")],
    "archive/x",
  ],
  [
    "a serving fallback before a primary that may be back",
    [standing("web", "a", "probing")],
    [standing("archive", "x", "serving")],
    "archive/x",
  ],
  ["what may be back before what is avoided", [standing("web", "a", "avoided"), standing("web", "b", "probing")], [], "web/b"],
  [
    "what only checks complain about before an open circuit",
    [standing("web", "a", "avoided")],
    [standing("archive", "x", "avoided", { reason: "health-down" })],
    "archive/x",
  ],
  ["an avoided origin rather than none", [standing("web", "a", "avoided")], [], "web/a"],
  ["never one that an operator took away", [standing("web", "a", "excluded")], [standing("archive", "x", "excluded")], null],
])("%s", (_, web, archive, expected) => {
  expect(select({ pools: [WEB, ARCHIVE], standings: { web, archive } })?.key ?? null).toBe(expected);
});

test("a request that can go elsewhere is spent on an origin that may be back", () => {
  const standings = { web: [standing("web", "a", "serving"), standing("web", "b", "probing")] };
  expect(select({ pools: [WEB], standings, mayProbe: true })?.key).toBe("web/b");
  expect(select({ pools: [WEB], standings, mayProbe: false })?.key).toBe("web/a");
});

test("the same server under two names is tried once", () => {
  const shared = "https://shared.example";
  const standings = {
    web: [standing("web", "a", "serving", { base: shared })],
    archive: [standing("archive", "x", "serving", { base: shared })],
  };
  expect(select({ pools: [WEB, ARCHIVE], standings, tried: [shared] })).toBeNull();
});

test("a cycle of fallback pools ends where it closes, and a dangling name ends the chain", () => {
  const pools = [pool("a", [], { fallbacks: ["b"] }), pool("b", [], { fallbacks: ["a"] }), pool("c", [], { fallbacks: ["nowhere"] })];
  const byName = new Map(pools.map((each) => [each.name, each]));
  expect(poolChain(byName, "a").map(({ name }) => name)).toEqual(["a", "b"]);
  expect(poolChain(byName, "c").map(({ name }) => name)).toEqual(["c"]);
});

test("a chain of fallback pools is walked to its limit and not one pool past it", () => {
  const chainOf = (length: number): number => {
    const pools = Array.from({ length }, (_, index) => pool(`p${index}`, [], { fallbacks: index + 1 < length ? [`p${index + 1}`] : [] }));
    return poolChain(new Map(pools.map((each) => [each.name, each])), "p0").length;
  };
  expect(chainOf(POOL_FALLBACKS_MAX)).toBe(POOL_FALLBACKS_MAX);
  expect(chainOf(POOL_FALLBACKS_MAX + 1)).toBe(POOL_FALLBACKS_MAX);
});

test("fallbacks are a tree: each pool once, before its own fallbacks, never past the limit, whatever names lead where", () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
  const fallbacks = fc.array(fc.constantFrom(...names, "nowhere"), { maxLength: 4 });
  fc.assert(
    fc.property(fc.tuple(...names.map(() => fallbacks)), (lists) => {
      const pools = new Map(names.map((name, index) => [name, pool(name, [], { fallbacks: lists[index] ?? [] })]));
      const chain = poolChain(pools, "a").map(({ name }) => name);
      expect(chain[0]).toBe("a");
      expect(new Set(chain).size).toBe(chain.length);
      expect(chain.length).toBeLessThanOrEqual(POOL_FALLBACKS_MAX);
      for (const index of chain.keys()) {
        // Depth first: next comes the first new fallback of the last pool that still has one.
        const seen = chain.slice(0, index + 1);
        const offered = seen.toReversed().flatMap((each) => pools.get(each)?.fallbacks ?? []);
        const next = offered.find((each) => pools.has(each) && !seen.includes(each));
        if (chain.length < POOL_FALLBACKS_MAX || index + 1 < chain.length) expect(chain[index + 1]).toBe(next);
      }
    }),
  );
});

test("always a candidate, never an excluded one, and each server once", () => {
  const use = fc.constantFrom<Use>("serving", "probing", "avoided", "excluded");
  const standings = (name: string): fc.Arbitrary<Standing[]> =>
    fc
      .array(fc.tuple(use, fc.boolean(), fc.integer({ min: 1, max: 5 })), { maxLength: 5 })
      .map((each) => each.map(([kind, backup, weight], index) => standing(name, `${name}${index}`, kind, { backup, weight })));
  const policy = fc.constantFrom<PoolSnapshot["policy"]>(
    { kind: "round-robin" },
    { kind: "random" },
    { kind: "least-latency" },
    { kind: "geo" },
    { kind: "nearest" },
    { kind: "hash", by: "client", name: "" },
  );
  fc.assert(
    fc.property(
      standings("web"),
      standings("archive"),
      policy,
      fc.record({ mayProbe: fc.boolean(), random: fc.double({ min: 0, max: 0.999, noNaN: true }) }),
      (web, archive, kind, { mayProbe, random }) => {
        const given = { pools: [{ ...WEB, policy: kind }, ARCHIVE], standings: { web, archive }, mayProbe, random };
        const usable = [...web, ...archive].filter((each) => each.use !== "excluded");
        const tried: string[] = [];
        for (let chosen = select(given); chosen !== null; chosen = select({ ...given, tried })) {
          expect(chosen.use).not.toBe("excluded");
          expect(tried).not.toContain(serverOf(chosen));
          tried.push(serverOf(chosen));
        }
        expect(tried).toHaveLength(usable.length);
      },
    ),
  );
});

test("weights 5, 1, 1 give a smooth row, not five in a row", () => {
  const candidates = [
    { id: "a", weight: 5 },
    { id: "b", weight: 1 },
    { id: "c", weight: 1 },
  ];
  let credits: Credits = new Map(candidates.map(({ id }) => [id, 0]));
  const row = Array.from({ length: 7 }, () => {
    const choice = roundRobin(candidates, credits, () => 0);
    credits = choice.credits;
    return choice.chosen.id;
  });
  // nginx documents this row for the algorithm of the same name.
  expect(row.join("")).toBe("aabacaa");
});

test("round-robin gives each origin its share exactly, wherever it begins", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 6, maxLength: 6 }),
      (weights, seeds) => {
        const candidates = weights.map((weight, index) => ({ id: String(index), weight }));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        let credits: Credits = new Map();
        let seed = 0;
        const counts = new Map<string, number>();
        for (let turn = 0; turn < 20 * total; turn += 1) {
          const choice = roundRobin(candidates, credits, () => seeds[seed++ % seeds.length] ?? 0);
          credits = choice.credits;
          counts.set(choice.chosen.id, (counts.get(choice.chosen.id) ?? 0) + 1);
        }
        for (const { id, weight } of candidates) expect(Math.abs((counts.get(id) ?? 0) - 20 * weight)).toBeLessThanOrEqual(2);
      },
    ),
  );
});

test("isolates that begin at the same time do not begin with the same origin", () => {
  const candidates = ["a", "b", "c"].map((id) => ({ id, weight: 1 }));
  let state = 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const firsts = new Set(Array.from({ length: 50 }, () => roundRobin(candidates, new Map(), random).chosen.id));
  expect(firsts.size).toBe(3);
});

test("weighted random follows the weights at every point of the number line", () => {
  const candidates = [
    { id: "a", weight: 1 },
    { id: "b", weight: 3 },
  ];
  expect([0, 0.2499, 0.25, 0.9999].map((random) => weightedRandom(candidates, random).id)).toEqual(["a", "a", "b", "b"]);
});

test("rendezvous: when an origin leaves, only its own keys move", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 8 }),
      fc.string(),
      fc.nat(),
      (ids, key, index) => {
        const all = ids.map((id) => ({ id, weight: 1 }));
        const before = rendezvous(all, key);
        const gone = all[index % all.length];
        const after = rendezvous(
          all.filter((each) => each !== gone),
          key,
        );
        expect(gone === before || after.id === before.id).toBe(true);
      },
    ),
  );
});

test("rendezvous: an origin of less weight, as in slow start, gives keys away, and no other key moves", () => {
  const weight = fc.double({ min: 0.1, max: 9, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 2, maxLength: 8 }),
      fc.string(),
      fc.nat(),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      (weights, key, index, share) => {
        const all = weights.map((each, at) => ({ id: `web-${at}`, weight: each }));
        const slow = all[index % all.length];
        const before = rendezvous(all, key);
        const after = rendezvous(
          all.map((each) => (each === slow ? { ...each, weight: each.weight * share } : each)),
          key,
        );
        expect(before.id === slow?.id || after.id === before.id).toBe(true);
      },
    ),
  );
});

test("rendezvous follows the weights", () => {
  const candidates = [
    { id: "a", weight: 1 },
    { id: "b", weight: 3 },
  ];
  const keys = Array.from({ length: 4000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  const share = keys.filter((key) => rendezvous(candidates, key).id === "b").length / keys.length;
  expect(share).toBeGreaterThan(0.72);
  expect(share).toBeLessThan(0.78);
});

test("the hash stays inside the open interval and never changes", () => {
  fc.assert(fc.property(fc.string(), (text) => hash01(text) > 0 && hash01(text) < 1));
  expect([hash01(""), hash01("a"), hash01("web-1\n203.0.113.7")].map((value) => value.toFixed(12))).toMatchInlineSnapshot(`
    [
      "0.920757612668",
      "0.180339862598",
      "0.035766033536",
    ]
  `);
});

test.each([
  ["client", "", "203.0.113.7"],
  ["path", "", "/a"],
  ["url", "", "/a?x=1&sid=q9"],
  ["header", "x-user", "h5"],
  ["cookie", "sid", "c7"],
  ["query", "sid", "q9"],
  ["cookie", "si", null],
  ["header", "x-none", null],
  ["query", "none", null],
] as const)("hash by %s %s looks at %s", (by, name, expected) => {
  expect(hashKey({ kind: "hash", by, name }, FACTS)).toBe(expected);
});
