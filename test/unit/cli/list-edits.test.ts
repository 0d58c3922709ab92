import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { readEntryLine, readEntryLines, writeEntryLine, type WrittenEntry } from "../../../src/config/list-lines.ts";
import type { ListKind } from "../../../src/config/snapshot.ts";
import { createList, editEntries, type EntryChanges, type NewList } from "../../../scripts/edit/lists.ts";
import { guessFormat, readImport } from "../../../scripts/lists/import.ts";
import { planAdd, planRemove, planReplace } from "../../../scripts/lists/plan.ts";
import { entriesHolding, meaningOf, type WrittenList } from "../../../scripts/lists/read.ts";
import type { Source } from "../../../scripts/store/documents.ts";

const NOW = Date.UTC(2027, 0, 1);

function plain(value: string, expires: string | null = null, comment: string | null = null): WrittenEntry {
  return { value, expires, comment };
}

describe("a line of a list's file", () => {
  test.each([
    ["", null],
    ["   # only a comment", null],
    ["#", null],
    ["203.0.113.7", plain("203.0.113.7")],
    ["  203.0.113.7\t\r", plain("203.0.113.7")],
    ["203.0.113.7 # asked twice", plain("203.0.113.7", null, "asked twice")],
    ["203.0.113.7 #", plain("203.0.113.7")],
    ["203.0.113.7 expires=2027-01-31", plain("203.0.113.7", "2027-01-31")],
    ["203.0.113.7\texpires=2027-01-31T18:00Z  # a # b", plain("203.0.113.7", "2027-01-31T18:00Z", "a # b")],
    ["203.0.113.7 expires=", plain("203.0.113.7", "")],
    ["203.0.113.7 expires=soon", plain("203.0.113.7", "soon")],
    ["BadBot 1.0 (like Mozilla) expires=2027-01-31", plain("BadBot 1.0 (like Mozilla)", "2027-01-31")],
    ["a#b", plain("a#b")],
    ["expires=2027-01-31", plain("expires=2027-01-31")],
    ["a expires=2027-01-31 b", plain("a expires=2027-01-31 b")],
  ])("%j", (line, entry) => expect(readEntryLine(line)).toEqual(entry));

  test("what is written reads the same, and what would not is not written", () => {
    const part = fc.string({ unit: fc.constantFrom("a", " ", "#", "=", "expires=", "\n", "\t", "2027-01-31"), maxLength: 6 });
    fc.assert(
      fc.property(part, fc.option(fc.constant("2027-01-31"), { nil: null }), fc.option(part, { nil: null }), (value, expires, comment) => {
        const entry = { value, expires, comment };
        const line = writeEntryLine(entry);
        if (line === null) expect([value, comment].some((text) => text === "" || /^\s|\s$|#|\n|expires=/.test(text ?? "-"))).toBe(true);
        else expect(readEntryLines(`x\n${line}\ny`)[1]).toEqual({ ...entry, line: 2 });
      }),
      { numRuns: 2_000 },
    );
  });
});

const CONFIG = `# Ours.
sites: {}   # none
lists:
  # Offices and their VPN.
  office:
    kind: ip
    entries:   # ask ana
      - 203.0.113.0/24   # HQ
      # the VPN
      - { value: 198.51.100.7, expires: 2027-06-30 }
  nets: { kind: asn, entries: [64496, AS64497] }   # two
  empty: { kind: string, entries: [] }
  long: { kind: ip, file: ./lists/long.txt }
firewall: []
`;
const LONG = "# Scrapers.\n203.0.113.1 # the first\n\n203.0.113.2 expires=2027-06-30\n  203.0.113.3\n# the end\n";
const SOURCE: Source = { entry: "b.yaml", files: { "b.yaml": CONFIG, "./lists/long.txt": LONG } };

function changes(input: Partial<EntryChanges>): EntryChanges {
  return { added: [], changed: new Map(), removed: new Set(), ...input };
}

function edited(name: string, file: string | null, input: Partial<EntryChanges>, source = SOURCE): Source {
  const result = editEntries(source, { name, file, changes: changes(input) });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const main = (source: Source): string => source.files["b.yaml"] ?? "";

describe("entries in the config", () => {
  const cases: readonly (readonly [name: string, list: string, input: Partial<EntryChanges>, from: string, to: string])[] = [
    [
      "come to the end of the list",
      "office",
      { added: [plain("192.0.2.1"), plain("192.0.2.2", "2027-01-31", "guest: ana")] },
      "expires: 2027-06-30 }\n",
      'expires: 2027-06-30 }\n      - 192.0.2.1\n      - value: 192.0.2.2\n        expires: 2027-01-31\n        comment: "guest: ana"\n',
    ],
    [
      "change in their place",
      "office",
      { changed: new Map([[0, plain("203.0.113.0/24", "2027-01-31")]]) },
      "- 203.0.113.0/24   # HQ",
      '- { "value": "203.0.113.0/24", "expires": "2027-01-31" }   # HQ',
    ],
    [
      "go with the comment above them",
      "office",
      { removed: new Set([1]) },
      "      # the VPN\n      - { value: 198.51.100.7, expires: 2027-06-30 }\n",
      "",
    ],
    ["all go, and an empty list is left", "nets", { removed: new Set([0, 1]) }, "[64496, AS64497]", "[]"],
    ["come to a list in brackets", "nets", { added: [plain("64500"), plain("AS1")] }, "AS64497]", 'AS64497, 64500, "AS1"]'],
    ["come to an empty list", "empty", { added: [plain("a, b"), plain("c")] }, "entries: []", 'entries: ["a, b", "c"]'],
  ];
  test.each(cases)("%s", (_name, listName, input, from, to) => {
    expect(CONFIG).toContain(from);
    expect(main(edited(listName, null, input))).toBe(CONFIG.replace(from, to));
  });

  test("all at once: the result holds what was meant", () => {
    const { lists } = parse(
      main(edited("office", null, { added: [plain("192.0.2.1")], changed: new Map([[1, plain("198.51.100.7")]]), removed: new Set([0]) })),
    ) as { lists: { office: { entries: unknown } } };
    expect(lists.office.entries).toEqual(["198.51.100.7", "192.0.2.1"]);
  });

  test("a list of blocks, one by one, whatever its form", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 2, 4),
        fc.boolean(),
        fc.uniqueArray(fc.nat(30), { maxLength: 6 }),
        fc.array(fc.nat(5), { maxLength: 3 }),
        fc.array(fc.constantFrom("x", "- y", "# z", "{w", " v: "), { maxLength: 3 }),
        (space, block, numbers, gone, added) => {
          const entries = numbers.map((number) => `e${number}`);
          const value = { lists: { l: { kind: "string", entries } }, pools: {} };
          const text = block
            ? `lists:\n  l:\n    kind: string\n    entries:${entries.length === 0 ? " []" : ""}\n${entries.map((entry) => `      - ${entry} # c\n`).join("")}pools: {}\n`
            : JSON.stringify(value, null, space);
          const removed = new Set(gone.filter((index) => index < entries.length));
          const after = edited(
            "l",
            null,
            { removed, added: added.map((one) => plain(one)) },
            { entry: "b.yaml", files: { "b.yaml": text } },
          );
          const expected = [...entries.filter((_entry, index) => !removed.has(index)), ...added];
          expect(parse(main(after))).toEqual({ ...value, lists: { l: { kind: "string", entries: expected } } });
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a form that cannot be edited safely is refused", () => {
    const text = "x: &x [a]\nlists:\n  l: { kind: string, entries: *x }\n";
    const result = editEntries(
      { entry: "b.yaml", files: { "b.yaml": text } },
      { name: "l", file: null, changes: changes({ added: [plain("b")] }) },
    );
    expect(result).toEqual({ ok: false, error: { kind: "form", message: expect.any(String) as string } });
  });
});

describe("entries in a file of their own", () => {
  const cases: readonly (readonly [name: string, input: Partial<EntryChanges>, text: string])[] = [
    ["come to the end", { added: [plain("192.0.2.1", "2027-01-31", "guest")] }, `${LONG}192.0.2.1 expires=2027-01-31 # guest\n`],
    [
      "change in their line",
      { changed: new Map([[1, plain("203.0.113.2", null, "for good")]]) },
      LONG.replace("203.0.113.2 expires=2027-06-30", "203.0.113.2 # for good"),
    ],
    ["go with their line", { removed: new Set([0, 2]) }, "# Scrapers.\n\n203.0.113.2 expires=2027-06-30\n# the end\n"],
  ];
  test.each(cases)("%s", (_name, input, text) => {
    const after = edited("long", "./lists/long.txt", input);
    expect(after.files["./lists/long.txt"]).toBe(text);
    expect(main(after)).toBe(CONFIG);
  });

  test.each([
    ["", "a\n"],
    ["b", "b\na\n"],
    ["b\n", "b\na\n"],
    ["b\n\n", "b\n\na\n"],
  ])("an entry behind %j", (text, expected) => {
    const source = { entry: "b.yaml", files: { "b.yaml": "", "l.txt": text } };
    expect(edited("l", "./l.txt", { added: [plain("a")] }, source).files["l.txt"]).toBe(expected);
  });

  test.each([[" a"], ["a #b"], ["#a"], ["a expires=2027-01-31"], ["a\nb"]])("the entry %j has no line", (value) => {
    const result = editEntries(SOURCE, { name: "long", file: "./lists/long.txt", changes: changes({ added: [plain(value)] }) });
    expect(result).toEqual({ ok: false, error: { kind: "entry", value } });
  });
});

describe("a new list", () => {
  const NEW: NewList = { name: "bad", kind: "ip", description: null, file: "lists/bad.txt", text: "" };
  const block = "  bad:\n    kind: ip\n    file: lists/bad.txt\n";
  test.each([
    [
      "beside others",
      "lists:\n  a: { kind: ip, entries: [] } # a\nfirewall: []\n",
      `lists:\n  a: { kind: ip, entries: [] } # a\n${block}firewall: []\n`,
    ],
    ["the first", "sites: []\n", `sites: []\n\nlists:\n${block}`],
    ["in an empty mapping", "lists: {} # none\nfirewall: []\n", `lists: # none\n${block}firewall: []\n`],
    ["under a key without a value", "lists:\nfirewall: []\n", `lists:\n${block}firewall: []\n`],
    [
      "without a line break at the end",
      "lists:\n  a:\n    kind: ip\n    entries: [1.1.1.1]",
      `lists:\n  a:\n    kind: ip\n    entries: [1.1.1.1]\n${block}`,
    ],
    [
      "in braces",
      "lists: { a: { kind: ip, entries: [] } }\n",
      'lists: { a: { kind: ip, entries: [] }, "bad": { "kind": "ip", "file": "lists/bad.txt" } }\n',
    ],
  ])("%s", (_name, before, after) => {
    const result = createList({ entry: "b.yaml", files: { "b.yaml": before } }, NEW);
    expect(result).toEqual({ ok: true, value: { entry: "b.yaml", files: { "b.yaml": after, "lists/bad.txt": "" } } });
  });

  test("JSON stays JSON", () => {
    for (const space of [0, 2]) {
      for (const lists of [undefined, {}, { a: { kind: "ip", entries: ["1.1.1.1"] } }]) {
        const text = JSON.stringify({ sites: [], lists }, null, space);
        const result = createList({ entry: "b.yaml", files: { "b.yaml": text } }, { ...NEW, description: 'a "b"' });
        if (!result.ok) throw new Error(JSON.stringify(result.error));
        const made = { kind: "ip", description: 'a "b"', file: "lists/bad.txt" };
        expect(JSON.parse(main(result.value))).toEqual({ sites: [], lists: { ...lists, bad: made } });
      }
    }
  });

  test("a name that is taken is refused", () => {
    expect(createList(SOURCE, { ...NEW, name: "office" })).toEqual({ ok: false, error: { kind: "exists", name: "office" } });
  });
});

function list(kind: ListKind, ...entries: readonly WrittenEntry[]): WrittenList {
  return { name: "l", kind, description: "", file: null, entries };
}

describe("what an edit comes to", () => {
  const held = list("ip", plain("203.0.113.0/24", "2027-06-30", "HQ"), plain("192.0.2.1"), plain("198.51.100.1", "2026-12-31"));

  test("an entry that is there by another name is there already", () => {
    const plan = planAdd(
      held,
      [{ value: "203.0.113.0..203.0.113.255" }, { value: "::ffff:192.0.2.1" }, { value: "192.0.2.2" }, { value: "192.0.2.2" }],
      NOW,
    );
    expect(plan.added).toEqual([plain("192.0.2.2")]);
    expect(plan.present.map(({ value }) => value)).toEqual(["203.0.113.0/24", "192.0.2.1", "192.0.2.2"]);
    expect(plan.changed.size).toBe(0);
  });

  test("another expiry or comment changes it, and what was not told stays", () => {
    const plan = planAdd(
      held,
      [
        { value: "203.0.113.0/24", expires: "2028-01-31" },
        { value: "192.0.2.1", comment: "ana" },
      ],
      NOW,
    );
    expect([...plan.changed]).toEqual([
      [0, plain("203.0.113.0/24", "2028-01-31", "HQ")],
      [1, plain("192.0.2.1", null, "ana")],
    ]);
    expect([...planAdd(held, [{ value: "203.0.113.0/24", expires: null }], NOW).changed.values()]).toEqual([
      plain("203.0.113.0/24", null, "HQ"),
    ]);
  });

  test("an entry that is over comes back for good", () => {
    expect([...planAdd(held, [{ value: "198.51.100.1" }], NOW).changed]).toEqual([[2, plain("198.51.100.1")]]);
    expect(planAdd(held, [{ value: "198.51.100.1" }], Date.UTC(2026, 11, 31)).present).toHaveLength(1);
  });

  test("removing takes all that mean the same, and says what is not there", () => {
    const twice = list("asn", plain("AS1"), plain("2"), plain("1", "2027-01-31"));
    expect(planRemove(twice, ["1"])).toMatchObject({ removed: new Set([0, 2]), unknown: [] });
    expect(planRemove(twice, ["1", "3", "x"])).toMatchObject({ unknown: ["3", "x"] });
    expect(planRemove(list("ip", plain("nonsense")), ["nonsense"])).toMatchObject({ removed: new Set([0]), unknown: [] });
  });

  test("replacing keeps places and comments, and takes the rest out", () => {
    const plan = planReplace(held, [{ value: "203.0.113.0/24" }, { value: "192.0.2.9" }], NOW);
    expect(plan).toMatchObject({ added: [plain("192.0.2.9")], removed: new Set([1, 2]) });
    expect([...plan.changed]).toEqual([[0, plain("203.0.113.0/24", null, "HQ")]]);
  });
});

test.each([
  ["ip", "10.1.2.3", ["10.0.0.0/8", "10.1.0.0..10.1.255.255"]],
  ["ip", "10.1.2.0/24", ["10.0.0.0/8", "10.1.0.0..10.1.255.255"]],
  ["ip", "9.0.0.0/8", []],
  ["ip", "2001:db8::1", ["2001:db8::/32"]],
  ["ip", "::ffff:10.1.2.3", ["10.0.0.0/8", "10.1.0.0..10.1.255.255"]],
  ["host", "a.shop.example.com", ["*.example.com", "*.shop.example.com"]],
  ["host", "example.com", ["EXAMPLE.com"]],
  ["asn", "AS7", ["007", "7"]],
  ["string", "a", ["a"]],
] as const)("in a list of kind %s %j is held by %j", (kind, value, holders) => {
  const all = {
    ip: ["10.0.0.0/8", "10.1.0.0..10.1.255.255", "11.0.0.0/8", "2001:db8::/32"],
    host: ["EXAMPLE.com", "*.example.com", "*.shop.example.com", "shop.example.com"],
    asn: ["007", "8", "7"],
    string: ["a", "A", "a "],
  }[kind];
  const wanted = meaningOf(kind, value) ?? expect.fail(`${value} is no entry`);
  expect(entriesHolding(list(kind, ...all.map((one) => plain(one))), wanted).map((entry) => entry.value)).toEqual(holders);
});

describe("importing", () => {
  test.each([
    ["a.csv", "x", "csv"],
    ["a.JSON", "x", "json"],
    ["-", ' ["a"]', "json"],
    ["a.txt", "a,b", "lines"],
  ])("%s with %j is %s", (name, text, format) => expect(guessFormat(name, text)).toBe(format));

  test("lines have expiries and comments of their own, and bad ones are told", () => {
    expect(
      readImport("# a\n10.0.0.1 expires=2027-01-31 # b\n\n10.0.0.1/8\r\n10.0.0.2 expires=2027-02-30\n10.0.0.3", "lines", "ip"),
    ).toEqual({
      entries: [{ value: "10.0.0.1", expires: "2027-01-31", comment: "b" }, { value: "10.0.0.3" }],
      invalid: [
        { place: 4, message: expect.stringMatching(/write 10.0.0.0\/8/) as string },
        { place: 5, message: '"2027-02-30" is no date such as 2027-01-31' },
      ],
    });
  });

  test.each([
    ["ip", "\ufeffip,first seen\n10.0.0.1,2026\n\n10.0.0.2\n", ["10.0.0.1", "10.0.0.2"], []],
    ["ip", '"10.0.0.1";"a, b"\n10.0.0.2\tx\n', ["10.0.0.1", "10.0.0.2"], []],
    ["ip", "10.0.0.1\nx,y\n", ["10.0.0.1"], [2]],
    ["string", 'name\n"say ""hi"", twice",1\n', ['say "hi", twice'], []],
    ["string", "bad bot,1\n", ["bad bot"], []],
  ] as const)("a CSV for a list of kind %s: %j", (kind, text, values, bad) => {
    const imported = readImport(text, "csv", kind);
    expect(imported?.entries.map(({ value }) => value)).toEqual(values);
    expect(imported?.invalid.map(({ place }) => place)).toEqual(bad);
  });

  test.each([
    ["ip", { ip: "192.0.2.0/24", comment: "office" }, { value: "192.0.2.0/24", comment: "office" }],
    ["ip", { ip: "2001:db8::1", comment: "" }, { value: "2001:db8::1" }],
    ["asn", { asn: 64496 }, { value: "64496" }],
    ["host", { hostname: { url_hostname: "*.example.com" } }, { value: "*.example.com" }],
  ] as const)("an item of a list of %s as Cloudflare's API answers it: %j", (kind, item, entry) => {
    const text = JSON.stringify({ result: [{ id: "7c5dae5552338874e5053f2534d2767a", ...item, created_on: "2026-01-01T08:00:00Z" }] });
    expect(guessFormat("-", text)).toBe("json");
    expect(readImport(text, "json", kind)).toEqual({ entries: [entry], invalid: [] });
  });

  test("a JSON array of texts, numbers and mappings", () => {
    const text = JSON.stringify(["AS1", 2, { value: 3, expires: "2027-01-31", comment: "c" }, { number: 4 }, null, "x"]);
    expect(readImport(text, "json", "asn")).toEqual({
      entries: [{ value: "AS1" }, { value: "2" }, { value: "3", expires: "2027-01-31", comment: "c" }],
      invalid: [
        { place: 4, message: expect.stringMatching(/neither/) as string },
        { place: 5, message: expect.stringMatching(/neither/) as string },
        { place: 6, message: expect.stringMatching(/64496/) as string },
      ],
    });
    expect(readImport("{}", "json", "asn")).toBeNull();
    expect(readImport('{"result":{"ip":"192.0.2.1"}}', "json", "ip")).toBeNull();
    expect(readImport("[", "json", "asn")).toBeNull();
  });
});
