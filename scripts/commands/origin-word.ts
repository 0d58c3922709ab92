// breakwater origin drain, down, up, weight, restore: an operator's word on one origin. It holds at once, without a new release, for a
// while or until it is taken back; it is kept beside the release and can never add an origin.

import type { Snapshot } from "../../src/config/snapshot.ts";
import { nearestName } from "../../src/expression/diagnostics.ts";
import { ORIGIN_WEIGHT_MAX } from "../../src/limits.ts";
import { originKey } from "../../src/origin/health.ts";
import type { OriginOverride } from "../../src/origin/overrides.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure, usageFailure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { formatTime, parseDuration } from "../output/time.ts";
import { readOverrides, requirePointer, requireRelease } from "../store/documents.ts";
import { changeOverrides } from "../store/overrides.ts";
import { showsOverrides } from "../store/refresh.ts";
import type { Target } from "../store/target.ts";
import { endEdit } from "./after-edit.ts";
import { defaultAuthor, timingOf } from "./publish.ts";
import { confirm, openStore, type Session, type StoreOptions } from "./session.ts";

export interface WordOptions extends StoreOptions {
  readonly for?: string;
  readonly reason?: string;
  readonly author?: string;
}

export type Word = Pick<OriginOverride, "state" | "weight">;

/** @throws a usage failure for what is no weight. */
export function weightWord(text: string): Word {
  const weight = Number(text);
  if (!/^\d+(?:\.\d+)?$/.test(text) || weight > ORIGIN_WEIGHT_MAX) {
    throw usageFailure(
      `"${text}" is no weight: a number from 0 to ${ORIGIN_WEIGHT_MAX}`,
      "for example: breakwater origin weight web/web-1 0.5",
    );
  }
  return { state: "weight", weight };
}

/** Records the word and says when it is seen. */
export async function sayOf(session: Session, name: string, said: { readonly word: Word; readonly options: WordOptions }): Promise<Report> {
  const { word, options } = said;
  const duration = options.for === undefined ? null : parseDuration(options.for);
  if (duration !== null && !duration.ok) throw usageFailure(`--for: ${duration.error}`, "for example: --for 30m");
  const target = await openStore(session, options);
  const { snapshot } = await requireRelease(target.store, (await requirePointer(target.store)).release);
  const { key, isLast } = findOrigin(snapshot, name, await awayKeys(target, session));
  const lastOfPool = isLast && takesAway(word);
  const warning = lastOfPool ? ` It is the last one of its pool that is in service.` : "";
  await confirm(session, options, { target, question: `${asked(word, key)} in ${target.store.label}?${warning}` });
  const atMs = session.nowMs();
  const untilMs = duration === null ? null : atMs + duration.value;
  const override: OriginOverride = { ...word, untilMs, atMs, by: options.author ?? defaultAuthor(session), reason: options.reason ?? "" };
  const { overrides, confirmed } = await changeOverrides(target.store, { origin: key, override }, timingOf(session, target));
  const end = await endEdit(session, target, showsOverrides(overrides.version));
  const until = untilMs === null ? "until it is restored" : `until ${formatTime(untilMs)}`;
  const alone = lastOfPool
    ? ["warning: it is the last origin of its pool in service; without a fallback pool, visitors get an error page"]
    : [];
  const json = { origin: key, override, version: overrides.version, lastOfPool, confirmed, ...end.json };
  return report([`${key} ${done(word)} ${until}.`, ...alone, ...end.lines], json, confirmed ? end.exit : EXIT.unconfirmed);
}

function takesAway({ state, weight }: Word): boolean {
  return state === "drain" || state === "down" || weight === 0;
}

function asked({ state, weight }: Word, key: string): string {
  switch (state) {
    case "drain":
      return `Drain ${key}`;
    case "down":
      return `Take down ${key}`;
    case "up":
      return `Use ${key}, whatever its checks and circuits say,`;
    case "weight":
      return `Give ${key} the weight ${weight}`;
    default:
      return state satisfies never;
  }
}

function done({ state, weight }: Word): string {
  switch (state) {
    case "drain":
      return "is drained";
    case "down":
      return "is down";
    case "up":
      return "is up, whatever its checks and circuits say,";
    case "weight":
      return `has the weight ${weight}`;
    default:
      return state satisfies never;
  }
}

/** Takes the word back. */
export async function restoreOrigin(session: Session, name: string, options: StoreOptions): Promise<Report> {
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
async function awayKeys(target: Target, session: Session): Promise<ReadonlySet<string>> {
  const { origins } = await readOverrides(target.store);
  const nowMs = session.nowMs();
  const active = Object.entries(origins).filter(([, entry]) => entry.untilMs === null || entry.untilMs > nowMs);
  return new Set(active.filter(([, entry]) => takesAway(entry)).map(([key]) => key));
}

/** By `pool/origin`, or by the origin's id alone where only one pool has it. */
function findOrigin(snapshot: Snapshot, name: string, away: ReadonlySet<string>): { readonly key: string; readonly isLast: boolean } {
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
  const others = only.pool.origins.filter((origin) => origin.id !== only.id && !away.has(originKey(only.pool.name, origin.id)));
  return { key: only.key, isLast: others.length === 0 };
}
