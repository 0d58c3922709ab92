import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bench, BLOCK_WP, config } from "./harness.ts";
import { ADMIN_TOKEN, type KvServer } from "./kv-server.ts";

const { server, folder, write, published: publish, run, runRemote } = bench();

interface StoredPointer {
  readonly number: number;
  readonly release: string;
  readonly predecessor: string | null;
  readonly author: string;
  readonly message: string;
}

function pointer(store: KvServer = server()): StoredPointer {
  return JSON.parse(store.values.get("current") ?? "null") as StoredPointer;
}

async function published(text: string, file = "breakwater.yaml"): Promise<StoredPointer> {
  write(file, text);
  await publish([file, "--base", "current"]);
  return pointer();
}

describe("publishing", () => {
  test("writes the release before its source, the history before the pointer, and asks the Worker to refresh", async () => {
    write("breakwater.yaml", config());
    const ran = await run(["publish", "-m", "first"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    const { release, ...rest } = pointer();
    expect(rest).toMatchObject({ number: 1, predecessor: null, author: "kim", message: "first" });
    expect(server().written).toEqual([`release/${release}`, `source/${release}`, "history/1", "current"]);
    expect(JSON.parse(server().values.get(`source/${release}`) ?? "")).toEqual({
      entry: "breakwater.yaml",
      files: { "breakwater.yaml": config() },
    });
    expect(server().seen.at(-1)).toEqual({ method: "POST", path: "/_breakwater/refresh", authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(ran.stdout).toContain(`Published release 1 (${release.slice(0, 12)})`);
    expect(ran.stdout).toContain(`In force at ${server().url}.`);
  });

  test("the second release names the first and has the next number", async () => {
    const first = await published(config());
    const second = await published(config(BLOCK_WP));
    expect(second).toMatchObject({ number: 2, predecessor: first.release });
    expect(second.release).not.toBe(first.release);
  });

  test("the same config again says that nothing changed and moves nothing", async () => {
    await published(config());
    const before = new Map(server().values);
    const ran = await run(["publish"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("Nothing changed: release 1");
    expect(server().values).toEqual(before);
  });

  test("a change of comments only keeps the release and updates the files behind it", async () => {
    const { release } = await published(config());
    write("breakwater.yaml", `# New words.\n${config()}`);
    const ran = await run(["publish", "--json"]);
    expect(ran.json()).toMatchObject({ ok: true, changed: false, number: 1, sourceUpdated: true });
    expect(server().values.get(`source/${release}`)).toContain("New words.");
    expect(pointer().number).toBe(1);
  });

  test("--dry-run shows the changes and writes nothing", async () => {
    await published(config());
    const before = new Map(server().values);
    write("breakwater.yaml", config(BLOCK_WP));
    const ran = await run(["publish", "--dry-run", "--json"]);
    expect(ran.json()).toMatchObject({ ok: true, dryRun: true, changed: true, changes: [{ kind: "added", thing: "rule", name: "wp" }] });
    expect(server().values).toEqual(before);
  });

  test("a config with errors writes nothing, shows the place with a caret and the fix, and is exit code 3", async () => {
    write("breakwater.yaml", config().replace("pool: web", "pool: wep"));
    const ran = await run(["publish"]);
    expect(ran.code).toBe(3);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toMatch(/^breakwater\.yaml:7:\d+: error: /);
    expect(ran.stderr).toMatch(/\n {2}7 \| {9}pool: wep\n {2} {2}\| +\^\n/);
    expect(ran.stderr).toContain("fix:");
    expect(server().values.size).toBe(0);
  });

  test("the files that the config names are published with it, and only those of its folder", async () => {
    write("words.txt", "bad\nworse\n");
    write(
      "breakwater.yaml",
      `${config(`  - id: words\n    when: http.host in $words\n    action: block\n`)}lists:\n  words: { kind: string, file: ./words.txt }\n`,
    );
    const ran = await run(["publish"]);
    expect(ran).toMatchObject({ code: 0 });
    const { files } = JSON.parse(server().values.get(`source/${pointer().release}`) ?? "") as { files: Record<string, string> };
    expect(files["./words.txt"]).toBe("bad\nworse\n");
    write("breakwater.yaml", `${config()}lists:\n  words: { kind: string, file: ../../../../etc/hostname }\n`);
    const outside = await run(["publish"]);
    expect(outside.code).toBe(3);
  });
});

describe("an outdated base", () => {
  test("a named base that is not in force is refused with what the other changed, and nothing is written", async () => {
    const first = await published(config());
    const second = await published(config(BLOCK_WP));
    const before = new Map(server().values);
    write("breakwater.yaml", config("", "https://third.example.net"));
    const ran = await run(["publish", "--base", first.release]);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain("+ rule wp");
    expect(ran.stderr).toContain("Release 2");
    expect(ran.stderr).toContain(
      `it started from release ${first.release.slice(0, 12)}, and ${second.release.slice(0, 12)} is in force now`,
    );
    expect(ran.stderr).toContain("fix: ");
    expect(server().values).toEqual(before);
  });

  test("a file remembers what it was published as: an edit by somebody else in between refuses it", async () => {
    write("breakwater.yaml", config());
    expect(await run(["publish"])).toMatchObject({ code: 0 });
    expect(await run(["rule", "add", "--id", "wp", "--when", 'http.request.uri.path contains "/wp-"', "--action", "block"])).toMatchObject({
      code: 0,
    });
    write("breakwater.yaml", config("", "https://third.example.net"));
    const refused = await run(["publish", "--json"]);
    expect(refused.code).toBe(4);
    expect(refused.json()).toMatchObject({
      ok: false,
      raced: false,
      changes: [{ kind: "added", thing: "rule", name: "wp" }],
      error: { exit: 4 },
    });
    expect(await run(["publish", "--base", "current"])).toMatchObject({ code: 0 });
    expect(pointer().number).toBe(3);
  });

  test("the memory ignores itself in git and has nothing secret", async () => {
    write("breakwater.yaml", config());
    await runRemote(["publish"]);
    expect(readFileSync(join(folder(), ".breakwater/.gitignore"), "utf8")).toBe("*\n");
    expect(readFileSync(join(folder(), ".breakwater/base.json"), "utf8")).not.toContain("token");
  });

  test("a store that was emptied is no outdated base", async () => {
    write("breakwater.yaml", config());
    await run(["publish"]);
    server().values.clear();
    expect(await run(["publish"])).toMatchObject({ code: 0 });
    expect(pointer().number).toBe(1);
  });
});

describe("two publishers at once", () => {
  test("exactly one of them wins, and the pointer, the history and the exit codes agree on which", async () => {
    await published(config(), "base.yaml");
    write("a.yaml", config(BLOCK_WP));
    write("b.yaml", config("", "https://third.example.net"));
    const settle = { BREAKWATER_SETTLE_MS: "400" };
    const [a, b] = await Promise.all([run(["publish", "a.yaml", "--json"], settle), run(["publish", "b.yaml", "--json"], settle)]);
    expect(new Set([a.code, b.code])).toEqual(new Set([0, 4]));
    const winner = a.code === 0 ? a : b;
    const loser = a.code === 0 ? b : a;
    expect(pointer()).toMatchObject({ number: winner.json()["number"], release: winner.json()["release"] });
    expect(loser.json()).toMatchObject({ ok: false, current: { release: pointer().release } });
    const entry = JSON.parse(server().values.get(`history/${pointer().number}`) ?? "") as { pointer: StoredPointer };
    expect(entry.pointer.release).toBe(pointer().release);
  });

  test("a rival who takes the number over is noticed before the pointer moves", async () => {
    const first = await published(config());
    const rival = { ...JSON.parse(server().values.get("history/1") ?? ""), claim: "rival", changes: [] };
    rival.pointer = { ...rival.pointer, number: 2, author: "lee" };
    server().afterPut = (key) => void (key === "history/2" && server().values.set("history/2", JSON.stringify(rival)));
    write("breakwater.yaml", config(BLOCK_WP));
    const ran = await run(["publish"]);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain("at the same moment");
    expect(ran.stderr).toContain("lee");
    expect(pointer()).toEqual(first);
  });

  test("a rival whose pointer lands last is noticed when the pointer is read back", async () => {
    const first = await published(config());
    server().afterPut = (key) =>
      void (key === "current" && server().values.set("current", JSON.stringify({ ...first, number: 2, author: "lee" })));
    write("breakwater.yaml", config(BLOCK_WP));
    const ran = await run(["publish"]);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain("published by lee");
    expect(pointer()).toMatchObject({ author: "lee" });
  });

  test("a number that somebody claimed and never used is passed over", async () => {
    await published(config());
    const claimed = JSON.parse(server().values.get("history/1") ?? "") as { pointer: StoredPointer };
    server().values.set("history/2", JSON.stringify({ ...claimed, from: 1, pointer: { ...claimed.pointer, number: 2 } }));
    write("breakwater.yaml", config(BLOCK_WP));
    expect(await run(["publish"])).toMatchObject({ code: 0 });
    expect(pointer().number).toBe(3);
    const { entries } = (await run(["history", "--json"])).json() as { entries: { number: number; standing: string }[] };
    expect(entries.map((entry) => [entry.number, entry.standing])).toEqual([
      [3, "current"],
      [2, "unused"],
      [1, "past"],
    ]);
  });
});

describe("a store with faults", () => {
  test("429 and 503 are waited out", async () => {
    let left = 3;
    server().fault = ({ method }) =>
      method === "PUT" && left-- > 0 ? { status: left === 1 ? 503 : 429, headers: { "retry-after": "0" } } : null;
    write("breakwater.yaml", config());
    expect(await run(["publish"])).toMatchObject({ code: 0 });
    expect(pointer().number).toBe(1);
  });

  test("a limit that does not end is exit code 1 and names the limit, before the pointer moved", async () => {
    await published(config());
    server().fault = ({ method, key }) => (method === "PUT" && key.startsWith("release/") ? { status: 429 } : null);
    write("breakwater.yaml", config(BLOCK_WP));
    const ran = await run(["publish"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("status 429");
    expect(ran.stderr).toContain("1,000 a day");
    expect(pointer().number).toBe(1);
  });

  test("broken connections are exit code 1 after the attempts", async () => {
    server().fault = () => "drop";
    write("breakwater.yaml", config());
    const ran = await run(["publish", "--json"]);
    expect(ran.code).toBe(1);
    expect((ran.json() as { error: { why: string } }).error.why).toContain("no answer after 5 attempts");
  });

  test("reads that lag behind the writes are read again, not taken for a lost race", async () => {
    await published(config());
    const old = server().values.get("current") ?? "";
    server().afterPut = (key) => {
      if (key === "current") server().lagging.set("current", [old, old]);
      if (key === "history/2") server().lagging.set("history/2", [null]);
    };
    write("breakwater.yaml", config(BLOCK_WP));
    const ran = await run(["publish", "--json"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.json()).toMatchObject({ confirmed: true, number: 2 });
  });

  test("a store that never shows the pointer is exit code 5: written, not confirmed", async () => {
    await published(config());
    const old = server().values.get("current") ?? "";
    server().afterPut = (key) =>
      void (
        key === "current" &&
        server().lagging.set(
          "current",
          Array.from({ length: 50 }, () => old),
        )
      );
    write("breakwater.yaml", config(BLOCK_WP));
    const ran = await run(["publish"]);
    expect(ran.code).toBe(5);
    expect(ran.stdout).toContain("the store does not show the new release yet");
  });

  test("a pointer of garbage does not stop a publish, and its number is above all that ever were", async () => {
    await published(config());
    await published(config(BLOCK_WP));
    server().values.set("current", "{");
    expect(await run(["publish", "--base", "current"])).toMatchObject({ code: 0 });
    expect(pointer().number).toBe(3);
  });
});

describe("the Worker", () => {
  test("one that refuses the release is exit code 5 with its reason", async () => {
    const { release } = await published(config());
    server().status = {
      release,
      wanted: "0".repeat(64),
      number: 1,
      problems: { release: { message: "the release does not fit its hash" } },
    };
    write("breakwater.yaml", config(BLOCK_WP));
    const ran = await run(["publish"]);
    expect(ran.code).toBe(5);
    expect(ran.stdout).toContain("the release does not fit its hash");
    expect(ran.stdout).toContain("fix: breakwater rollback");
  });

  test("a wrong token is exit code 5 and says how to set the right one", async () => {
    write("breakwater.yaml", config());
    const ran = await run(["publish"], { BREAKWATER_ADMIN_TOKEN: "wrong" });
    expect(ran.code).toBe(5);
    expect(ran.stdout).toContain("does not show it");
  });

  test("without a token it is not asked, which is no failure", async () => {
    write("breakwater.yaml", config());
    const ran = await run(["publish"], { BREAKWATER_ADMIN_TOKEN: "" });
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("set BREAKWATER_ADMIN_TOKEN");
  });

  test("the token of .dev.vars is used for the Worker on this machine", async () => {
    write("breakwater.yaml", config());
    write(".dev.vars", `OTHER=1\nADMIN_TOKEN="${ADMIN_TOKEN}"\n`);
    const ran = await run(["publish"], { BREAKWATER_ADMIN_TOKEN: "" });
    expect(ran.stdout).toContain("In force at");
  });

  test("the token of .dev.vars is never sent to another Worker", async () => {
    write("breakwater.yaml", config());
    write(".dev.vars", `ADMIN_TOKEN=${ADMIN_TOKEN}\n`);
    await runRemote(["publish"], { BREAKWATER_ADMIN_TOKEN: "" });
    expect(server().seen.filter((request) => request.path.startsWith("/_breakwater/"))).toEqual([]);
  });
});

describe("the account's store", () => {
  test("is asked with the API token only, and the answer says by when the edit is everywhere", async () => {
    write("breakwater.yaml", config());
    const ran = await runRemote(["publish"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/Everywhere by \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    const kv = server().seen.filter((request) => request.path.startsWith("/client/"));
    expect(kv.length).toBeGreaterThan(4);
    expect(new Set(kv.map((request) => request.authorization))).toEqual(new Set(["Bearer api-token-of-the-tests"]));
  });

  test("origins on this machine are errors there", async () => {
    write("breakwater.yaml", config("", "http://localhost:9000"));
    expect(await run(["publish"])).toMatchObject({ code: 0 });
    expect(await runRemote(["publish", "--base", "current"])).toMatchObject({ code: 3 });
  });

  test("without --yes and without a terminal nothing is changed", async () => {
    write("breakwater.yaml", config());
    const env = { CLOUDFLARE_API_TOKEN: "api-token-of-the-tests", CLOUDFLARE_API_BASE_URL: `${server().url}/client/v4` };
    const ran = await run(["publish", "--remote"], env);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain("add --yes");
    expect(server().values.size).toBe(0);
  });

  test("a token without the right is told apart from an outage", async () => {
    write("breakwater.yaml", config());
    const ran = await runRemote(["publish"], { CLOUDFLARE_API_TOKEN: "other" });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("Workers KV Storage: Edit");
  });

  test("without any login it says how to get one", async () => {
    const ran = await runRemote(["status"], { CLOUDFLARE_API_TOKEN: "" });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("npx wrangler login");
  });

  test("the namespace is found by its title among others, or named", async () => {
    write("breakwater.yaml", config());
    server().namespaces = [
      { id: "a1", title: "other" },
      { id: "b2", title: "breakwater-config" },
    ];
    expect(await runRemote(["publish"])).toMatchObject({ code: 0 });
    expect(server().seen.some((request) => request.path.includes("/namespaces/b2/values/current"))).toBe(true);
    const named = await runRemote(["status", "--namespace", "nope", "--json"]);
    expect(named.json()["error"]).toMatchObject({ what: 'there is no KV namespace "nope"', why: "there are: other, breakwater-config" });
  });
});
