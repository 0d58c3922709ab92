import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isInside } from "../../../scripts/commands/files.ts";
import { HEALTH_STALE_MS, healthRows, isStale } from "../../../scripts/health/view.ts";
import { withStanding } from "../../../scripts/commands/history.ts";
import { compareSnapshots } from "../../../scripts/compare/snapshots.ts";
import { baseFor } from "../../../scripts/store/base-record.ts";
import { parseLogin } from "../../../scripts/store/credentials.ts";
import { encodeHistory, parseHistory, type HistoryEntry } from "../../../scripts/store/documents.ts";
import { pickNamespace } from "../../../scripts/store/namespaces.ts";
import { applyChange } from "../../../scripts/store/overrides.ts";
import { showsOverrides, showsRelease } from "../../../scripts/store/refresh.ts";
import type { RuleSnapshot } from "../../../src/config/rule-snapshot.ts";
import type { Snapshot } from "../../../src/config/snapshot.ts";
import { emptyOverrides } from "../../../src/origin/overrides.ts";
import type { Pointer } from "../../../src/release/pointer.ts";
import { emptySnapshot } from "../../support/snapshot.ts";

const HASHES = ["a", "b", "c", "d"].map((digit) => digit.repeat(64));

function pointerOf(number: number, release = HASHES[0] ?? ""): Pointer {
  return { format: 1, number, release, candidate: null, predecessor: null, publishedAtMs: 1, author: "kim", message: "" };
}

function entryOf(number: number, from: number | null): HistoryEntry {
  return { pointer: pointerOf(number), from, changes: ["rule x added"], claim: "c" };
}

describe("the history", () => {
  test("an entry reads back as it was written", () => {
    expect(parseHistory(encodeHistory(entryOf(7, 5)))).toEqual(entryOf(7, 5));
  });

  test.each(["", "{", "null", "[]", "{}", '{"pointer": {}}'])("%j is no entry", (text) => expect(parseHistory(text)).toBeNull());

  test("only what somebody replaced, and what is in force, was ever in force", () => {
    const rows = withStanding([entryOf(6, 4), entryOf(5, 4), entryOf(4, 2), entryOf(3, 2), entryOf(2, 1), entryOf(1, null)], pointerOf(4));
    expect(rows.map((row) => row.standing)).toEqual(["unused", "unused", "current", "unused", "past", "past"]);
  });

  test("without a readable pointer nothing is called unused", () => {
    expect(withStanding([entryOf(2, 1), entryOf(1, null)], null).map((row) => row.standing)).toEqual(["past", "past"]);
  });
});

describe("the base of an edit", () => {
  const record = { release: HASHES[0] ?? "", number: 5 };
  test.each<readonly [string, Parameters<typeof baseFor>, string | undefined]>([
    ["unknown without a record", [null, pointerOf(5)], undefined],
    ["unknown where nothing is published", [record, null], undefined],
    ["the recorded one while it is in force", [record, pointerOf(5)], HASHES[0]],
    ["the recorded one after others published", [record, pointerOf(6, HASHES[1])], HASHES[0]],
    ["unknown when the store began anew", [record, pointerOf(4, HASHES[1])], undefined],
    ["unknown when the store began anew and has reached the number", [record, pointerOf(5, HASHES[1])], undefined],
  ])("%s", (_name, args, base) => expect(baseFor(...args)).toBe(base));
});

describe("names of files", () => {
  test.each([
    ["a.txt", true],
    ["./a.txt", true],
    ["lists/a.txt", true],
    ["lists/../a.txt", true],
    ["..a.txt", true],
    ["../a.txt", false],
    ["lists/../../a.txt", false],
    ["/etc/hostname", false],
    ["..", false],
    [".", false],
    ["", false],
  ])("%j stays in its folder: %s", (name, inside) => expect(isInside(name)).toBe(inside));
});

describe("the namespace", () => {
  const all = [
    { id: "1", title: "other" },
    { id: "2", title: "Breakwater_CONFIG" },
    { id: "3", title: "breakwater" },
  ];
  test("is picked by known title, and named ones by id before title", () => {
    expect(pickNamespace(all, null)?.id).toBe("2");
    expect(pickNamespace(all, "3")?.id).toBe("3");
    expect(pickNamespace(all, "other")?.id).toBe("1");
    expect(pickNamespace(all, "Other")).toBeNull();
  });
  test("is not guessed among several that fit equally", () => {
    expect(
      pickNamespace(
        [
          { id: "1", title: "config" },
          { id: "2", title: "CONFIG" },
        ],
        null,
      ),
    ).toBeNull();
  });
});

test("wrangler's login file gives the token and when it ends; garbage gives neither", () => {
  expect(parseLogin(`oauth_token = "t"\nexpiration_time = "2026-01-01T00:00:00.000Z"\nrefresh_token = "r"\n`)).toEqual({
    token: "t",
    expiresAtMs: Date.UTC(2026, 0, 1),
  });
  expect(parseLogin("\u0000")).toEqual({ token: null, expiresAtMs: null });
});

