// breakwater origin: takes single origins out of service and back, at once and without a new release.

import type { Command } from "commander";
import type { OriginSnapshot, Snapshot } from "../../src/config/snapshot.ts";
import { originKey } from "../../src/origin/health.ts";
import { nearestName } from "../../src/expression/diagnostics.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure, usageFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { table } from "../output/table.ts";
import { formatTime, parseDuration } from "../output/time.ts";
import { readHealth, readOverrides, requirePointer, requireRelease } from "../store/documents.ts";
import { changeOverrides } from "../store/overrides.ts";
import { showsOverrides } from "../store/refresh.ts";
import type { Target } from "../store/target.ts";
import { endEdit } from "./after-edit.ts";
import { healthRows, overrideText } from "./health.ts";
import { withStore, type Run } from "./options.ts";
import { defaultAuthor, timingOf } from "./publish.ts";
import { confirm, openStore, type Session, type StoreOptions } from "./session.ts";

interface DrainOptions extends StoreOptions {
  readonly for?: string;
  readonly reason?: string;
  readonly author?: string;
  readonly down?: boolean;
}

export function addOrigin(program: Command, run: Run): void {
  const origin = program.command("origin").description("origins: list them, take one out of service and back");
  withStore(origin.command("list").description("all origins with their pool, share, health and the operators' word")).action(
    (options: StoreOptions) => run(options, (session) => list(session, options)),
  );
  const drain = origin
    .command("drain <pool/origin>")
    .description("take an origin out of service: no new requests, until it is restored")
    .option("--for <duration>", "only for so long, such as 30m or 2h")
    .option("--reason <text>", "why, for the others")
    .option("--author <name>", "who (default: your login name)")
    .option("--down", "say that it is down, not drained; either takes all new requests away");
  withStore(drain).action((name: string, options: DrainOptions) => run(options, (session) => drainOrigin(session, name, options)));
  const restore = origin.command("restore <pool/origin>").description("put a drained origin back into service");
  withStore(restore).action((name: string, options: StoreOptions) => run(options, (session) => restoreOrigin(session, name, options)));
}

async function list(session: Session, options: StoreOptions): Promise<Report> {
  const { store } = await openStore(session, options);
  const { snapshot } = await requireRelease(store, (await requirePointer(store)).release);
  const { document } = await readHealth(store);
  const nowMs = session.nowMs();
  const rows = healthRows(snapshot, document, await readOverrides(store), nowMs);
  const origins = new Map(
    snapshot.pools.flatMap((pool) => pool.origins.map((origin) => [originKey(pool.name, origin.id), origin] as const)),
  );
  const columns = [
    { title: "ORIGIN" },
    { title: "URL" },
    { title: "WEIGHT", align: "right" as const },
    { title: "HEALTH" },
    { title: "OPERATOR" },
  ];
  const lines = rows.map((row) => {
    const origin = origins.get(row.origin);
    const state = row.health?.state ?? (row.checked ? "unknown" : "no checks");
    return [
      printable(row.origin),
      printable(urlOf(origin)),
      shareOf(origin),
      state,
      row.override === null ? "" : overrideText(row.override, nowMs),
    ];
  });
  const json = rows.map((row) => ({
    ...row,
    url: urlOf(origins.get(row.origin)),
    weight: origins.get(row.origin)?.weight,
    backup: origins.get(row.origin)?.backup,
  }));
  return report(table(columns, lines), { origins: json });
}

function urlOf(origin: OriginSnapshot | undefined): string {
  return origin === undefined ? "" : origin.base + origin.basePath;
}

function shareOf(origin: OriginSnapshot | undefined): string {
  return origin === undefined ? "" : origin.backup ? "backup" : String(origin.weight);
}

