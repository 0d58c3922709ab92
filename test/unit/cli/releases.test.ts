import { SNAPSHOT_FORMAT } from "../../../src/config/snapshot.ts";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bench, BLOCK_WP, config } from "./harness.ts";

const { server, folder, write, published, run } = bench();

async function publish(text: string, message = ""): Promise<string> {
  write("breakwater.yaml", text);
  await published(["--base", "current", "-m", message]);
  return (JSON.parse(server().values.get("current") ?? "") as { release: string }).release;
}

describe("history", () => {
  test("shows number, hash, time, author, message and what changed, the newest first", async () => {
    const first = await publish(config(), "first");
    const second = await publish(config(BLOCK_WP), "against scanners");
    const { stdout, code } = await run(["history"]);
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(
      new RegExp(`^2  ${second.slice(0, 12)}  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC  kim  against scanners  in force$`),
    );
    expect(lines[1]).toBe("    rule wp added");
    expect(lines[2]).toMatch(new RegExp(`^1  ${first.slice(0, 12)} .* kim  first$`));
    expect(lines).toContain("    origin web/origin.example.net added");
  });

  test("reads more than one page and keeps to its limit", async () => {
    await publish(config());
    const entry = JSON.parse(server().values.get("history/1") ?? "");
    const current = JSON.parse(server().values.get("current") ?? "");
    for (let number = 2; number <= 25; number += 1) {
      server().values.set(`history/${number}`, JSON.stringify({ ...entry, from: number - 1, pointer: { ...entry.pointer, number } }));
    }
    server().values.set("current", JSON.stringify({ ...current, number: 25 }));
    const all = ((await run(["history", "--json", "--limit", "100"])).json() as { entries: { number: number }[] }).entries;
    expect(all.map((row) => row.number)).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
    expect((await run(["history", "--json", "-n", "3"])).json()["entries"]).toHaveLength(3);
    expect(await run(["history", "-n", "0"])).toMatchObject({ code: 2 });
  });

  test("a message cannot command the terminal", async () => {
    await publish(config(), "red \u001b[31mtext\u0007");
    expect((await run(["history"])).stdout).not.toMatch(/[\u001b\u0007]/);
  });
});

describe("rollback", () => {
  test("goes back to the release before, under a higher number", async () => {
    const first = await publish(config());
    const second = await publish(config(BLOCK_WP));
    const ran = await run(["rollback", "--json"]);
    expect(ran.json()).toMatchObject({
      ok: true,
      number: 3,
      release: first,
      predecessor: second,
      changes: [{ kind: "removed", thing: "rule", name: "wp" }],
    });
    expect((await run(["show"])).stdout).toBe(config());
  });

  test("takes a number or the beginning of a hash", async () => {
    const first = await publish(config());
    const second = await publish(config(BLOCK_WP));
    await publish(config("", "https://third.example.net"));
    expect((await run(["rollback", "1", "--json"])).json()).toMatchObject({ number: 4, release: first });
    expect((await run(["rollback", second.slice(0, 8), "--json"])).json()).toMatchObject({ number: 5, release: second });
  });

  test("to the release in force changes nothing", async () => {
    await publish(config());
    expect((await run(["rollback", "1", "--json"])).json()).toMatchObject({ ok: true, changed: false, number: 1 });
  });

  test("is possible when the pointer is garbage", async () => {
    const first = await publish(config());
    server().values.set("current", "garbage");
    expect(await run(["rollback"])).toMatchObject({ code: 2 });
    expect((await run(["rollback", "1", "--json"])).json()).toMatchObject({ number: 2, release: first });
  });

  test.each([
    ["an unknown number", "7", "the history has no such number"],
    ["a hash that nothing begins with", "abcdef", "no hash that begins so"],
    ["something else", "yesterday", "named by its number"],
  ])("%s is exit code 2", async (_name, release, why) => {
    await publish(config());
    const ran = await run(["rollback", release]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(why);
  });

  test("a release that was damaged in the store is refused", async () => {
    const first = await publish(config());
    await publish(config(BLOCK_WP));
    server().values.set(`release/${first}`, `${server().values.get(`release/${first}`)} `);
    const ran = await run(["rollback", "1"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("its content does not fit its hash");
    expect(JSON.parse(server().values.get("current") ?? "")).toMatchObject({ number: 2 });
  });
});

describe("show", () => {
  test("prints the file as it was written, to the byte", async () => {
    await publish(config(BLOCK_WP));
    expect((await run(["show"])).stdout).toBe(config(BLOCK_WP));
  });

  test("writes the files to a folder from where they can be published", async () => {
    const first = await publish(config());
    await publish(config(BLOCK_WP));
    expect(await run(["show", "1", "--write", "old"])).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder(), "old/breakwater.yaml"), "utf8")).toBe(config());
    expect(await run(["show", "--write", "old"])).toMatchObject({ code: 4 });
    expect((await run(["publish", "old/breakwater.yaml", "--base", "current", "--json"])).json()).toMatchObject({
      release: first,
      number: 3,
    });
  });

  test("a name from the store that leads out of the folder writes nothing", async () => {
    const release = await publish(config());
    server().values.set(`source/${release}`, JSON.stringify({ entry: "../evil.yaml", files: { "../evil.yaml": "x" } }));
    const ran = await run(["show", "--write", "out"]);
    expect(ran.code).toBe(1);
    expect(existsSync(join(folder(), "evil.yaml"))).toBe(false);
  });

  test("prints any value of the store, and the compiled form", async () => {
    const release = await publish(config());
    expect((await run(["show", "--key", "current"])).stdout).toContain(release);
    expect(JSON.parse((await run(["show", "--compiled"])).stdout)).toMatchObject({ format: SNAPSHOT_FORMAT, pools: [{ name: "web" }] });
    expect(await run(["show", "--key", "nope"])).toMatchObject({ code: 1 });
  });

  test("says what to do when nothing is published", async () => {
    const ran = await run(["show"]);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain("fix: write a config with breakwater init, then: breakwater publish");
  });
});

