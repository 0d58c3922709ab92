// `node test/bench/rules.ts`: what evaluating rules costs, by their number, and what loading them costs. Prints a Markdown table of
// medians of CPU time; asserts nothing, since machines differ. The request is one that no rule is about, as nearly all are.

import { createHash } from "node:crypto";
import { buildConfig } from "../../src/config/build.ts";
import { encodeSnapshot } from "../../src/config/encode.ts";
import { loadRuleset } from "../../src/config/load.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { parseExpression } from "../../src/expression/parse.ts";
import { createMatcher } from "../../src/expression/matcher.ts";
import { addressInRanges, compileRanges } from "../../src/expression/ip.ts";
import { findShadowed } from "../../src/expression/shadow.ts";
import { withLists } from "../../src/expression/scheme.ts";
import { ruleContext } from "../../src/firewall/context.ts";
import { ruleScheme } from "../../src/firewall/fields.ts";
import { factsOf } from "../support/facts.ts";
import type { Expression } from "../../src/expression/ast.ts";
import type { Membership } from "../../src/expression/compilation.ts";
import type { ListType } from "../../src/expression/scheme.ts";
import type { Address } from "../../src/expression/ip.ts";
import type { RuleContext } from "../../src/firewall/context.ts";

const SIZES = [10, 1_000, 10_000] as const;
const ROUNDS = 21;
const EVALUATIONS = 2_000;
const LIST_ENTRIES = 100_000;
const LOOKUPS = 500_000;

const scheme = withLists(
  ruleScheme,
  new Map<string, ListType>([
    ["blocked", "Ip"],
    ["hosting", "Int"],
  ]),
);
const lists = new Map<string, Membership>([
  ["blocked", membershipOf(50_000)],
  ["hosting", (value) => value === 64_496],
]);

/** Kinds of rules that people write, in equal shares. */
const KINDS: readonly ((n: number) => string)[] = [
  (n) => `http.host eq "shop.test" and starts_with(http.request.uri.path, "/area-${n}/")`,
  (n) => `http.request.uri.path.extension in {"bak${n}" "old${n}" "sql${n}"} and http.request.method eq "GET"`,
  (n) => `lower(http.user_agent) contains "scanner-${n}"`,
  (n) => `http.user_agent contains "Harvest/${n}." or http.request.uri.path wildcard "/ADMIN-${n}/*"`,
  (n) => `ip.src in {10.${(n >> 8) & 255}.${n & 255}.0/24 172.16.${n & 255}.${(n >> 8) & 255}}`,
  (n) => `ip.src in $blocked and http.request.uri.path contains "/private-${n}"`,
  (n) => `ip.src.country in {"K${n % 10}" "X${n % 7}"} and (ip.src.asnum in $hosting or http.request.uri.query contains "key${n}=")`,
  (n) => `any(lower(url_decode(http.request.uri.args.values[*])[*])[*] contains "union select ${n}")`,
];

/** The few that cannot be looked up, the same at each size. */
const UNINDEXED = ['not http.request.method in {"GET" "HEAD" "POST"}', 'http.request.uri.path matches r"^/[a-z]{12,}[0-9]{6,}$"'];

const REQUEST = {
  url: "http://shop.test/products/shoes/12345-running?page=2&sort=price&q=trail%20running",
  address: "198.51.100.23",
  headers: {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    accept: "text/html,application/xhtml+xml",
    "accept-language": "de,en;q=0.7",
    cookie: "session=0123456789abcdef; theme=dark",
    referer: "http://shop.test/products/shoes",
  },
};

