import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { OriginOverride } from "../../../src/origin/overrides.ts";
import { bench, BLOCK_WP, config } from "./harness.ts";

const { server, folder, write, published, run, start } = bench();

const POLICY = `sites:
  - name: www
    hosts: [www.example.com]
    routes:
      - path: /*
        pool: web
        cache:
          default: 10m
          statuses: { 404: 1m }
          browser: 5s
          stale: { revalidate: 30s }
          key: { device: true, language: [en, de] }
          vary: { ignore: [User-Agent, Origin], accept: [image/avif, image/webp] }
          setCookie: strip
          requestCookies: ignore
          tags: [pages]
          maxObject: 1MiB
          requestDirectives: obey
          collapse: 2s
      - { path: /plain/*, pool: web, cache: { collapse: 0s } }
      - { path: /off, pool: web, cache: bypass }
pools: { web: { origins: [https://origin.example.net] } }
`;

beforeEach(async () => {
  write("breakwater.yaml", config(BLOCK_WP));
  await published();
});

function overrides(): { version: number; origins: Record<string, OriginOverride> } {
  return JSON.parse(server().values.get("overrides") ?? "null");
}

describe("rule", () => {
  const ADD = ["rule", "add", 'http.host eq "bad.example.com"', "--id", "bad", "--action", "block"];

  test("add publishes a new release, keeps every comment and line, and shows the change", async () => {
    const ran = await run([...ADD, "--mode", "log", "--expires", "2099-01-31", "--owner", "kim", "--before", "wp"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain("+  - id: bad");
    expect(ran.stdout).toContain("+ rule bad");
    const added = `  - id: bad\n    when: http.host eq "bad.example.com"\n    action: block\n    mode: log\n    expires: 2099-01-31\n    owner: kim\n`;
    expect((await run(["show"])).stdout).toBe(config(added + BLOCK_WP));
    const { entries } = (await run(["history", "--json"])).json() as { entries: object[] };
    expect(entries[0]).toMatchObject({ number: 2, message: "rule add bad", changes: ["rule bad added"] });
    expect(readFileSync(join(folder(), "breakwater.yaml"), "utf8")).toBe(config(BLOCK_WP));
  });

  test("--expires takes a time from now; what is no time, or over, is refused before anything is published", async () => {
    const before = Date.now();
    expect(await run([...ADD, "--expires", "2h"])).toMatchObject({ code: 0 });
    const [, moment = ""] = /expires: "?([^"\n]+Z)"?\n/.exec((await run(["show"])).stdout) ?? [];
    expect(Date.parse(moment)).toBeGreaterThanOrEqual(before + 2 * 3_600_000 - 1000);
    expect(Date.parse(moment)).toBeLessThanOrEqual(Date.now() + 2 * 3_600_000);
    const written = server().written.length;
    for (const [text, message] of [
      ["soon", /"soon" is no time[^]*2027-01-31/],
      ["2020-01-31", /is over already/],
    ] as const) {
      const ran = await run(["rule", "add", "ssl", "--id", "late", "--action", "log", "--expires", text]);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toMatch(message);
    }
    expect(server().written).toHaveLength(written);
  });

  test("with --config the file is edited too, but only when it was published", async () => {
    expect(await run([...ADD, "--config", "breakwater.yaml"])).toMatchObject({ code: 0 });
    const edited = readFileSync(join(folder(), "breakwater.yaml"), "utf8");
    expect(edited).toBe(config(`${BLOCK_WP}  - id: bad\n    when: http.host eq "bad.example.com"\n    action: block\n`));
    const broken = await run(["rule", "add", "http.hosst eq 1", "--id", "typo", "--action", "block", "--config", "breakwater.yaml"]);
    expect(broken.code).toBe(3);
    expect(broken.stderr).toContain("http.host");
    expect(readFileSync(join(folder(), "breakwater.yaml"), "utf8")).toBe(edited);
    expect(await run(["publish"])).toMatchObject({ code: 0 });
  });

  test("list shows what is in force; disable and enable switch it", async () => {
    expect((await run(["rule", "list"])).stdout).toBe(
      'ID  PHASE    STATE  ACTION  WHEN\nwp  request  on     block   http.request.uri.path contains "/wp-"\n',
    );
    expect(await run(["rule", "disable", "wp"])).toMatchObject({ code: 0 });
    expect((await run(["rule", "list", "--json"])).json()["rules"]).toMatchObject([{ id: "wp", enabled: false }]);
    expect((await run(["rule", "disable", "wp", "--json"])).json()).toEqual({ ok: true, changed: false });
    expect(await run(["rule", "enable", "wp"])).toMatchObject({ code: 0 });
    expect((await run(["rule", "list", "--json"])).json()["rules"]).toMatchObject([{ id: "wp", enabled: true }]);
  });

  test("remove takes the rule and its comment away", async () => {
    expect(await run(["rule", "remove", "wp"])).toMatchObject({ code: 0 });
    expect((await run(["show"])).stdout).toBe(`${config()}firewall: []\n`);
  });

  test("--dry-run writes nothing", async () => {
    const before = new Map(server().values);
    const ran = await run([...ADD, "--dry-run", "--json"]);
    expect(ran.json()).toMatchObject({ ok: true, dryRun: true, changes: [{ kind: "added", thing: "rule", name: "bad" }] });
    expect(server().values).toEqual(before);
  });

  test.each<readonly [string, readonly string[], number, string]>([
    ["an unknown rule", ["rule", "disable", "wpp"], 2, "did you mean wp?"],
    ["an id that is taken", ["rule", "add", "true", "--id", "wp", "--action", "block"], 2, "breakwater rule remove wp"],
    ["an expression with an error", ["rule", "add", "http.host eq 1", "--id", "x", "--action", "block"], 3, "fix:"],
    ["no action", ["rule", "add", "true", "--id", "x"], 2, "give --action"],
    ["an unknown action", ["rule", "add", "true", "--id", "x", "--action", "drop"], 2, "block, log or skip"],
    ["no expression", ["rule", "add", "--id", "x", "--action", "block"], 2, "for example: breakwater rule add"],
    [
      "an unknown place",
      ["rule", "add", 'http.host eq "x"', "--id", "x", "--action", "block", "--before", "nope"],
      2,
      "breakwater rule list",
    ],
  ])("%s is refused and nothing is written", async (_name, args, code, text) => {
    const before = new Map(server().values);
    const ran = await run(args);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(text);
    expect(server().values).toEqual(before);
  });
});

