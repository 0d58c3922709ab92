// What a command gets from the process: environment, folder, clock, streams, the shared options. Commands take it as a parameter
// and touch nothing else of the process. Made once by program.ts.

import { createInterface } from "node:readline/promises";
import { setTimeout as pause } from "node:timers/promises";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { painter, wantsColour, type Painter } from "../output/paint.ts";
import type { TerminalSize } from "../output/redraw.ts";
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
  /** Ends early, and well, when the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A piece of the result on standard output, for commands that print as they go. */
  write(text: string): void;
  /** Null where standard output is no terminal, or one that cannot move its cursor. */
  terminalSize(): TerminalSize | null;
  /** From then on Ctrl-C aborts this signal instead of ending the process; so does a reader who closes the pipe. Once. */
  interruption(): AbortSignal;
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
    sleep: sleepFor,
    write: (text) => void process.stdout.write(text),
    terminalSize: () => terminalSize(process.stdout, env),
    interruption,
    note: (line) => void process.stderr.write(`${line}\n`),
    ask: askOnTerminal,
  };
}

async function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

function terminalSize({ isTTY, columns, rows }: typeof process.stdout, env: Env): TerminalSize | null {
  if (!isTTY || env["TERM"] === "dumb") return null;
  // Some terminals say that they have none: those of scripts and of serial lines.
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  // Once: a second Ctrl-C ends the process, whatever it waits for.
  process.once("SIGINT", () => controller.abort());
  process.stdout.once("error", () => controller.abort());
  return controller.signal;
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

/** @param signal - Aborts what is under way in the store, for commands that end before it answers. */
export function openStore(session: Session, options: StoreOptions, signal?: AbortSignal): Promise<Target> {
  return openTarget({ options, env: session.env, nowMs: session.nowMs(), sleep: (ms) => session.sleep(ms, signal), signal });
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
