// `rule stats`: what it makes of what a Worker tells, and the command as a process between a store and a Worker.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { painter } from "../../../scripts/output/paint.ts";
import { statsLines, type StatsPage } from "../../../scripts/stats/print.ts";
import { ruleSince, statsRows, type StatsInput, type StatsRow } from "../../../scripts/stats/view.ts";
import type { HistoryEntry } from "../../../scripts/store/documents.ts";
import type { RuleSnapshot } from "../../../src/config/rule-snapshot.ts";
import { RULE_STATS_SAMPLES_MAX } from "../../../src/limits.ts";
import { bench, config } from "./harness.ts";

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 10, 25, 20, 30);
const SINCE_MS = Date.UTC(2026, 10, 24, 20);

type RuleInput = Partial<Pick<RuleSnapshot, "id" | "mode" | "enabled" | "expiresAtMs">> & { readonly action?: string };

function ruleOf({ action = "block", ...rest }: RuleInput): RuleSnapshot {
  return { id: "wp", mode: "enforce", enabled: true, expiresAtMs: null, ...rest, action: { kind: action } } as unknown as RuleSnapshot;
}

function lineOf(rule: string, did: string, count: number, rest: object = {}): object {
  return { rule, did, count, lastAtMs: NOW_MS - 60_000, samples: [], ...rest };
}

function published(hoursAgo: number, changes: readonly string[], from: number | null = 1): HistoryEntry {
  return { pointer: { publishedAtMs: NOW_MS - hoursAgo * HOUR_MS } as HistoryEntry["pointer"], from, changes, claim: "c" };
}

function rowsOf(input: Partial<StatsInput> & { readonly lines?: readonly object[] }): readonly StatsRow[] {
  const { lines = [], ...rest } = input;
  return statsRows({ rules: [], answer: { rules: lines }, history: [], wanted: [], samples: 0, nowMs: NOW_MS, ...rest });
}

function linesOf(rows: readonly StatsRow[], page: Partial<StatsPage> = {}): readonly string[] {
  return statsLines({ rows, sinceMs: SINCE_MS, nowMs: NOW_MS, paint: painter(false), ...page });
}

const SAMPLE = {
  atMs: NOW_MS - 60_000,
  id: "0123abcd",
  method: "GET",
  host: "www.example.com",
  path: "/wp-login.php",
  status: 404,
  address: "198.51.100.7",
  country: "JP",
  asn: 64500,
  userAgent: "curl/8.5",
};

describe("rows", () => {
  test("rules come in the order of the release, with what they do now at 0, and those that are gone after them", () => {
    const rules = [
      ruleOf({ id: "b", mode: "log" }),
      ruleOf({ id: "a" }),
      ruleOf({ id: "l", action: "log", mode: "log" }),
      ruleOf({ id: "m", action: "redirect", mode: "log" }),
      ruleOf({ id: "r", action: "rateLimit" }),
      ruleOf({ id: "s", action: "rateLimit", mode: "log" }),
    ];
    const lines = [
      lineOf("b", "would-block", 7),
      lineOf("b", "block", 2),
      lineOf("older", "block", 1, { lastAtMs: NOW_MS - 2 * HOUR_MS }),
      lineOf("newer", "skip", 1),
    ];
    expect(rowsOf({ rules, lines }).map(({ rule, state, counts }) => [rule, state, counts])).toEqual([
      ["b", "log only", { "would-block": 7, block: 2 }],
      ["a", "on", { block: 0 }],
      ["l", "log only", { log: 0 }],
      ["m", "log only", { "would-redirect": 0 }],
      ["r", "on", { "rate-limit": 0 }],
      ["s", "log only", { "would-rate-limit": 0 }],
      ["newer", "gone", { skip: 1 }],
      ["older", "gone", { block: 1 }],
    ]);
  });

  test.each<readonly [string, RuleInput, StatsRow["state"]]>([
    ["enforced", {}, "on"],
    ["in mode log", { mode: "log" }, "log only"],
    ["disabled", { enabled: false, mode: "log" }, "disabled"],
    ["expired this moment", { expiresAtMs: NOW_MS }, "expired"],
    ["good for one more millisecond", { expiresAtMs: NOW_MS + 1 }, "on"],
  ])("a rule that is %s", (_what, rule, state) => expect(rowsOf({ rules: [ruleOf(rule)] })[0]?.state).toBe(state));

  test("the newest samples of all effects of a rule are shown, as many as are asked for", () => {
    const at = (atMs: number, id: string) => ({ ...SAMPLE, atMs, id });
    const lines = [
      lineOf("wp", "block", 2, { samples: [at(5, "5"), at(1, "1")] }),
      lineOf("wp", "would-block", 2, { samples: [at(4, "4"), at(3, "3")] }),
    ];
    const ids = (samples: number) => rowsOf({ lines, samples })[0]?.samples.map(({ id, did }) => [id, did]);
    expect(ids(3)).toEqual([
      ["5", "block"],
      ["4", "would-block"],
      ["3", "would-block"],
    ]);
    expect(ids(0)).toEqual([]);
  });

  test("only rules that are named are there", () => {
    const rules = [ruleOf({ id: "a" }), ruleOf({ id: "b" })];
    expect(rowsOf({ rules, wanted: ["b", "nobody"] }).map(({ rule }) => rule)).toEqual(["b"]);
  });

  test.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["no list", { rules: 7 }],
    ["lines that say nothing", { rules: [null, {}, { rule: "x" }, { rule: "x", did: 1 }] }],
    ["lines without numbers", { rules: [{ rule: "wp", did: "block", count: "9", lastAtMs: 1e99, samples: [null, 7, {}] }] }],
  ])("a Worker that tells %s breaks nothing", (_what, answer) => {
    expect(() => linesOf(rowsOf({ rules: [ruleOf({})], answer, samples: 3 }))).not.toThrow();
  });
});

