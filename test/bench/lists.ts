// `node test/bench/lists.ts`: what a look-up in a list of 100,000 entries costs, and what loading such a list costs an isolate. Prints
// a Markdown table of medians; asserts nothing, since machines differ.

import { createHash } from "node:crypto";
import { pathToFileURL } from "node:url";
import type { ListKind } from "../../src/config/snapshot.ts";
import type { Membership } from "../../src/expression/compilation.ts";
import { parseAddress } from "../../src/expression/ip.ts";
import { ruleContext, type RuleContext } from "../../src/firewall/context.ts";
import { packList } from "../../src/firewall/list-arrays.ts";
import { compileList, type TimedEntry } from "../../src/firewall/list-compile.ts";
import { decodeList, encodeList } from "../../src/firewall/list-document.ts";
import { lookup } from "../../src/firewall/list-lookup.ts";
import { factsOf } from "../support/facts.ts";

const ENTRIES = 100_000;
const ROUNDS = 15;
const LOOKUPS = 200_000;

interface Subject {
  readonly name: string;
  readonly kind: ListKind;
  entry(index: number): string | TimedEntry;
  /** Half of the values are in the list. */
  value(index: number): string | number;
}

const hex = (index: number): string => `${(index >> 8).toString(16)}:${(index & 255).toString(16)}`;
const v4 = (index: number): string => `${10 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
const address = (text: string): string | number => parseAddress(text) ?? "";

const SUBJECTS: readonly Subject[] = [
  { name: "IPv4 blocks", kind: "ip", entry: (i) => `${v4(i)}.0/25`, value: (i) => address(`${v4(i)}.${(i & 1) * 128 + 5}`) },
  {
    name: "IPv4 blocks, half of them temporary",
    kind: "ip",
    entry: (i) => ({ value: `${v4(i)}.0/25`, expiresAtMs: i % 2 === 0 ? null : Date.UTC(2030, 0, 1) }),
    value: (i) => address(`${v4(i)}.${(i & 1) * 128 + 5}`),
  },
  {
    name: "IPv6 blocks",
    kind: "ip",
    entry: (i) => `2001:db8:${hex(i)}::/65`,
    value: (i) => address(`2001:db8:${hex(i)}:${(i & 1) * 8000}::1`),
  },
  { name: "AS numbers", kind: "asn", entry: (i) => String(2 * i), value: (i) => i },
  { name: "hosts", kind: "host", entry: (i) => `${i % 2 === 0 ? "*." : ""}h${i}.example.com`, value: (i) => `a.h${i}.example.com` },
  {
    name: "user agents",
    kind: "string",
    entry: (i) => `Mozilla/5.0 (bot ${2 * i}) like others`,
    value: (i) => `Mozilla/5.0 (bot ${i}) like others`,
  },
];

export function benchLists(): void {
  console.log(`${ENTRIES} entries; medians of ${ROUNDS} rounds`);
  console.log("");
  console.log("| list | ns per look-up | load ms | of it SHA-256 | document KB | compile ms |");
  console.log("|---|---|---|---|---|---|");
  const context = ruleContext({ facts: factsOf() });
  for (const subject of SUBJECTS) {
    const entries = Array.from({ length: ENTRIES }, (_, index) => subject.entry(index));
    const compileMs = timed(() => compileList(subject.kind, entries));
    const text = encodeList(packList(compileList(subject.kind, entries).list));
    const values = Array.from({ length: 1024 }, (_, index) => subject.value((index * 97) % ENTRIES));
    const hashMs = median(() => createHash("sha256").update(text).digest("hex"));
    const loadMs = hashMs + median(() => load(text));
    const holds = load(text);
    const lookupMs = median(() => lookAll(holds, values, context));
    const figures = [(lookupMs * 1e6) / LOOKUPS, loadMs, hashMs, text.length / 1024, compileMs].map((figure) =>
      figure.toFixed(figure < 10 ? 1 : 0),
    );
    console.log(`| ${subject.name} | ${figures.join(" | ")} |`);
  }
}

function load(text: string): Membership<RuleContext> {
  const decoded = decodeList(text);
  if (!decoded.ok) throw new Error(decoded.error);
  return lookup(decoded.value);
}

function lookAll(holds: Membership<RuleContext>, values: readonly (string | number)[], context: RuleContext): number {
  let found = 0;
  for (let index = 0; index < LOOKUPS; index += 1) if (holds(values[index & 1023] ?? 0, context)) found += 1;
  if (found === 0 || found === LOOKUPS) throw new Error("this measures one outcome only");
  return found;
}

function median(work: () => unknown): number {
  const times = Array.from({ length: ROUNDS }, () => timed(work)).toSorted((left, right) => left - right);
  return times[ROUNDS >> 1] ?? 0;
}

/** CPU time in milliseconds: this machine may have other things to do. */
function timed(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) benchLists();
