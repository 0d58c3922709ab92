// breakwater drill: what visitors would get if a pool, an origin, KV or the cache failed, tried with real requests through the running
// Worker. Each request carries a signed header and alone lives through the faults; nobody else notices, and the Worker learns nothing.

import type { Command } from "commander";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { FAULT_FORMS, parseFault, printFault, type Fault } from "../../src/drill/faults.ts";
import { signDrill } from "../../src/drill/signature.ts";
import { DRILL_FAULTS_MAX, DRILL_VALID_MS_MAX } from "../../src/limits.ts";
import { checkFaults } from "../drill/known.ts";
import { singleLines, skippedLines, summaryLine, summaryOf, walkedLines } from "../drill/print.ts";
import type { Sender } from "../drill/sender.ts";
import type { Walked } from "../drill/walk.ts";
import { EXIT } from "../output/exit-codes.ts";
import { usageFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { formatTime, parseDuration } from "../output/time.ts";
import { requirePointer, requireRelease, shortHash } from "../store/documents.ts";
import { requireSigningKey } from "../store/signing-key.ts";
import type { Target } from "../store/target.ts";
import { collect, withCommon, withStore, type Run } from "./options.ts";
import { openStore, type CommonOptions, type Session, type StoreOptions } from "./session.ts";

interface DrillOptions extends StoreOptions {
  readonly fault?: readonly string[];
  readonly url?: readonly string[];
  readonly pool?: readonly string[];
  readonly uncached?: boolean;
}

interface SignOptions extends CommonOptions {
  readonly fault?: readonly string[];
  readonly for: string;
  readonly remote?: boolean;
}

const EXAMPLE = "for example: breakwater drill https://www.example.com/ --fault pool=web:down";

export function addDrill(program: Command, run: Run): void {
  const drill = program
    .command("drill [url]")
    .description("what visitors would get if servers failed: every pool and origin in turn, or the faults of --fault on one URL")
    .enablePositionalOptions()
    .option("--fault <fault>", `on one request to the URL; may be repeated: ${FAULT_FORMS.join(", ")}`, collect)
    .option("--url <url>", "walk: a URL of a route whose path or conditions do not give one; may be repeated", collect)
    .option("--pool <name>", "walk: only this pool; may be repeated", collect)
    .option("--uncached", "as for visitors who ask for what is not stored");
  withStore(drill).action((url: string | undefined, options: DrillOptions) =>
    run(options, (session) => (url === undefined ? walkAll(session, options) : one(session, url, options))),
  );
  const sign = drill
    .command("sign")
    .description("print a signed header for requests of your own, for example with curl -H")
    .option("--fault <fault>", "may be repeated", collect)
    .option("--for <duration>", "how long it is good for, 1h at most", "10m")
    .option("--local", "for the Worker on this machine (the default)")
    .option("--remote", "for the deployed one: only BREAKWATER_SIGNING_KEY is looked at");
  withCommon(sign).action((options: SignOptions) => run(options, (session) => printHeader(session, options)));
}

async function one(session: Session, url: string, options: DrillOptions): Promise<Report> {
  if (options.url !== undefined || options.pool !== undefined) throw usageFailure("--url and --pool are for the walk", EXAMPLE);
  requireUrl(url);
  const faults = readFaults(options.fault);
  const { sender, snapshot } = await open(session, options);
  checkFaults(snapshot, faults);
  const always = alwaysOf(options);
  const before = await sender.send(url, always);
  const seen = await sender.send(url, [...always, ...faults]);
  const text = singleLines({ url, faults: faults.map(printFault).join(", "), before, seen }, session.paint);
  return report(text, { url, faults: faults.map(printFault), before, seen });
}

async function walkAll(session: Session, options: DrillOptions): Promise<Report> {
  if (options.fault !== undefined) throw usageFailure("--fault is for one URL", EXAMPLE);
  for (const url of options.url ?? []) requireUrl(url);
  // The Worker's request code is of no use to the other commands.
  const [{ loadRuleset }, { findSubjects }, { walk }] = await Promise.all([
    import("../../src/config/load.ts"),
    import("../drill/subjects.ts"),
    import("../drill/walk.ts"),
  ]);
  const { sender, snapshot, target, number, hash } = await open(session, options);
  const pools = options.pool ?? null;
  checkFaults(
    snapshot,
    (pools ?? []).map((pool) => ({ kind: "pool", pool })),
  );
  const anyHost = target.workerUrl === null ? null : new URL(target.workerUrl).host;
  const isRemote = target.kind === "remote";
  const ruleset = loadRuleset(snapshot, hash);
  const input = { snapshot, ruleset, urls: options.url ?? [], anyHost, isRemote, nowMs: session.nowMs() };
  const { subjects, skipped } = findSubjects(input);
  const walked: Walked[] = [];
  for (const subject of subjects) {
    const used = subject.chains.flat().some(({ name }) => pools?.includes(name) ?? true);
    if (used) walked.push(await walk(subject, { always: alwaysOf(options), pools, send: (url, faults) => sender.send(url, faults) }));
  }
  const summary = summaryOf(walked);
  const text = [
    `Release ${number} (${shortHash(hash)}), ${printable(target.workerUrl ?? "each host's own address")}`,
    "",
    ...walked.flatMap((each) => walkedLines(each, session.paint)),
    ...skippedLines(skipped),
    summaryLine(summary, session.paint),
  ];
  const isBad = summary.failed > 0 || summary.failsAlready > 0;
  return report(text, { release: hash, worker: target.workerUrl, walked, skipped, summary }, isBad ? EXIT.failed : EXIT.ok);
}

interface Opened {
  readonly sender: Sender;
  readonly target: Target;
  readonly snapshot: Snapshot;
  readonly number: number;
  readonly hash: string;
}

async function open(session: Session, options: StoreOptions): Promise<Opened> {
  const { createSender } = await import("../drill/sender.ts");
  const target = await openStore(session, options);
  const key = requireSigningKey({ env: session.env, folders: session.tokenFolders, mayUseFiles: target.kind === "local" });
  const pointer = await requirePointer(target.store);
  const { snapshot, hash } = await requireRelease(target.store, pointer.release);
  const via = target.kind === "local" ? target.workerUrl : null;
  return { sender: createSender({ key, via, nowMs: () => session.nowMs() }), target, snapshot, number: pointer.number, hash };
}

async function printHeader(session: Session, options: SignOptions): Promise<Report> {
  const duration = parseDuration(options.for);
  if (!duration.ok) throw usageFailure(`--for ${options.for}: ${duration.error}`, "for example: --for 10m");
  if (duration.value > DRILL_VALID_MS_MAX) throw usageFailure(`--for ${options.for} is too long`, "a signed drill is good for 1h at most");
  const faults = readFaults(options.fault);
  const key = requireSigningKey({ env: session.env, folders: session.tokenFolders, mayUseFiles: options.remote !== true });
  const untilMs = session.nowMs() + duration.value;
  const header = `X-Breakwater-Drill: ${await signDrill({ faults, untilMs }, key)}`;
  session.note(`Good until ${formatTime(untilMs)}. Whoever has it can send drilled requests until then, and no others.`);
  return report([header], { header, untilMs, faults: faults.map(printFault) });
}

function readFaults(texts: readonly string[] | undefined): readonly Fault[] {
  if (texts === undefined) throw usageFailure("no fault is named", `add --fault with one of: ${FAULT_FORMS.join(", ")}`);
  if (texts.length > DRILL_FAULTS_MAX) throw usageFailure(`${texts.length} faults are too many`, `${DRILL_FAULTS_MAX} at most`);
  return texts.map((text) => {
    const fault = parseFault(text);
    if (!fault.ok) throw usageFailure(fault.error.message, fault.error.fix);
    return fault.value;
  });
}

function alwaysOf({ uncached }: DrillOptions): readonly Fault[] {
  return uncached === true ? [{ kind: "cache" }] : [];
}

function requireUrl(url: string): void {
  if (!/^https?:\/\/[^/?#]/i.test(url) || !URL.canParse(url)) throw usageFailure(`"${url}" is not an absolute URL`, EXAMPLE);
}