describe("since when a rule is as it is", () => {
  test.each<readonly [string, readonly HistoryEntry[], number | null]>([
    ["it was added", [published(1, ["pool web changed"]), published(5, ["rule wp added"])], 5],
    ["it was changed", [published(2, ["rule wp changed"]), published(5, ["rule wp added"])], 2],
    ["its place in the order is no change", [published(2, ["rule wp moved"]), published(5, ["rule wp added"])], 5],
    ["another rule's name that begins the same", [published(2, ["rule wp-2 added"])], null],
    ["nobody remembers", [published(2, ["pool web changed"])], null],
    ["it may be in a list that was cut", [published(2, ["site a added", "and 3 more"]), published(5, ["rule wp added"])], null],
    ["it came with the first release, whose list was cut", [published(2, ["site a added", "and 300 more"], null)], 2],
  ])("%s", (_what, history, hoursAgo) => {
    expect(ruleSince("wp", history).sinceMs).toBe(hoursAgo === null ? null : NOW_MS - hoursAgo * HOUR_MS);
  });
});

describe("lines", () => {
  test("a table with a column for each effect that occurs, and what to do with rules that are only logged", () => {
    const rules = [ruleOf({ id: "wp" }), ruleOf({ id: "scrapers", mode: "log" }), ruleOf({ id: "new", mode: "log" })];
    const lines = [lineOf("wp", "block", 12_345), lineOf("scrapers", "would-block", 3), lineOf("old", "score-2", 1)];
    const history = [published(3, ["rule new added"]), published(80, ["rule wp added", "rule scrapers added"], null)];
    expect(linesOf(rowsOf({ rules, lines, history }))).toEqual([
      "Requests since 2026-11-24 20:00:00 UTC that rules matched, on all isolates of all data centres",
      "RULE      MODE      UNCHANGED FOR  BLOCKED  WOULD BLOCK  SCORE 2  LAST MATCH",
      "wp        on        3 d 8 h         12,345                        1 min ago",
      "scrapers  log only  3 d 8 h                           3           1 min ago",
      "new       log only  3 h                               0",
      "old       gone                                                 1  1 min ago",
      "",
      "Only logged, acting on nobody: scrapers, new",
      "What one of them matched: breakwater rule stats ID",
      expect.stringMatching(/^To let it act: breakwater rule enforce /),
    ]);
  });

  test("samples say when, what, from where and under which request id", () => {
    const lines = [lineOf("wp", "would-block", 1, { samples: [SAMPLE] })];
    const shown = linesOf(rowsOf({ rules: [ruleOf({ mode: "log" })], lines, samples: 5 }));
    expect(shown).toContain("  2026-11-25 20:29:00 UTC  would-block  GET www.example.com/wp-login.php, answered 404");
    expect(shown).toContain("      from 198.51.100.7 JP AS64500, curl/8.5, request 0123abcd");
  });

  test("what is not known of a sample leaves no gap", () => {
    const samples = [{ ...SAMPLE, country: null, asn: null, userAgent: "", status: null }];
    const shown = linesOf(rowsOf({ lines: [lineOf("wp", "block", 1, { samples })], samples: 5 }));
    expect(shown).toContain("  2026-11-25 20:29:00 UTC  block  GET www.example.com/wp-login.php");
    expect(shown).toContain("      from 198.51.100.7, request 0123abcd");
  });

  test("a rule that changed within the time has counts of its earlier form, which is said", () => {
    const input = { rules: [ruleOf({})], lines: [lineOf("wp", "block", 1)] };
    const note = "so counts of an earlier form may be among theirs: wp";
    expect(linesOf(rowsOf({ ...input, history: [published(3, ["rule wp changed"])] })).join("\n")).toContain(note);
    for (const other of [published(30, ["rule wp changed"]), published(3, ["rule wp added"])])
      expect(linesOf(rowsOf({ ...input, history: [other] })).join("\n")).not.toContain(note);
  });

  test("without rules there is no empty table", () => expect(linesOf([])).toHaveLength(2));

  test("nothing that a visitor sent can steer the terminal, coloured or not", () => {
    const evil = "\u001b[2J\u0007\r";
    const texts = { method: evil, host: evil, path: evil, address: evil, country: evil, userAgent: evil, id: evil };
    const rows = rowsOf({ lines: [lineOf(evil, evil, 1, { samples: [{ ...SAMPLE, ...texts }] })], samples: 5 });
    for (const coloured of [false, true]) {
      const shown = linesOf(rows, { paint: painter(coloured) }).join("\n");
      for (const part of ["\u001b[2J", "\u0007", "\r"]) expect(shown).not.toContain(part);
    }
  });
});