describe("overrides", () => {
  const override = { state: "drain", weight: null, untilMs: 100, atMs: 0, by: "kim", reason: "" } as const;
  test("every change has a higher version; lapsed entries are dropped at their end and not before", () => {
    const drained = applyChange(emptyOverrides(), { origin: "a/1", override }, 0);
    expect(applyChange(drained, { origin: "a/2", override }, 99)).toMatchObject({
      version: 2,
      origins: { "a/1": override, "a/2": override },
    });
    expect(Object.keys(applyChange(drained, { origin: "a/2", override }, 100).origins)).toEqual(["a/2"]);
    expect(applyChange(drained, { origin: "a/1", override: null }, 0)).toEqual({ format: 1, version: 2, origins: {} });
  });
  test("an origin named __proto__ is a name like any other", () => {
    expect(Object.keys(applyChange(emptyOverrides(), { origin: "__proto__", override }, 0).origins)).toEqual(["__proto__"]);
  });
});

describe("what a Worker's status shows", () => {
  test.each([
    [{ number: 4, release: "x" }, false],
    [{ number: 5, release: "old" }, false],
    [{ number: 5, release: "x" }, true],
    [{ number: 6, release: "y" }, true],
    [null, false],
    [{}, false],
  ])("%j shows release 5 (x): %s", (status, shows) => expect(showsRelease(5, "x")(status)).toBe(shows));
  test("overrides by their version", () => {
    const status = (version: unknown) => ({ documents: { overrides: { version } } });
    expect([1, 2, 3, null].map((version) => showsOverrides(2)(status(version)))).toEqual([false, true, true, false]);
  });
});

test("health is stale one millisecond after 180 s", () => {
  expect([HEALTH_STALE_MS, HEALTH_STALE_MS + 1].map(isStale)).toEqual([false, true]);
  expect(HEALTH_STALE_MS).toBe(180_000);
});

describe("the difference of two configs", () => {
  const rule = (id: string): RuleSnapshot => ({
    id,
    description: "",
    phase: "request",
    when: "x",
    expression: null as unknown as RuleSnapshot["expression"],
    action: { kind: "log", fields: [] },
    enabled: true,
    mode: "enforce",
    expiresAtMs: null,
    owner: "",
  });
  const snapshot = (ids: readonly string[], lists: Snapshot["lists"] = {}): Snapshot => emptySnapshot({ lists, rules: ids.map(rule) });
  const ids = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"));

  test("added, removed and moved rules account for every change of the order", () => {
    fc.assert(
      fc.property(ids, ids, (before, after) => {
        const changes = compareSnapshots(snapshot(before), snapshot(after));
        const names = (kind: string) => changes.filter((change) => change.kind === kind).map((change) => change.name);
        expect(names("added").toSorted()).toEqual(after.filter((id) => !before.includes(id)).toSorted());
        expect(names("removed").toSorted()).toEqual(before.filter((id) => !after.includes(id)).toSorted());
        const moved = new Set(names("moved"));
        expect(before.filter((id) => after.includes(id) && !moved.has(id))).toEqual(
          after.filter((id) => before.includes(id) && !moved.has(id)),
        );
      }),
    );
  });

  test("a config has no difference to itself", () => {
    fc.assert(
      fc.property(ids, (names) => {
        expect(compareSnapshots(snapshot(names), snapshot(names))).toEqual([]);
      }),
    );
  });

  test("a list differs by counts, not by lines", () => {
    const list = (entries: readonly string[], until: readonly number[] = []): Snapshot["lists"] => ({
      words: { kind: "string", entries, until },
    });
    const change = { kind: "changed", thing: "list", name: "words" };
    expect(compareSnapshots(snapshot([], list(["a", "b"])), snapshot([], list(["b", "c", "d"], [0, 5])))).toEqual([
      {
        ...change,
        summary: "+2 -1 ~1",
        details: [{ path: "entries", before: 2, after: "3 (2 added, 1 removed, 1 with another expiry)" }],
      },
    ]);
    expect(compareSnapshots(snapshot([], list(["a"], [0, 5])), snapshot([], list(["a"], [0, 6])))).toMatchObject([{ summary: "~1" }]);
    const words: Snapshot["lists"][string] = { kind: "string", hash: "0".repeat(64), count: 600 };
    expect(compareSnapshots(snapshot([], list(["a"])), snapshot([], { words }))).toEqual([
      { ...change, details: [{ path: "entries", before: 1, after: 600 }] },
    ]);
    expect(compareSnapshots(snapshot([], list(["a"])), snapshot([], { words: { kind: "country", entries: [], until: [] } }))).toEqual([
      { ...change, details: [{ path: "kind", before: "string", after: "country" }] },
    ]);
  });

  test.each([
    [null, { url: "https://a.example/x", secret: null }, [{ kind: "added", thing: "alerts", name: "webhook", details: [] }]],
    [{ url: "https://a.example/x", secret: "S" }, null, [{ kind: "removed", thing: "alerts", name: "webhook", details: [] }]],
    [
      { url: "https://a.example/x", secret: "S" },
      { url: "https://a.example/x", secret: "T" },
      [{ kind: "changed", thing: "alerts", name: "webhook", details: [{ path: "secret", before: "S", after: "T" }] }],
    ],
  ])("a webhook of %j that becomes %j is a difference", (before, after, expected) => {
    expect(compareSnapshots({ ...snapshot([]), alerts: before }, { ...snapshot([]), alerts: after })).toEqual(expected);
  });

  test("origins without health are in the table as well", () => {
    const origin = { id: "o", base: "https://o.example", basePath: "", weight: 1, backup: false };
    const pool = { name: "p", origins: [origin], health: null } as unknown as Snapshot["pools"][number];
    expect(healthRows({ ...snapshot([]), pools: [pool] }, null, emptyOverrides(), 0)).toEqual([
      { origin: "p/o", health: null, checked: false, override: null },
    ]);
  });
});
