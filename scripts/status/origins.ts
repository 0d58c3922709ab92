// What the Worker's GET /_breakwater/origins says, as one table per pool. The answer may come from a Worker of another version: what
// is missing is left empty, and what is unknown is shown as it is. Pure; `breakwater status` prints it.

import { printable, type Painter } from "../output/paint.ts";
import { policyText } from "../output/policy-text.ts";
import { table } from "../output/table.ts";
import { formatDuration } from "../output/time.ts";
import { field } from "../store/rest.ts";

const COLUMNS = [
  { title: "ORIGIN" },
  { title: "USE" },
  { title: "WHY" },
  { title: "WEIGHT", align: "right" },
  { title: "CIRCUIT" },
  { title: "IN FLIGHT", align: "right" },
  { title: "LAST REQUESTS" },
] as const;

const COLOURS: Readonly<Record<string, Parameters<Painter>[0]>> = {
  serving: "green",
  probing: "yellow",
  avoided: "yellow",
  excluded: "red",
};

/** Lines for a person; none when the answer has no pools. */
export function originsLines(answer: unknown, paint: Painter): readonly string[] {
  const pools = list(answer, "pools");
  if (pools.length === 0) return [];
  const colo = text(answer, "colo");
  const where = colo === "" ? "one data centre" : `the data centre ${printable(colo)}`;
  return [
    `Origins as one isolate in ${where} sees them; others may see them otherwise`,
    ...pools.flatMap((pool) => poolLines(pool, number(answer, "nowMs"), paint)),
  ];
}

function poolLines(pool: unknown, nowMs: number, paint: Painter): readonly string[] {
  const policy = field(pool, "policy");
  const words = policyText({ kind: text(policy, "kind"), by: text(policy, "by"), name: text(policy, "name") });
  const fallbacks = list(pool, "fallbacks").map(String);
  const chain = fallbacks.length === 0 ? "" : `, then ${fallbacks.join(", ")}`;
  const rows = list(pool, "origins").map((origin) => cells(origin, nowMs, paint));
  return [
    printable(`        pool ${text(pool, "name")}: ${words}${chain}; ${budgetText(field(pool, "retryBudget"))}`),
    ...table(COLUMNS, rows).map((line) => `          ${line}`),
  ];
}

/** `3 retries of 120 requests in 10 s, one more is allowed`. */
function budgetText(budget: unknown): string {
  const [retries, requests] = [number(budget, "retries"), number(budget, "requests")];
  const more = field(budget, "mayRetry") === false ? "no more is allowed now" : "one more is allowed";
  return `${retries} ${retries === 1 ? "retry" : "retries"} for ${requests} ${requests === 1 ? "request" : "requests"} in ${formatDuration(number(budget, "windowMs"))}, ${more}`;
}

function cells(origin: unknown, nowMs: number, paint: Painter): readonly string[] {
  const standing = field(origin, "standing");
  const recent = field(origin, "recent");
  const use = printable(text(standing, "use"));
  const colour = COLOURS[use];
  const seen = number(recent, "seen");
  return [
    printable(`${text(origin, "id")}${field(origin, "backup") === true ? " (backup)" : ""}`),
    colour === undefined ? use : paint(colour, use),
    printable(text(standing, "reason")),
    String(Math.round(number(standing, "weight") * 100) / 100),
    printable(circuitText(field(origin, "circuit"), nowMs)),
    String(number(origin, "inFlight")),
    seen === 0 ? "none" : `${number(recent, "good")} of ${seen} good`,
  ];
}

/** `open for 4 s more, by connection`; `half-open, by failures`; `closed`. */
function circuitText(circuit: unknown, nowMs: number): string {
  const phase = text(circuit, "phase");
  const openedBy = text(circuit, "openedBy");
  const left = phase === "open" ? ` for ${formatDuration(number(circuit, "openUntilMs") - nowMs)} more` : "";
  return `${phase}${left}${openedBy === "" ? "" : `, by ${openedBy}`}`;
}

function text(value: unknown, name: string): string {
  const found = field(value, name);
  return typeof found === "string" ? found : "";
}

function number(value: unknown, name: string): number {
  const found = field(value, name);
  return typeof found === "number" ? found : 0;
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}