function main(): void {
  console.log("| what | figure | compared with 10 rules |");
  console.log("|---|---|---|");
  const sets = SIZES.map((size) => ({ size, evaluate: evaluation(size), times: [] as number[] }));
  // Each size in turn in every round, so that what else the machine does meets all of them.
  for (let round = 0; round < ROUNDS; round += 1) for (const set of sets) set.times.push(time(set.evaluate));
  const smallest = median(sets[0]?.times ?? []);
  for (const { size, times } of sets)
    row(
      `evaluation of ${size} rules`,
      `${((1_000 * median(times)) / EVALUATIONS).toFixed(2)} us`,
      `${(median(times) / smallest).toFixed(2)} x`,
    );
  row(`look-up among ${LIST_ENTRIES} blocks`, `${((1_000 * repeat(lookups())) / LOOKUPS).toFixed(3)} us`);
  const sources = rulesOf(1_000);
  row("parse and check of 1000 rules", `${repeat(() => sources.map(parse)).toFixed(1)} ms`);
  row(
    `reading a release of 10000 rules (${(release.length / 1_048_576).toFixed(1)} MiB)`,
    `${repeat(() => JSON.parse(release)).toFixed(1)} ms`,
  );
  const snapshot = JSON.parse(release) as Snapshot;
  row("its ruleset", `${repeat(() => loadRuleset(snapshot, "")).toFixed(1)} ms`);
  row("both and the SHA-256, first time in the process", `${firstLoad.toFixed(1)} ms`);
  const read = rulesOf(10_000).map(parse);
  row("search for shadowed rules among 10000, when publishing", `${time(() => findShadowed(read, scheme)).toFixed(0)} ms`);
}

/** A release as it is stored. Its lists are short: those of 100,000 entries are documents of their own. */
async function releaseOf(size: number): Promise<string> {
  const config = {
    sites: [{ name: "all", hosts: ["*"], routes: [{ path: "/*", pool: "one" }] }],
    pools: { one: { origins: ["https://one.example.com"] } },
    lists: { blocked: { kind: "ip", entries: ["192.0.2.0/24"] }, hosting: { kind: "asn", entries: [64_496] } },
    firewall: rulesOf(size).map((when, index) => ({ id: `rule-${index}`, when, action: "block" })),
  };
  const { snapshot, diagnostics } = await buildConfig({ entry: "b.yaml", files: { "b.yaml": JSON.stringify(config) }, mode: "production" });
  if (snapshot === null) throw new Error(diagnostics.find(({ severity }) => severity === "error")?.message);
  return encodeSnapshot(snapshot);
}

const release = await releaseOf(10_000);

const firstLoad = time(() => {
  createHash("sha256").update(release).digest("hex");
  loadRuleset(JSON.parse(release) as Snapshot, "");
});

/** Many evaluations, each on facts of their own, from which nothing is derived yet. */
function evaluation(size: number): () => void {
  const matcher = createMatcher({ expressions: rulesOf(size).map(parse), scheme, lists });
  const facts = factsOf({ ...REQUEST });
  const visitor = { ...facts, client: { ...facts.client, country: "DE", asn: 64_500 } };
  const copies = (): readonly RuleContext[] => Array.from({ length: EVALUATIONS }, () => ruleContext({ facts: visitor }));
  let next = copies();
  let held = 0;
  const run = (): void => {
    for (const request of next) {
      const started = matcher.begin(request);
      for (const position of matcher.candidates(started)) if (matcher.holds(position, started)) held += 1;
    }
    if (held > 0) throw new Error("the request is meant to match no rule");
  };
  return Object.assign(run, { prepare: () => (next = copies()) });
}

function rulesOf(size: number): readonly string[] {
  const made = Array.from({ length: size - UNINDEXED.length }, (_, index) => (KINDS[index % KINDS.length] as (n: number) => string)(index));
  return [...made, ...UNINDEXED];
}

function parse(source: string): Expression {
  const parsed = parseExpression(source, scheme);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error[0]?.message}`);
  return parsed.value.expression;
}

function membershipOf(blocks: number): Membership {
  const entries = Array.from({ length: blocks }, (_, index) => `${11 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}.0/25`);
  const { ranges } = compileRanges(entries);
  return (value) => addressInRanges(value as Address, ranges);
}

function lookups(): () => void {
  const holds = membershipOf(LIST_ENTRIES);
  return () => {
    let held = 0;
    for (let index = 0; index < LOOKUPS; index += 1)
      if (holds(0x0b000000 + (((index * 2_654_435_761) >>> 0) % (LIST_ENTRIES * 256)), null)) held += 1;
    if (held === LOOKUPS) throw new Error("not every address is in the list");
  };
}

/** CPU time of this thread in milliseconds: what a Worker is billed for, and steadier than a clock on a busy machine. */
function time(run: (() => unknown) & { readonly prepare?: () => unknown }): number {
  run.prepare?.();
  const start = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1_000;
}

function repeat(run: () => unknown): number {
  return median(Array.from({ length: ROUNDS }, () => time(run)));
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

function row(what: string, figure: string, compared = ""): void {
  console.log(`| ${what} | ${figure} | ${compared} |`);
}

main();