async function drainOrigin(session: Session, name: string, options: DrainOptions): Promise<Report> {
  const duration = options.for === undefined ? null : parseDuration(options.for);
  if (duration !== null && !duration.ok) throw usageFailure(`--for: ${duration.error}`, "for example: --for 30m");
  const target = await openStore(session, options);
  const { snapshot } = await requireRelease(target.store, (await requirePointer(target.store)).release);
  const { key, lastOfPool } = findOrigin(snapshot, name, await drainedKeys(target, session));
  const verb = options.down === true ? "Take down" : "Drain";
  const warning = lastOfPool ? ` It is the last one of its pool that is in service.` : "";
  await confirm(session, options, { target, question: `${verb} ${key} in ${target.store.label}?${warning}` });
  const atMs = session.nowMs();
  const untilMs = duration === null ? null : atMs + duration.value;
  const state = options.down === true ? "down" : "drain";
  const override = {
    state,
    weight: null,
    untilMs,
    atMs,
    by: options.author ?? defaultAuthor(session),
    reason: options.reason ?? "",
  } as const;
  const { overrides, confirmed } = await changeOverrides(target.store, { origin: key, override }, timingOf(session, target));
  const end = await endEdit(session, target, showsOverrides(overrides.version));
  const until = untilMs === null ? "until it is restored" : `until ${formatTime(untilMs)}`;
  const alone = lastOfPool
    ? ["warning: it is the last origin of its pool in service; without a fallback pool, visitors get an error page"]
    : [];
  const text = [`${key} is ${state === "down" ? "down" : "drained"} ${until}.`, ...alone, ...end.lines];
  return report(
    text,
    { origin: key, override, version: overrides.version, lastOfPool, confirmed, ...end.json },
    confirmed ? end.exit : EXIT.unconfirmed,
  );
}

async function restoreOrigin(session: Session, name: string, options: StoreOptions): Promise<Report> {
  const target = await openStore(session, options);
  const { snapshot } = await requireRelease(target.store, (await requirePointer(target.store)).release);
  const overrides = await readOverrides(target.store);
  // An override of an origin that the release no longer has can be taken back, too.
  const key = Object.hasOwn(overrides.origins, name) ? name : findOrigin(snapshot, name, new Set()).key;
  if (!Object.hasOwn(overrides.origins, key))
    return report([`${key} is in service already: there is no override of it.`], { origin: key, changed: false });
  await confirm(session, options, { target, question: `Put ${key} back into service in ${target.store.label}?` });
  const changed = await changeOverrides(target.store, { origin: key, override: null }, timingOf(session, target));
  const end = await endEdit(session, target, showsOverrides(changed.overrides.version));
  const json = { origin: key, changed: true, version: changed.overrides.version, confirmed: changed.confirmed, ...end.json };
  return report([`${key} is back in service.`, ...end.lines], json, changed.confirmed ? end.exit : EXIT.unconfirmed);
}

/** Origins that get no visitors by an operator's word. */
async function drainedKeys(target: Target, session: Session): Promise<ReadonlySet<string>> {
  const { origins } = await readOverrides(target.store);
  const nowMs = session.nowMs();
  const active = Object.entries(origins).filter(([, entry]) => entry.untilMs === null || entry.untilMs > nowMs);
  return new Set(active.filter(([, entry]) => entry.state === "drain" || entry.state === "down").map(([key]) => key));
}

/** By `pool/origin`, or by the origin's id alone where only one pool has it. */
function findOrigin(
  snapshot: Snapshot,
  name: string,
  drained: ReadonlySet<string>,
): { readonly key: string; readonly lastOfPool: boolean } {
  const all = snapshot.pools.flatMap((pool) =>
    pool.origins.map((origin) => ({ pool, id: origin.id, key: originKey(pool.name, origin.id) })),
  );
  const fitting = all.filter((entry) => entry.key === name);
  const found = fitting.length > 0 ? fitting : all.filter((entry) => entry.id === name);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    const names = all.map((entry) => entry.key);
    const near = only === undefined ? nearestName(name, names) : null;
    const why =
      only === undefined
        ? `the release in force has: ${names.join(", ")}`
        : `several pools have it: ${found.map((entry) => entry.key).join(", ")}`;
    const fix = near === null ? "name it as POOL/ORIGIN; breakwater origin list shows them" : `did you mean ${near}?`;
    throw failure({ what: `there is no single origin "${name}"`, why, fix, exit: EXIT.usage });
  }
  const others = only.pool.origins.filter((origin) => origin.id !== only.id && !drained.has(originKey(only.pool.name, origin.id)));
  return { key: only.key, lastOfPool: others.length === 0 };
}
