import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bench } from "./harness.ts";

const { server, folder, write, run } = bench();

/** Golden files are for people to read in a review: `npx vitest -u` writes them anew. */
function golden(name: string): string {
  return join(import.meta.dirname, "golden", `${name}.txt`);
}

describe("help", () => {
  const commands: readonly (readonly string[])[] = [
    [],
    ...[
      "init",
      "validate",
      "diff",
      "publish",
      "history",
      "rollback",
      "show",
      "rule",
      "list",
      "origin",
      "health",
      "drill",
      "purge",
      "status",
      "explain",
    ].map((name) => [name]),
    ...["list", "add", "remove", "enable", "disable"].map((name) => ["rule", name]),
    ...["show", "create", "add", "remove", "import"].map((name) => ["list", name]),
    ["alert", "test"],
    ...["list", "drain", "down", "up", "weight", "restore"].map((name) => ["origin", name]),
    ["drill", "sign"],
  ];
  test.each(commands.map((words) => [words.join(" "), words] as const))("breakwater %s --help", async (name, words) => {
    const ran = await run([...words, "--help"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    await expect(ran.stdout).toMatchFileSnapshot(golden(`help${name === "" ? "" : `-${name.replace(" ", "-")}`}`));
  });
});

describe("errors", () => {
  const cases: readonly (readonly [name: string, args: readonly string[], code: number])[] = [
    ["unknown-command", ["publsh"], 2],
    ["unknown-option", ["publish", "--forze"], 2],
    ["missing-argument", ["explain", "GET"], 2],
    ["local-and-remote", ["status", "--local", "--remote"], 2],
    ["no-config", ["validate"], 2],
    ["no-login", ["status", "--remote"], 1],
    ["nothing-published", ["show"], 1],
    ["bad-worker-address", ["status", "--worker", "ftp://x"], 2],
  ];
  test.each(cases)("%s says what, why and how to fix it", async (name, args, code) => {
    const ran = await run(args);
    expect(ran).toMatchObject({ code, stdout: "" });
    await expect(ran.stderr.replaceAll(server().url, "URL").replaceAll(folder(), "FOLDER")).toMatchFileSnapshot(golden(`error-${name}`));
  });

  test.each(cases)("%s with --json is one document with the same exit code", async (_name, args, code) => {
    const ran = await run([...args, "--json"]);
    expect(ran.code).toBe(code);
    expect(ran.json()).toMatchObject({ ok: false, error: { exit: code, what: expect.any(String) } });
  });

  test("a broken config is shown whole", async () => {
    write(
      "breakwater.yaml",
      "sites:\n  - name: www\n    hosts: [www.example.com]\n    routs:\n      - path: /*\n        pool: web\npools:\n  web: { origins: [https://192.0.2.1] }\n",
    );
    const ran = await run(["validate"]);
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(ran.stderr).toMatch(/^breakwater\.yaml:4:5: error: Unknown key/m);
    expect(ran.stderr).toContain("  4 |     routs:");
    expect(ran.stderr).toContain("    |     ^");
    expect(ran.stderr).toContain("routes");
    expect(ran.stderr).toMatch(/^error: breakwater\.yaml has \d+ errors?$/m);
  });

  test("nothing on this machine: the answer names the three ways on", async () => {
    const ran = await run(["status"], { BREAKWATER_URL: "http://127.0.0.1:1" });
    expect(ran.code).toBe(1);
    for (const way of ["npm start", "--worker URL", "--remote"]) expect(ran.stderr).toContain(way);
  });

  test("a server that is no Breakwater on this machine is told apart from nothing", async () => {
    server().namespaces = [];
    const ran = await run(["status"]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("the account has none");
  });

  test("the API token is not sent over plain http to another host", async () => {
    const ran = await run(["status", "--remote"], { CLOUDFLARE_API_TOKEN: "t", CLOUDFLARE_API_BASE_URL: "http://api.example.com" });
    expect(ran.code).toBe(2);
  });
});

test("wrangler's login is used when there is no token, and an expired one says how to renew it", async () => {
  const login = (expires: string) => `oauth_token = "api-token-of-the-tests"\nexpiration_time = "${expires}"\n`;
  const file = join(folder(), ".wrangler/config/default.toml");
  const { mkdirSync } = await import("node:fs");
  mkdirSync(join(folder(), ".wrangler/config"), { recursive: true });
  const env = { CLOUDFLARE_API_BASE_URL: `${server().url}/client/v4` };
  writeFileSync(file, login("2999-01-01T00:00:00.000Z"));
  expect(await run(["history", "--remote"], env)).toMatchObject({ code: 0 });
  expect(server().seen.every((request) => request.authorization === "Bearer api-token-of-the-tests")).toBe(true);
  writeFileSync(file, login("2020-01-01T00:00:00.000Z"));
  const expired = await run(["history", "--remote"], env);
  expect(expired.code).toBe(1);
  expect(expired.stderr).toContain("npx wrangler whoami");
});

test("init writes a config that is valid, and overwrites nothing unasked", async () => {
  expect(await run(["init", "--host", "shop.example.com", "--origin", "https://origin.example.net"])).toMatchObject({ code: 0 });
  expect(await run(["validate"])).toMatchObject({ code: 0 });
  expect(await run(["init"])).toMatchObject({ code: 4 });
  expect(await run(["init", "--force"])).toMatchObject({ code: 0 });
});

test("an origin that cannot be is refused by init with the place", async () => {
  expect(await run(["init", "--origin", "nonsense"])).toMatchObject({ code: 3 });
});

test("output that is piped has no colours, whatever the terminal's name", async () => {
  write("breakwater.yaml", "sites: [\n");
  const ran = await run(["validate"], { TERM: "xterm-256color", COLORTERM: "truecolor" });
  expect(ran.stdout + ran.stderr).not.toMatch(/\u001b/);
});