describe("origin", () => {
  test("drain writes the override with who, why and until when; restore takes it back", async () => {
    const ran = await run(["origin", "drain", "web/second.example.net", "--for", "30m", "--reason", "new disk", "--json"]);
    expect(ran).toMatchObject({ code: 0 });
    const entry = overrides().origins["web/second.example.net"];
    expect(entry).toMatchObject({ state: "drain", weight: null, by: "kim", reason: "new disk" });
    expect((entry?.untilMs ?? 0) - (entry?.atMs ?? 0)).toBe(30 * 60_000);
    expect(ran.json()).toMatchObject({ version: 1, refresh: { kind: "confirmed" } });
    expect((await run(["origin", "list"])).stdout).toMatch(
      /^web\/second\.example\.net\s+https:\/\/second\.example\.net\s+2\s+unknown\s+drain for 29 min more, by kim: new disk$/m,
    );
    expect(await run(["origin", "restore", "second.example.net"])).toMatchObject({ code: 0 });
    expect(overrides()).toEqual({ format: 1, version: 2, origins: {} });
    expect((await run(["origin", "restore", "second.example.net", "--json"])).json()).toMatchObject({ changed: false });
  });

  test.each([
    ["down", [], { state: "down", weight: null }, "is down until it is restored"],
    ["up", [], { state: "up", weight: null }, "is up, whatever its checks and circuits say, until it is restored"],
    ["weight", ["0.5"], { state: "weight", weight: 0.5 }, "has the weight 0.5 until it is restored"],
    ["weight", ["0"], { state: "weight", weight: 0 }, "has the weight 0 until it is restored"],
    ["weight", ["1000"], { state: "weight", weight: 1000 }, "has the weight 1000 until it is restored"],
  ])("%s %j is the operator's word, and says so", async (state, args, override, says) => {
    const ran = await run(["origin", state, "web/second.example.net", ...args, "--reason", "load"]);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining(`web/second.example.net ${says}`) as string });
    expect(overrides().origins["web/second.example.net"]).toMatchObject({ ...override, untilMs: null, by: "kim", reason: "load" });
  });

  test("a weight of 0 for the last one of a pool is warned about, another weight is not", async () => {
    await run(["origin", "down", "web/second.example.net"]);
    const last = "the last origin of its pool";
    expect((await run(["origin", "weight", "web/origin.example.net", "5"])).stdout).not.toContain(last);
    expect((await run(["origin", "weight", "web/origin.example.net", "0"])).stdout).toContain(last);
  });

  test("draining the last one of a pool is warned about", async () => {
    await run(["origin", "drain", "web/second.example.net"]);
    expect((await run(["origin", "drain", "web/origin.example.net"])).stdout).toContain("the last origin of its pool");
  });

  test("another operator's override of the same moment is kept", async () => {
    let once = true;
    const rival = { state: "down", weight: null, untilMs: null, atMs: 1, by: "lee", reason: "" };
    server().afterPut = (key) => {
      if (key !== "overrides" || !once) return;
      once = false;
      server().values.set("overrides", JSON.stringify({ format: 1, version: 1, origins: { "web/origin.example.net": rival } }));
    };
    expect(await run(["origin", "drain", "web/second.example.net"])).toMatchObject({ code: 0 });
    expect(Object.keys(overrides().origins)).toEqual(["web/origin.example.net", "web/second.example.net"]);
    expect(overrides().version).toBe(2);
  });

  test("overrides that cannot be read are not overwritten", async () => {
    server().values.set("overrides", "{");
    const ran = await run(["origin", "drain", "web/second.example.net"]);
    expect(ran.code).toBe(1);
    expect(server().values.get("overrides")).toBe("{");
  });

  test.each<readonly [string, readonly string[], string]>([
    ["an unknown origin", ["origin", "drain", "web/secnd.example.net"], "did you mean web/second.example.net?"],
    ["a weight that is none", ["origin", "weight", "web/second.example.net", "much"], '"much" is no weight: a number from 0 to 1000'],
    ["a weight above the limit", ["origin", "weight", "web/second.example.net", "1000.5"], "a number from 0 to 1000"],
    ["a negative weight", ["origin", "weight", "web/second.example.net", "--", "-1"], "a number from 0 to 1000"],
    ["a duration without a unit", ["origin", "drain", "web/second.example.net", "--for", "30"], "30m"],
  ])("%s is exit code 2", async (_name, args, text) => {
    const ran = await run(args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(text);
  });
});