describe("the command", () => {
  const { server, write, published: publish, run } = bench();
  let front: Server;
  let url = "";
  let asked: string[];
  /** What the Worker says of its rules; all else is for the server of the bench. */
  let answer: { readonly status: number; readonly body: unknown };

  beforeEach(async () => {
    asked = [];
    answer = { status: 200, body: { nowMs: Date.now(), sinceMs: Date.now() - 24 * HOUR_MS, rules: [lineOf("wp", "would-block", 42)] } };
    front = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => void chunks.push(chunk));
      request.on("end", () => {
        const path = request.url ?? "";
        if (path.startsWith("/_breakwater/rule-stats")) {
          asked.push(path);
          return response.writeHead(answer.status).end(JSON.stringify(answer.body));
        }
        const { method = "GET", headers } = request;
        const sent = {
          method,
          headers: { authorization: headers.authorization ?? "" },
          body: method === "GET" ? null : Buffer.concat(chunks),
        };
        void fetch(server().url + path, sent).then(async (got) => response.writeHead(got.status).end(Buffer.from(await got.arrayBuffer())));
      });
    });
    await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    write("breakwater.yaml", config(`  - id: wp\n    when: http.request.uri.path contains "/wp-"\n    action: block\n    mode: log\n`));
    await publish();
  });
  afterEach(async () => {
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
  });

  const stats = (...args: string[]) => run(["rule", "stats", ...args], { BREAKWATER_URL: url });

  test("asks the Worker for a day and shows its counts beside the rules of the store", async () => {
    const ran = await stats();
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toMatch(/^wp +log only +\d+ (?:s|min) +42 /m);
    expect(asked).toEqual(["/_breakwater/rule-stats?hours=24&samples=0"]);
  });

  test("a rule that is named comes with samples, and as JSON with everything", async () => {
    answer = { status: 200, body: { sinceMs: 1000, rules: [lineOf("wp", "would-block", 1, { samples: [SAMPLE] })] } };
    const ran = await stats("wp", "--since", "90m", "--json");
    expect(asked).toEqual(["/_breakwater/rule-stats?hours=2&samples=5&rule=wp"]);
    expect(ran.json()).toMatchObject({
      ok: true,
      worker: url,
      sinceMs: 1000,
      rules: [
        {
          rule: "wp",
          state: "log only",
          sinceMs: expect.any(Number) as number,
          counts: { "would-block": 1 },
          samples: [{ ...SAMPLE, did: "would-block" }],
        },
      ],
    });
  });

  test.each<readonly [string, readonly string[], string]>([
    ["a rule that nobody knows", ["wpp"], 'no rule "wpp"'],
    ["no duration", ["--since", "soon"], "--since"],
    ["a longer time than is kept", ["--since", "169h"], "7 days are kept"],
    ["more samples than are kept", ["--samples", String(RULE_STATS_SAMPLES_MAX + 1)], "from 0 to 10"],
    ["no number of samples", ["--samples", "many"], "from 0 to 10"],
  ])("%s is a mistake of the command line", async (_what, args, text) => {
    const ran = await stats(...args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(text);
  });

  test("all that is kept can be asked for", async () => {
    expect(await stats("--since", "7d", "--samples", String(RULE_STATS_SAMPLES_MAX))).toMatchObject({ code: 0 });
    expect(asked).toEqual([`/_breakwater/rule-stats?hours=168&samples=${RULE_STATS_SAMPLES_MAX}`]);
  });

  test.each<readonly [string, number, string, string]>([
    ["keeps nothing", 409, "no-rule-stats", "add the binding RULE_STATS"],
    ["is older than the command", 404, "unknown-path", "npm run deploy"],
    ["cannot reach what keeps it", 503, "rule-stats-failed", "npx wrangler tail"],
  ])("a Worker that %s is told with a way out", async (_what, status, code, fix) => {
    answer = { status, body: { error: { code, message: "as the Worker says it" } } };
    const ran = await stats();
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toContain(fix);
  });

  test("its help", async () => {
    const ran = await run(["rule", "stats", "--help"]);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    await expect(ran.stdout).toMatchFileSnapshot(join(import.meta.dirname, "golden/help-rule-stats.txt"));
  });

  test("without a token nobody is asked", async () => {
    const ran = await run(["rule", "stats"], { BREAKWATER_URL: url, BREAKWATER_ADMIN_TOKEN: "" });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("BREAKWATER_ADMIN_TOKEN");
    expect(asked).toEqual([]);
  });
});
