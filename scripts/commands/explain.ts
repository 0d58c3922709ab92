// breakwater explain: the plan for a request, from the same code that the Worker runs. Sends nothing to anybody: it reads the
// release, the health and the overrides from the store, or only a config file.

import type { Command } from "commander";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { bytesOfText } from "../../src/expression/bytes.ts";
import { parseAddress } from "../../src/expression/ip.ts";
import { listKey } from "../../src/release/keys.ts";
import type { Received } from "../../src/stages/receive.ts";
import type { OriginsKnown } from "../explain/pools.ts";
import { usageFailure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { buildRelease } from "../publish.ts";
import { readHealth, readOverrides, requirePointer, requireRelease, shortHash } from "../store/documents.ts";
import { readConfig } from "./files.ts";
import { collect, withStore, type Run } from "./options.ts";
import { invalidFailure } from "./publish-report.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface ExplainOptions extends StoreOptions {
  readonly header?: readonly string[];
  readonly data?: string;
  readonly ip?: string;
  readonly country?: string;
  readonly asn?: string;
  readonly config?: string;
}

interface Explained {
  readonly release: string;
  readonly snapshot: Snapshot;
  readonly origins: OriginsKnown;
  /** Text of a long list by its hash. */
  readonly listText: (hash: string) => Promise<string | null>;
  /** For the first line. */
  readonly from: string;
}

export function addExplain(program: Command, run: Run): void {
  const command = program
    .command("explain <method> <url>")
    .description("what Breakwater does with a request, and why; sends nothing")
    .option("-H, --header <line>", "a request header, `Name: value`; may be repeated", collect)
    .option("-d, --data <text>", "the request's body, for rules that look at it")
    .option("--ip <address>", "the visitor's address")
    .option("--country <code>", "the visitor's country, such as DE")
    .option("--asn <number>", "the visitor's network")
    .option("--config <file>", "with this config file instead of the release in force; needs no store");
  withStore(command).action((method: string, url: string, options: ExplainOptions) =>
    run(options, (session) => explainRequest(session, { method, url, options })),
  );
}

interface Arguments {
  readonly method: string;
  readonly url: string;
  readonly options: ExplainOptions;
}

async function explainRequest(session: Session, args: Arguments): Promise<Report> {
  const { options } = args;
  // Loaded when needed: the Worker's request code is of no use to the other commands.
  const { loadRuleset } = await import("../../src/config/load.ts");
  const { explain } = await import("../explain/explain.ts");
  const { explanationLines } = await import("../explain/print.ts");
  const { fillLists } = await import("../explain/lists.ts");
  const known = options.config === undefined ? await fromStore(session, options) : await fromFile(session, options.config);
  const ruleset = loadRuleset(known.snapshot, known.release);
  await fillLists(ruleset.lists, known.snapshot, known.listText);
  const received = toReceived(args, known.snapshot.client.addressHeader, session.nowMs());
  const body = bytesOfText(options.data ?? "");
  const explanation = explain({ ruleset, snapshot: known.snapshot, received, body, ...known.origins });
  return report([`With ${known.from}:`, ...explanationLines(explanation, session.paint)], { release: known.release, ...explanation });
}

async function fromStore(session: Session, options: StoreOptions): Promise<Explained> {
  const { store } = await openStore(session, options);
  const pointer = await requirePointer(store);
  const [{ snapshot, hash }, health, overrides] = await Promise.all([
    requireRelease(store, pointer.release),
    readHealth(store),
    readOverrides(store),
  ]);
  return {
    release: hash,
    snapshot,
    origins: { health: health.document, healthWhy: health.why, overrides },
    listText: (list) => store.get(listKey(list)),
    from: `release ${pointer.number} (${shortHash(hash)})`,
  };
}

const NO_STORE: OriginsKnown = { health: null, healthWhy: "--config reads no store", overrides: null };

async function fromFile(session: Session, file: string): Promise<Explained> {
  const config = await readConfig(session, file);
  const { output, release } = await buildRelease(config, "local");
  if (release === null) throw invalidFailure(output.diagnostics, config, session);
  const listText = (hash: string): Promise<string | null> => Promise.resolve(release.lists.get(hash) ?? null);
  return { release: release.hash, snapshot: release.snapshot, origins: NO_STORE, listText, from: config.shown };
}

function toReceived({ method, url, options }: Arguments, addressHeader: string, nowMs: number): Received {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}$/.test(method))
    throw usageFailure(`"${method}" is not a method`, "for example: breakwater explain GET https://www.example.com/");
  if (!/^https?:\/\/[^/?#]/i.test(url))
    throw usageFailure(`"${url}" is not an absolute URL`, "for example: breakwater explain GET https://www.example.com/");
  const headers = new Headers();
  for (const line of options.header ?? []) addHeader(headers, line);
  if (options.ip !== undefined && parseAddress(options.ip) === null)
    throw usageFailure(`--ip "${options.ip}" is not an IP address`, "for example: --ip 203.0.113.7");
  if (options.ip !== undefined) headers.set(addressHeader, options.ip);
  if (options.country !== undefined && !/^[A-Za-z][A-Za-z0-9]$/.test(options.country))
    throw usageFailure(`--country "${options.country}" is not a code of two letters`, "for example: --country DE");
  if (options.asn !== undefined && !/^\d{1,10}$/.test(options.asn))
    throw usageFailure(`--asn "${options.asn}" is not a number`, "for example: --asn 64496");
  const connection = { country: options.country?.toUpperCase(), asn: options.asn === undefined ? undefined : Number(options.asn) };
  const length = headers.get("content-length");
  const hasBody = options.data !== undefined || (length !== null && length !== "0") || headers.has("transfer-encoding");
  return { method: method.toUpperCase(), url: url.replace(/#.*$/s, ""), headers, hasBody, connection, nowMs };
}

function addHeader(headers: Headers, line: string): void {
  const colon = line.indexOf(":");
  try {
    if (colon < 1) throw new TypeError("no colon");
    headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  } catch {
    throw usageFailure(`-H "${line}" is not a header`, "write it as -H 'Name: value'");
  }
}