function healthDocument(asOfMs: number, second: object = {}): string {
  const common = { sinceMs: asOfMs - 125_000, checkedAtMs: asOfMs, passes: 0, failures: 0 };
  const origins = {
    "web/origin.example.net": { ...common, state: "up", why: "ok", detail: "", rttMs: 12.4, passes: 9 },
    "web/second.example.net": { ...common, state: "down", why: "status", detail: "status 503", rttMs: 3, failures: 4, ...second },
  };
  return JSON.stringify({ format: 1, generation: 7, asOfMs, region: "FRA", origins });
}

describe("health", () => {
  test("shows state, since, why, round trip and region of every origin", async () => {
    server().values.set("health", healthDocument(Date.now() - 1000));
    const ran = await run(["health"]);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^ORIGIN +STATE +SINCE +WHY +RTT +REGION +OPERATOR$/m);
    expect(ran.stdout).toMatch(/^web\/origin\.example\.net +up +2 min ago +ok +12 ms +FRA$/m);
    expect(ran.stdout).toMatch(/^web\/second\.example\.net +down +2 min ago +status: status 503 +3 ms +FRA$/m);
  });

  test("shows the operator's word with what is left of it, for origins that were never checked as well", async () => {
    const word = { state: "drain", weight: null, untilMs: Date.now() + 95_000, atMs: 1, by: "kim", reason: "new disk" };
    const origins = { "web/second.example.net": word, "web/origin.example.net": { ...word, state: "weight", weight: 0.5, untilMs: null } };
    server().values.set("overrides", JSON.stringify({ format: 1, version: 1, origins }));
    server().values.set("health", JSON.stringify({ format: 1, generation: 7, asOfMs: Date.now(), region: "FRA", origins: {} }));
    const { stdout } = await run(["health"]);
    expect(stdout).toMatch(/^web\/second\.example\.net +unknown +drain for 1 min more, by kim: new disk$/m);
    expect(stdout).toMatch(/^web\/origin\.example\.net +unknown +weight 0\.5, by kim: new disk$/m);
  });

  // The limit itself is tested in documents.test.ts, without a clock.
  test("a document older than 180 s is exit code 2", async () => {
    server().values.set("health", healthDocument(Date.now() - 400_000));
    const ran = await run(["health", "--json"]);
    expect(ran.code).toBe(2);
    expect(ran.json()).toMatchObject({ ok: false, stale: true, region: "FRA" });
  });

  test.each([
    ["no document", null],
    ["garbage", "{"],
  ])("%s is exit code 2 with the reason", async (_name, text) => {
    if (text !== null) server().values.set("health", text);
    const ran = await run(["health"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("why: ");
  });
});

// What is shown when, and how it ends, is tested in health-watch.test.ts, without processes.
describe("health --watch", () => {
  test("shows the change when it comes, and Ctrl-C ends it with 0", async () => {
    server().values.set("health", healthDocument(Date.now()));
    let shown = "";
    let changed = false;
    const ran = await start(["health", "--watch", "--every", "1s"], (child) => {
      child.stdout?.on("data", (chunk: Buffer) => {
        shown += chunk.toString("utf8");
        if (shown.includes("restarted")) child.kill("SIGINT");
        else if (!changed && shown.includes("As of")) server().values.set("health", healthDocument(Date.now(), { detail: "restarted" }));
        changed = shown.includes("As of");
      });
    });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout.split("\n\n").map((block) => /^\d{4}-\d\d-\d\d [\d:]{8} UTC\nORIGIN /.test(block))).toEqual([true, true]);
    expect(ran.stdout).not.toContain("\u001b");
  });

  test("Ctrl-C ends it at once with 0 while the store is silent", async () => {
    server().values.set("health", healthDocument(Date.now()));
    let silent = false;
    server().fault = ({ key }) => (silent && key === "health" ? "silence" : null);
    const ran = await start(["health", "--watch", "--every", "1s", "--json"], (child) => {
      child.stdout?.once("data", () => (silent = true));
      server().silenced = () => child.kill("SIGINT");
    });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
  });

  test("--for ends it with the exit code of health, with one line of JSON for each change", async () => {
    server().values.set("health", healthDocument(Date.now() - 400_000));
    const ran = await run(["health", "--watch", "--for", "1s", "--json"]);
    expect(ran.code).toBe(2);
    expect(ran.stdout.trim().split("\n")).toHaveLength(1);
    expect(ran.json()).toMatchObject({ ok: false, stale: true, origins: [{ health: { state: "up" } }, { health: { state: "down" } }] });
  });

  test("who reads no more of it ends it", async () => {
    server().values.set("health", healthDocument(Date.now()));
    let change = 0;
    const ran = await start(["health", "--watch", "--every", "1s"], (child) => {
      child.stdout?.once("data", () => child.stdout?.destroy());
      server().fault = ({ key }) => {
        if (key === "health") server().values.set("health", healthDocument(Date.now(), { detail: `change ${(change += 1)}` }));
        return null;
      };
    });
    expect(ran).toMatchObject({ code: 0, stderr: "" });
  });

  test.each<readonly [readonly string[], string]>([
    [["--for", "1m"], "--for needs --watch"],
    [["--watch", "--every", "5"], '--every: "5" is not a duration'],
  ])("%j is exit code 2", async (args, text) => {
    const ran = await run(["health", ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(text);
  });
});

describe("status", () => {
  const told = {
    nowMs: 1_000,
    colo: "FRA",
    pools: [{ name: "web", policy: { kind: "random" }, origins: [{ id: "a", standing: { use: "serving", reason: "ok", weight: 1 } }] }],
  };

  // How they are shown is tested in status-origins.test.ts, without processes.
  test("shows the origins as the isolate that answers tells of them, and all of that with --json", async () => {
    server().origins = told;
    const ran = await run(["status"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(
      /^Origins as one isolate in the data centre FRA sees them.*\n +pool web: random.*\n +ORIGIN .*\n +a +serving +ok/m,
    );
    expect((await run(["status", "--json"])).json()).toMatchObject({ ok: true, origins: told, originsProblem: null });
  });

  test("a Worker that is older than the command line takes nothing from the rest", async () => {
    const ran = await run(["status"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/ {8}release 1 .*\nOrigins unknown: this Worker is older than the command line/);
    expect((await run(["status", "--json"])).json()).toMatchObject({ ok: true, status: { number: 1 }, origins: null });
  });
});

test("--json: every command that succeeds prints one JSON document with ok, and nothing else on standard output", async () => {
  server().values.set("health", JSON.stringify({ format: 1, generation: 1, asOfMs: Date.now(), region: "FRA", origins: {} }));
  const drained = "web/second.example.net";
  const commands: readonly (readonly string[])[] = [
    ["init", "new.yaml", "--origin", "https://origin.example.net", "--host", "www.example.com"],
    ["validate"],
    ["diff"],
    ["publish"],
    ["rule", "add", "ip.src eq 192.0.2.1", "--id", "one", "--action", "block"],
    ["rule", "list"],
    ["rule", "disable", "one"],
    ["rule", "enable", "one"],
    ["rule", "remove", "one"],
    ["rollback"],
    ["history"],
    ["show"],
    ["origin", "drain", drained],
    ["origin", "list"],
    ["origin", "restore", drained],
    ["health"],
    ["purge", "--everything"],
    ["status"],
    ["explain", "GET", "https://www.example.com/"],
  ];
  for (const command of commands) {
    const ran = await run([...command, "--json"]);
    expect(ran, `${command.join(" ")}: ${ran.stderr}`).toMatchObject({ code: 0 });
    expect(ran.json(), command.join(" ")).toMatchObject({ ok: true });
  }
});

describe("explain", () => {
  test("a routed request: route, rules, what the origin is asked, cache key, origins with their states", async () => {
    await run(["origin", "drain", "web/second.example.net"]);
    const ran = await run(["explain", "GET", "https://www.example.com/page?x=1", "-H", "User-Agent: test", "--ip", "192.0.2.9", "--json"]);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.json()).toMatchObject({
      ok: true,
      request: { method: "GET", host: "www.example.com", path: "/page", client: "192.0.2.9" },
      site: "www",
      route: { id: "www * /*", params: { rest: "page" } },
      routes: [{ reason: "path" }, { reason: "taken" }],
      rules: [{ id: "wp", did: "no-match" }],
      outcome: {
        kind: "proxy",
        originRequest: { method: "GET", target: "/page?x=1" },
        cache: { use: "cache", key: "https://www.example.com/page?x=1" },
      },
      pools: [
        {
          name: "web",
          policy: { kind: "round-robin" },
          fallbacks: [],
          prefers: null,
          checks: "useless",
          origins: [
            { id: "origin.example.net", use: "serving" },
            { id: "second.example.net", use: "excluded", reason: "operator-drain", override: { state: "drain", by: "kim" } },
          ],
        },
      ],
    });
    expect(ran.json()).toMatchObject({
      state: { health: null, healthWhy: "no check has run yet", overrides: "read", circuits: "unknown" },
    });
    const headers = Object.fromEntries(
      (ran.json() as { outcome: { originRequest: { headers: [string, string][] } } }).outcome.originRequest.headers,
    );
    expect(headers).toMatchObject({ "user-agent": "test", "x-forwarded-for": "192.0.2.9" });
  });

  test("a blocked request names the rule; a redirect its target; an unknown host its error", async () => {
    const blocked = (await run(["explain", "GET", "https://www.example.com/wp-login.php", "--json"])).json();
    expect(blocked).toMatchObject({
      rules: [{ id: "wp", did: "block" }],
      outcome: { kind: "error", stage: "protect", status: 403, code: "blocked" },
    });
    const redirected = (await run(["explain", "GET", "https://www.example.com/old/a?b=1", "--json"])).json();
    expect(redirected["outcome"]).toMatchObject({ kind: "redirect", stage: "rewrite", location: "/new/a?b=1" });
    const unknown = await run(["explain", "GET", "https://other.example/"]);
    expect(unknown.stdout).toContain("none: no site has this host");
    expect(unknown.stdout).toContain("404 unknown-host");
  });

  test("a rule of the phase log is still to come when another has ended the request", async () => {
    write(
      "logged.yaml",
      config(`${BLOCK_WP}  - { id: last, phase: log, when: ssl, action: log }\n  - { id: next, when: ssl, action: log }\n`),
    );
    const ran = await run(["explain", "GET", "https://www.example.com/wp-login.php", "--config", "logged.yaml", "--json"]);
    expect(ran.json()["rules"]).toMatchObject([
      { id: "wp", did: "block" },
      { id: "last", did: "later" },
      { id: "next", did: "not-reached" },
    ]);
  });

  test.each([
    ["--ip", "192.0.2.999", "--ip 203.0.113.7"],
    ["--country", "Germany", "--country DE"],
    ["--asn", "AS1", "--asn 64496"],
  ])("%s %s is no visitor's, and is not explained as one", async (option, value, example) => {
    const ran = await run(["explain", "GET", "https://www.example.com/", option, value]);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(ran.stderr).toContain(`${option} "${value}" is not`);
    expect(ran.stderr).toContain(example);
  });

  test("works with a file and without any store", async () => {
    const ran = await run(["explain", "post", "https://www.example.com/", "--config", "breakwater.yaml"], {
      BREAKWATER_URL: "http://127.0.0.1:1",
    });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain("cache: not used (method)");
    expect(ran.stdout).toContain(
      "  checks: none known (--config reads no store)\n  operators: not read\n  circuits: known to the Worker's isolates",
    );
  });

  test("the cache policy in force, what is made alike, and what of the request decides", async () => {
    write("policy.yaml", POLICY);
    const of = async (path: string, ...more: readonly string[]): Promise<string> => {
      const { stdout } = await run([
        "explain",
        "GET",
        `https://www.example.com${path}`,
        "--config",
        "policy.yaml",
        "-H",
        "User-Agent: iPhone",
        ...more,
      ]);
      return stdout;
    };
    const long = await of(
      "/a?x=1",
      "-H",
      "Accept: image/webp",
      "-H",
      "Accept-Language: de-CH",
      "-H",
      "Cache-Control: max-stale=5, max-age=9",
    );
    for (const line of [
      "    accept: image/webp, */*\n    accept-language: de\n",
      "    x-device-class: mobile\n",
      "  cache key: https://www.example.com/a?x=1#device=mobile&language=de\n",
      "  cache policy: respect, default 600 s, 404 60 s, browsers 5 s, stale 30 s while revalidating and 86400 s on errors\n",
      "  cache variants: origin, user-agent not sent and not told apart; Accept among image/avif, image/webp\n",
      "  cache stores: up to 1048576 bytes, Set-Cookie: strip, as if there were no cookies, tagged pages\n",
      "  cache wait: up to 2000 ms for another request's answer\n",
      "  cache directives of the request: obeyed\n",
      "  cache, this request: request: max-age: the origin is asked about what is older than 9 s\n",
      "  cache, this request: max-stale: taken when stale for up to 5 s\n",
    ]) {
      expect(long).toContain(line);
    }
    expect(long).not.toContain("user-agent:");
    const plain = await of(
      "/plain/a",
      "-H",
      "Cookie: a=1",
      "-H",
      "Authorization: Basic eA==",
      "-H",
      "Range: bytes=0-1",
      "-H",
      "Cache-Control: no-store, no-cache",
    );
    expect(plain).toContain("  cache wait: none for another request's answer\n");
    expect(plain).toContain("  cache directives of the request: ignored, but for no-store and only-if-cached\n");
    expect([...plain.matchAll(/this request: ([a-z-]+):/g)].map(([, detail]) => detail)).toEqual([
      "request-no-store",
      "authorization",
      "request-cookie",
      "partial",
    ]);
    expect(plain).not.toContain("cache variants");
    expect(await of("/off")).toContain("  cache: not used (route): the route says so\n");
  });

  test.each<readonly [string, readonly string[]]>([
    ["a path instead of a URL", ["GET", "/page"]],
    ["a header without a colon", ["GET", "https://a.example/", "-H", "nope"]],
    ["a header name with a space", ["GET", "https://a.example/", "-H", "a b: c"]],
    ["a method with a space", ["GE T", "https://a.example/"]],
  ])("%s is exit code 2", async (_name, args) => {
    expect(await run(["explain", ...args])).toMatchObject({ code: 2 });
  });
});
