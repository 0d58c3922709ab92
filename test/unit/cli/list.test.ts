import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LIST_INLINE_ENTRIES_MAX } from "../../../src/limits.ts";
import { bench, config } from "./harness.ts";

const { server, folder, write, published: publish, run } = bench();

const RULE = `  - id: bad
    when: ip.src in $bad
    action: block
`;
const LISTS = `lists:
  # Whom we know.
  office:
    kind: ip
    entries:
      - 203.0.113.0/24   # HQ
      - { value: 198.51.100.7, expires: 2099-06-30, comment: ana }
  bad: { kind: ip, file: lists/bad.txt }
`;
const BAD = "# Scrapers.\n192.0.2.1 expires=2099-01-31 # asked twice\n192.0.2.2\n";

/** So many blocks that none of them touches another. */
function blocks(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `10.${index >> 8}.${index & 255}.0/25`);
}

function files(bad = BAD): string {
  mkdirSync(join(folder(), "lists"), { recursive: true });
  writeFileSync(join(folder(), "lists/bad.txt"), bad);
  const text = config(RULE) + LISTS;
  write("breakwater.yaml", text);
  return text;
}

async function published(bad = BAD): Promise<string> {
  const text = files(bad);
  await publish();
  return text;
}

const file = (name: string): string => readFileSync(join(folder(), name), "utf8");

/** Files of the release in force. */
async function shown(name: string): Promise<string> {
  const { files: texts } = (await run(["show", "--json"])).json() as { files: Record<string, string> };
  return texts[name] ?? "";
}

const documents = (): readonly string[] => [...server().values.keys()].filter((key) => key.startsWith("list/"));

describe("list show", () => {
  test("all lists: where they are, how many entries, and the rules that look into them", async () => {
    await published();
    const ran = await run(["list"]);
    expect(ran.stdout).toBe(
      [
        "NAME    KIND  ENTRIES  TEMPORARY  OVER  IN               RULES",
        "office  ip          2          1     0  breakwater.yaml  none",
        "bad     ip          2          1     0  lists/bad.txt    bad",
        "",
      ].join("\n"),
    );
    expect((await run(["list", "show", "--json"])).json()).toMatchObject({
      ok: true,
      lists: [
        { name: "office", kind: "ip", entries: 2, temporary: 1, over: 0, file: null, rules: [] },
        { name: "bad", file: "lists/bad.txt", rules: ["bad"] },
      ],
    });
  });

  test("one list, with expiries and comments, of the release or of a file", async () => {
    await published();
    const table = "ENTRY      EXPIRES           COMMENT\n192.0.2.1  until 2099-01-31  asked twice\n192.0.2.2\n";
    expect((await run(["list", "show", "bad"])).stdout).toBe(table);
    files("192.0.2.3 expires=2020-01-31\n");
    const ofFile = await run(["list", "show", "bad", "--config", "breakwater.yaml"]);
    expect(ofFile.stdout).toBe("ENTRY      EXPIRES                COMMENT\n192.0.2.3  over since 2020-01-31\n");
  });

  test("which entry holds an address, and until when", async () => {
    await published();
    expect((await run(["list", "show", "bad", "--contains", "192.0.2.1"])).stdout).toMatch(
      /^192\.0\.2\.1 {2}until 2099-01-31 {2}asked twice$/m,
    );
    expect((await run(["list", "show", "office", "--contains", "203.0.113.128/25", "--json"])).json()).toMatchObject({
      contains: true,
      entries: [{ value: "203.0.113.0/24", expires: null, over: false }],
    });
    const none = await run(["list", "show", "bad", "--contains", "192.0.2.9"]);
    expect(none).toMatchObject({ code: 0, stdout: "No entry of bad holds 192.0.2.9.\n" });
  });

  test("an unknown list, a value of another kind, and a value without a list are told", async () => {
    await published();
    const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
      [["ofice"], /there is no list "ofice"[^]*did you mean office/],
      [["bad", "--contains", "x"], /"x" is not an IP address/],
      [["--contains", "192.0.2.1"], /looks into one list/],
    ];
    for (const [args, message] of cases) {
      const ran = await run(["list", "show", ...args]);
      expect(ran).toMatchObject({ code: 2, stdout: "" });
      expect(ran.stderr).toMatch(message);
    }
  });
});

