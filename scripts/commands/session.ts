// What a command gets from the process: environment, folder, clock, streams, the shared options. Commands take it as a parameter
// and touch nothing else of the process. Made once by breakwater.ts.

import { createInterface } from "node:readline/promises";
import { setTimeout as pause } from "node:timers/promises";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { painter, wantsColour, type Painter } from "../output/paint.ts";
import type { Env } from "../store/credentials.ts";
import { openTarget, type Target, type TargetOptions } from "../store/target.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
}

export type StoreOptions = CommonOptions & TargetOptions;

export interface Session {
  readonly env: Env;
  /** Relative paths of the command line start here. */
  readonly cwd: string;
  /** Where the token of the Worker on this machine may be: the user's folder, and the project's when npm started this. */
  readonly tokenFolders: readonly string[];
  /** For standard output. */
  readonly paint: Painter;
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  /** A line on standard error: progress and hints, never a result. */
  note(line: string): void;
  /** Asks on the terminal; null when there is nobody to ask. */
  ask(question: string): Promise<string | null>;
}

export function processSession(): Session {
  const env = process.env;
  return {
    env,
    cwd: startFolder(env),
    tokenFolders: [startFolder(env), process.cwd()],
    paint: painter(wantsColour(process.stdout, env)),
    nowMs: () => Date.now(),
    sleep: (ms) => pause(ms),
    note: (line) => void process.stderr.write(`${line}\n`),
    ask: askOnTerminal,
  };
}

/** npm runs scripts in the project's folder; the user's own is in INIT_CWD. */
function startFolder(env: Env): string {
  const started = env["npm_lifecycle_event"] === "breakwater" ? env["INIT_CWD"] : undefined;
  return started ?? process.cwd();
}

async function askOnTerminal(question: string): Promise<string | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

export function openStore(session: Session, options: StoreOptions): Promise<Target> {
  return openTarget({ options, env: session.env, nowMs: session.nowMs(), sleep: (ms) => session.sleep(ms) });
}

/** A change of the store on this machine needs no question. Anything else is confirmed by a person or by --yes. */
export async function confirm(
  session: Session,
  options: CommonOptions,
  input: { readonly target: Target; readonly question: string },
): Promise<void> {
  if (options.yes === true || input.target.kind === "local") return;
  const answer = options.json === true ? null : await session.ask(`${input.question} [y/N] `);
  if (answer !== null && /^y(es)?$/i.test(answer.trim())) return;
  const why = answer === null ? "there is no terminal to ask on" : "the answer was no";
  throw failure({ what: "nothing was changed", why, fix: "confirm with y, or add --yes", exit: EXIT.refused });
}
