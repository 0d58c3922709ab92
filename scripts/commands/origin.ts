// breakwater origin: what origins there are, and the commands by which an operator has a word on one of them (origin-word.ts).

import type { Command } from "commander";
import type { OriginSnapshot } from "../../src/config/pool-snapshot.ts";
import { originKey } from "../../src/origin/health.ts";
import { overrideText } from "../health/table.ts";
import { healthRows } from "../health/view.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { table } from "../output/table.ts";
import { readHealth, readOverrides, requirePointer, requireRelease } from "../store/documents.ts";
import { withStore, type Run } from "./options.ts";
import { restoreOrigin, sayOf, weightWord, type WordOptions } from "./origin-word.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

export function addOrigin(program: Command, run: Run): void {
  const origin = program.command("origin").description("origins: list them, take one out of service, give it another share, put it back");
  withStore(origin.command("list").description("all origins with their pool, share, health and the operators' word")).action(
    (options: StoreOptions) => run(options, (session) => list(session, options)),
  );
  for (const { state, description } of WORDS) {
    withWord(origin.command(`${state} <pool/origin>`).description(description)).action((name: string, options: WordOptions) =>
      run(options, (session) => sayOf(session, name, { word: { state, weight: null }, options })),
    );
  }
  const weight = origin.command("weight <pool/origin> <number>").description("give an origin another share; 0 takes it out of service");
  withWord(weight).action((name: string, number: string, options: WordOptions) =>
    run(options, (session) => sayOf(session, name, { word: weightWord(number), options })),
  );
  const restore = origin.command("restore <pool/origin>").description("take back what was said of an origin");
  withStore(restore).action((name: string, options: StoreOptions) => run(options, (session) => restoreOrigin(session, name, options)));
}

const WORDS = [
  { state: "drain", description: "take an origin out of service: no new visitors, until it is restored" },
  { state: "down", description: "the same for an origin that is broken, not resting" },
  { state: "up", description: "use an origin whatever its checks and circuits say" },
] as const;

function withWord(command: Command): Command {
  return withStore(
    command
      .option("--for <duration>", "only for so long, such as 30m or 2h")
      .option("--reason <text>", "why, for the others")
      .option("--author <name>", "who (default: your login name)"),
  );
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