describe("list create", () => {
  test("adds the list and its file to the release in force, and nothing else changes", async () => {
    const text = await published();
    const ran = await run(["list", "create", "partners", "--kind", "host", "--description", "Ours."]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("+ list partners");
    expect(await shown("breakwater.yaml")).toBe(
      `${text}  partners:\n    kind: host\n    description: Ours.\n    file: lists/partners.txt\n`,
    );
    expect((await run(["list", "show", "partners"])).stdout).toBe("The list partners is empty.\n");
  });

  test("with --config both files are written, and a file that is there keeps its entries", async () => {
    files();
    writeFileSync(join(folder(), "lists/nets.txt"), "64496\n");
    const ran = await run(["list", "create", "nets", "--kind", "asn", "--config", "breakwater.yaml"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(file("breakwater.yaml")).toContain("  nets:\n    kind: asn\n    file: lists/nets.txt\n");
    expect(file("lists/nets.txt")).toBe("64496\n");
    expect((await run(["list", "show", "nets"])).stdout).toContain("64496");
    await run(["list", "create", "other", "--kind", "asn", "--config", "breakwater.yaml"]);
    expect(file("lists/other.txt")).toBe("");
  });

  test("a name that is taken or that no rule can write and an unknown kind are refused, and nothing is published", async () => {
    await published();
    const cases: readonly (readonly [name: string, kind: string, message: RegExp])[] = [
      ["office", "ip", /there is a list "office" already/],
      ["Bad-List", "ip", /lower-case letters/],
      ["x", "mac", /ip, asn, country, string or host/],
    ];
    for (const [name, kind, message] of cases) {
      const ran = await run(["list", "create", name, "--kind", kind]);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toMatch(message);
    }
    expect(server().values.has("history/2")).toBe(false);
  });
});

describe("list add", () => {
  test("puts entries at the end of the list's file", async () => {
    await published();
    const ran = await run(["list", "add", "bad", "192.0.2.0/31", "2001:db8::/32", "--comment", "ticket 7", "--expires", "2099-03-01"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain("List bad: 2 added.");
    expect(ran.stdout).toContain("~ list bad: +2 -1");
    expect(await shown("lists/bad.txt")).toBe(
      `${BAD}192.0.2.0/31 expires=2099-03-01 # ticket 7\n2001:db8::/32 expires=2099-03-01 # ticket 7\n`,
    );
    const history = (await run(["history"])).stdout;
    expect(history).toContain("list add bad 2 entries");
    expect(history).toContain("list bad: +2 -1");
  });

  test("puts entries into the config where the list has them there, and says what is there already", async () => {
    const text = await published();
    const ran = await run(["list", "add", "office", "::ffff:198.51.100.7", "192.0.2.9", "203.0.113.5"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain("List office: 2 added, 1 there already.");
    expect(ran.stderr).toContain("203.0.113.5 is in 203.0.113.0/24 as well.");
    expect(ran.stdout).toMatch(/warning: "203\.0\.113\.5" is in "203\.0\.113\.0\/24", in line \d+\. \[covered-entry\]/);
    expect(await shown("breakwater.yaml")).toBe(
      text.replace("comment: ana }\n", "comment: ana }\n      - 192.0.2.9\n      - 203.0.113.5\n"),
    );
  });

  test("gives an entry that is there another expiry; a time counts from now", async () => {
    await published();
    const ran = await run(["list", "add", "bad", "192.0.2.2", "--expires", "30d"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const expires = /^192\.0\.2\.2 expires=(\S+)$/m.exec(await shown("lists/bad.txt"))?.[1] ?? "";
    expect(Math.abs(Date.parse(expires) - Date.now() - 30 * 86_400_000)).toBeLessThan(600_000);
    expect(ran.stdout).toContain("~ list bad: ~1");
    await run(["list", "add", "bad", "192.0.2.1", "--expires", "never"]);
    expect(await shown("lists/bad.txt")).toContain("192.0.2.1 # asked twice\n");
  });

  test("what is so already publishes nothing", async () => {
    await published();
    const ran = await run(["list", "add", "bad", "192.0.2.2"]);
    expect(ran).toMatchObject({ code: 0, stdout: "list add bad: it is so already.\n" });
    expect(server().values.has("history/2")).toBe(false);
  });

  test("what cannot be an entry is refused before anything is published", async () => {
    await published();
    const before = [...server().written];
    const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
      [["bad", "192.0.2.300", "x"], /"192\.0\.2\.300" is not an IP address; "x" is not/],
      [["bad", "192.0.2.1/24"], /write 192\.0\.2\.0\/24/],
      [["nope", "192.0.2.1"], /there is no list "nope"[^]*breakwater list create nope/],
      [["bad", "192.0.2.9", "--expires", "2020-01-31"], /is over already/],
      [["bad", "192.0.2.9", "--expires", "soon"], /2027-01-31/],
      [["bad", "192.0.2.9", "--comment", "a\nb"], /one line/],
    ];
    for (const [args, message] of cases) {
      const ran = await run(["list", "add", ...args]);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toMatch(message);
    }
    expect(server().written).toEqual(before);
  });

  test("--dry-run shows the change and writes nothing, with --config neither", async () => {
    await published();
    const before = [...server().written];
    const ran = await run(["list", "add", "bad", "192.0.2.9", "--dry-run", "--config", "breakwater.yaml"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/^\+ 192\.0\.2\.9$/m);
    expect(ran.stdout).toMatch(/^~ list bad: \+1$/m);
    expect(ran.stdout).toMatch(/^Would publish [0-9a-f]{12}\.$/m);
    expect(server().written).toEqual(before);
    expect(file("lists/bad.txt")).toBe(BAD);
  });

  test("with --config the list's file is written when it is published, and only then", async () => {
    const text = files();
    await run(["publish"]);
    const ran = await run(["list", "add", "bad", "192.0.2.9", "--config", "breakwater.yaml"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect([file("breakwater.yaml"), file("lists/bad.txt")]).toEqual([text, `${BAD}192.0.2.9\n`]);
    await run(["list", "add", "bad", "192.0.2.10"]);
    const outdated = await run(["list", "add", "bad", "192.0.2.11", "--config", "breakwater.yaml"]);
    expect(outdated.code).toBe(4);
    expect(outdated.stderr).toContain("list bad: +1");
    expect(file("lists/bad.txt")).toBe(`${BAD}192.0.2.9\n`);
  });
});

describe("list remove", () => {
  test("takes entries out by their meaning", async () => {
    await published();
    const ran = await run(["list", "remove", "bad", "::ffff:192.0.2.1", "--json"]);
    expect(ran.json()).toMatchObject({ ok: true, counts: { removed: 1 }, changes: [{ thing: "list", name: "bad", summary: "-1" }] });
    expect(await shown("lists/bad.txt")).toBe("# Scrapers.\n192.0.2.2\n");
  });

  test("an entry that the list does not have is told, with the one that holds it, and nothing changes", async () => {
    await published();
    const ran = await run(["list", "remove", "office", "198.51.100.7", "203.0.113.5"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("it has no entry 203.0.113.5; 203.0.113.5 is in 203.0.113.0/24");
    expect(server().values.has("history/2")).toBe(false);
  });
});

describe("list import", () => {
  test("lines, from a file: what is new is added, what is there is told", async () => {
    await published();
    write("more.txt", "192.0.2.2\n192.0.2.3 # new\n192.0.2.4 expires=2099-05-01\n");
    const ran = await run(["list", "import", "bad", "more.txt", "--expires", "2099-12-31", "--json"]);
    expect(ran.json()).toMatchObject({ ok: true, counts: { added: 2, changed: 1, present: 0, removed: 0 }, invalid: [] });
    expect(await shown("lists/bad.txt")).toBe(
      BAD.replace("192.0.2.2", "192.0.2.2 expires=2099-12-31") + "192.0.2.3 expires=2099-12-31 # new\n192.0.2.4 expires=2099-05-01\n",
    );
  });

  test("a JSON array from standard input takes the place of all entries with --replace", async () => {
    await published();
    const ran = await run(
      ["list", "import", "bad", "-", "--replace"],
      {},
      JSON.stringify(["192.0.2.1", { value: "192.0.2.7", comment: "c" }]),
    );
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain("List bad: 1 added, 1 changed, 1 removed.");
    expect(await shown("lists/bad.txt")).toBe("# Scrapers.\n192.0.2.1 # asked twice\n192.0.2.7 # c\n");
  });

  test("a line that is no entry refuses the file, with its number, unless it is to be skipped", async () => {
    await published();
    write("more.csv", "address,seen\n192.0.2.8,1\nnonsense,2\n192.0.2.9/24,3\n");
    const refused = await run(["list", "import", "bad", "more.csv"]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('more.csv: line 3: "nonsense" is not an IP address');
    expect(refused.stderr).toContain("more.csv: line 4: 192.0.2.9/24 has bits set");
    expect(server().values.has("history/2")).toBe(false);
    const ran = await run(["list", "import", "bad", "more.csv", "--skip-invalid"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain("2 lines left out: 3, 4.");
    expect(await shown("lists/bad.txt")).toBe(`${BAD}192.0.2.8\n`);
  });

  test("a file that is not there, an unknown format and JSON that is no array are told", async () => {
    await published();
    const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
      [["nowhere.txt"], /cannot be read/],
      [["lists/bad.txt", "--format", "xml"], /lines, csv or json/],
      [["breakwater.yaml", "--format", "json"], /no JSON array/],
    ];
    for (const [args, message] of cases) {
      const ran = await run(["list", "import", "bad", ...args]);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toMatch(message);
    }
  });
});

describe("a long list", () => {
  const SHORT = blocks(LIST_INLINE_ENTRIES_MAX).join("\n");
  const LONG = blocks(LIST_INLINE_ENTRIES_MAX + 1).join("\n");

  test("is a document of its own, written before the release, once", async () => {
    await published(SHORT);
    expect(documents()).toEqual([]);
    files(LONG);
    await run(["publish"]);
    const [document = ""] = documents();
    const { written } = server();
    const { release } = JSON.parse(server().values.get("current") ?? "") as { release: string };
    expect(written.indexOf(document)).toBeLessThan(written.indexOf(`release/${release}`));
    expect(server().values.get(`release/${release}`)).toContain(`{"count":501,"hash":"${document.slice("list/".length)}","kind":"ip"}`);
    write("breakwater.yaml", file("breakwater.yaml").replace("action: block", "action: log"));
    expect((await run(["publish"])).code).toBe(0);
    expect(written.filter((key) => key === document)).toHaveLength(1);
  });

  test("publish, diff and history tell what came and went", async () => {
    await published(LONG);
    files(
      blocks(LIST_INLINE_ENTRIES_MAX + 4)
        .slice(1)
        .join("\n"),
    );
    const diff = await run(["diff"]);
    expect(diff.stdout).toContain("~ list bad: +3 -1\n    entries: 501 -> 503 (3 added, 1 removed)");
    expect((await run(["publish", "--dry-run"])).stdout).toContain("~ list bad: +3 -1");
    expect((await run(["publish"])).stdout).toContain("~ list bad: +3 -1");
    expect((await run(["history"])).stdout).toContain("list bad: +3 -1");
    // From a document to the release itself and back: the same entries, counted the same way.
    files(SHORT);
    expect((await run(["diff"])).stdout).toContain("~ list bad: +1 -4");
  });

  test("is there for a rollback, or the rollback is refused", async () => {
    await published(LONG);
    const [document = ""] = documents();
    files();
    await run(["publish"]);
    const text = server().values.get(document) ?? "";
    server().values.set(document, `${text} `);
    for (const args of [["rollback"], ["rollback", "--dry-run"]]) {
      const refused = await run(args);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/the list "bad" of the release cannot be used[^]*breakwater show RELEASE --write/);
    }
    expect(server().values.has("history/3")).toBe(false);
    server().values.set(document, text);
    const ran = await run(["rollback"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("~ list bad: +501 -2");
  });

  test("that is missing from the store is written by publishing the same config again", async () => {
    await published(LONG);
    const [document = ""] = documents();
    server().values.delete(document);
    expect((await run(["publish"])).stdout).toContain("Nothing changed");
    expect(documents()).toEqual([document]);
    expect(server().values.get(document)).toMatch(/^\{"format":1,"kind":"ip"/);
  });

  test("changes that cannot be read are told by their sizes", async () => {
    await published(LONG);
    const [document = ""] = documents();
    server().values.set(document, "junk");
    files(blocks(LIST_INLINE_ENTRIES_MAX + 9).join("\n"));
    expect((await run(["diff"])).stdout).toContain("~ list bad\n    entries: 501 -> 509");
  });

  test("is edited like a short one", async () => {
    await published(LONG);
    const ran = await run(["list", "add", "bad", "192.0.2.1"]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("~ list bad: +1\n");
    expect(documents()).toHaveLength(2);
    expect(existsSync(join(folder(), "lists/bad.txt"))).toBe(true);
  });
});