describe("diff", () => {
  test("names what is added, removed and changed; formatting and comments are no change", async () => {
    await publish(config(BLOCK_WP));
    write("breakwater.yaml", `# other words\n${config(BLOCK_WP)}`);
    expect((await run(["diff", "--exit-code"])).code).toBe(0);
    write("breakwater.yaml", config().replace("weight: 2", "weight: 5").replace("/old/*", "/older/*"));
    const ran = await run(["diff", "--exit-code"]);
    expect(ran.code).toBe(1);
    expect(ran.stdout.split("\n").slice(1)).toEqual([
      "- route www * /old/*",
      "+ route www * /older/*",
      "~ origin web/second.example.net",
      "    weight: 2 -> 5",
      "- rule wp",
      "",
    ]);
  });

  test("--text shows the lines", async () => {
    await publish(config(BLOCK_WP));
    write("breakwater.yaml", config(BLOCK_WP).replace("action: block", "action: log"));
    const { stdout } = await run(["diff", "--text"]);
    expect(stdout).toContain("\n-    action: block\n+    action: log\n");
    expect(stdout).toContain("~ rule wp\n");
  });
});

describe("status", () => {
  test("shows what is published and what the Worker has, and tells when they differ", async () => {
    const release = await publish(config(), "first");
    const same = await run(["status"]);
    expect(same).toMatchObject({ code: 0, stderr: "" });
    expect(same.stdout).toContain(`release 1 (${release.slice(0, 12)}), from store, looked at KV 1 s ago`);
    server().status = {
      release: "0".repeat(64),
      wanted: release,
      number: 1,
      from: "copy",
      ageMs: 0,
      problems: { store: { message: "KV did not answer" } },
    };
    const behind = await run(["status"]);
    expect(behind.stdout).toContain("not the published one yet");
    expect(behind.stdout).toContain("store: KV did not answer");
  });

  test("a Worker that refuses the token is exit code 1", async () => {
    await publish(config());
    const ran = await run(["status", "--json"], { BREAKWATER_ADMIN_TOKEN: "wrong" });
    expect(ran.code).toBe(1);
    expect(ran.json()).toMatchObject({ ok: false, published: { kind: "pointer" }, status: null });
    expect(ran.json()["problem"]).toContain("404");
  });
});
