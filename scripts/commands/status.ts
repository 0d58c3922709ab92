// breakwater status: what is published, what the Worker that answers has in force, what is wrong with either, and what the one
// isolate that answers knows of the origins.

import type { Command } from "commander";
import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import { isFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { formatDuration, formatTime } from "../output/time.ts";
import { originsLines } from "../status/origins.ts";
import { readPointer, shortHash, type PointerState } from "../store/documents.ts";
import { field } from "../store/rest.ts";
import { isGap, UNKNOWN_PATH, type AdminApi, type AdminGap } from "../store/worker.ts";
import { sessionAdmin } from "./after-edit.ts";
import { withStore, type Run } from "./options.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

export function addStatus(program: Command, run: Run): void {
  const command = program
    .command("status")
    .description("what is published, what the Worker has in force, and what it knows of the origins");
  withStore(command).action((options: StoreOptions) => run(options, (session) => status(session, options)));
}

interface WorkerAnswer {
  readonly status: unknown;
  /** Why there is no status; null when there is. */
  readonly problem: string | null;
  readonly fix: string | null;
}

async function status(session: Session, options: StoreOptions): Promise<Report> {
  const target = await openStore(session, options);
  const state = await readPointer(target.store);
  const api = sessionAdmin(session, target);
  const answer = await ask(api);
  const origins = await askOrigins(api, answer);
  const text = [
    `Store   ${printable(target.store.label)}`,
    ...storeLines(state, session),
    `Worker  ${target.workerUrl ?? "address unknown"}`,
    ...workerLines(answer, state, session),
    ...originsLines(origins.answer, session.paint),
    ...(origins.problem === null ? [] : [`Origins ${printable(origins.problem)}`]),
  ];
  const json = {
    store: target.store.label,
    published: state,
    worker: target.workerUrl,
    status: answer.status ?? null,
    problem: answer.problem,
    origins: origins.answer ?? null,
    originsProblem: origins.problem,
  };
  // Without a token nobody was asked, which is no failure of the Worker.
  return report(text, json, answer.problem !== null && !isGap(api) ? EXIT.failed : exitFor(state));
}

function exitFor(state: PointerState): ExitCode {
  return state.kind === "broken" ? EXIT.failed : EXIT.ok;
}

async function ask(api: AdminApi | AdminGap): Promise<WorkerAnswer> {
  if (isGap(api)) return { status: undefined, problem: "was not asked", fix: api.fix };
  try {
    return { status: await api.call("GET", "/_breakwater/status"), problem: null, fix: null };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { status: undefined, problem: error.parts.why ?? error.parts.what, fix: error.parts.fix ?? null };
  }
}

interface OriginsAnswer {
  readonly answer: unknown;
  readonly problem: string | null;
}

/** Never a failure of the command: a Worker may be older than this page of its API, and before the first release there are none. */
async function askOrigins(api: AdminApi | AdminGap, { status: shown }: WorkerAnswer): Promise<OriginsAnswer> {
  if (isGap(api) || typeof field(shown, "release") !== "string") return { answer: undefined, problem: null };
  try {
    return { answer: await api.call("GET", "/_breakwater/origins"), problem: null };
  } catch (error) {
    if (!isFailure(error)) throw error;
    const { code } = error.parts.data ?? {};
    const old = "unknown: this Worker is older than the command line and does not tell; deploy it again to see them";
    return { answer: undefined, problem: code === UNKNOWN_PATH ? old : `unknown: ${error.parts.why ?? error.parts.what}` };
  }
}

function storeLines(state: PointerState, session: Session): readonly string[] {
  if (state.kind === "none") return ["        nothing is published yet; breakwater publish"];
  if (state.kind === "broken")
    return [
      session.paint("red", `        the pointer cannot be read: ${printable(state.why)}`),
      "        fix: breakwater rollback NUMBER (see breakwater history)",
    ];
  const { number, release, publishedAtMs, author, message } = state.pointer;
  const why = message === "" ? "" : `: ${message}`;
  return [`        release ${number} (${shortHash(release)}), published ${formatTime(publishedAtMs)} by ${printable(author + why)}`];
}

function workerLines(answer: WorkerAnswer, state: PointerState, session: Session): readonly string[] {
  if (answer.problem !== null)
    return [`        ${printable(answer.problem)}`, ...(answer.fix === null ? [] : [`        fix: ${answer.fix}`])];
  const number = field(answer.status, "number");
  const release = field(answer.status, "release");
  const ageMs = field(answer.status, "ageMs");
  const age = typeof ageMs === "number" ? `, looked at KV ${formatDuration(ageMs)} ago` : "";
  const held =
    typeof release === "string"
      ? `release ${String(number)} (${shortHash(release)}), from ${String(field(answer.status, "from"))}${age}`
      : `no release${age}`;
  const behind =
    state.kind === "pointer" && release !== state.pointer.release ? [session.paint("yellow", "        not the published one yet")] : [];
  return [`        ${held}`, ...behind, ...problemLines(answer.status, session)];
}

function problemLines(shown: unknown, session: Session): readonly string[] {
  const problems = field(shown, "problems");
  const documents = field(shown, "documents");
  const named: (readonly [string, unknown])[] = [
    ["store", field(problems, "store")],
    ["release", field(problems, "release")],
  ];
  const lists = field(problems, "lists");
  for (const problem of Array.isArray(lists) ? lists : []) named.push([`list ${printable(String(field(problem, "list")))}`, problem]);
  for (const name of ["pointer", "health", "overrides", "purges"]) named.push([name, field(field(documents, name), "problem")]);
  return named.flatMap(([name, problem]) => {
    const message = field(problem, "message");
    return typeof message === "string" ? [session.paint("yellow", `        ${name}: ${printable(message)}`)] : [];
  });
}
