// The commands by name, and the one fence around them: argv -> command -> exit code. What a command does is in its own file.
// Results go to standard output, everything else to standard error. Called by breakwater.mjs.

import { Command, CommanderError } from "commander";
import { addAlert } from "./alert.ts";
import { addDiff } from "./diff.ts";
import { addDrill } from "./drill.ts";
import { addExplain } from "./explain.ts";
import { addHealth } from "./health.ts";
import { addHistory } from "./history.ts";
import { addInit } from "./init.ts";
import { addList } from "./list.ts";
import type { Run } from "./options.ts";
import { addOrigin } from "./origin.ts";
import { addPublish } from "./publish.ts";
import { addPurge } from "./purge.ts";
import { addRollback } from "./rollback.ts";
import { addRule } from "./rule.ts";
import { processSession } from "./session.ts";
import { addShow } from "./show.ts";
import { addStatus } from "./status.ts";
import { addValidate } from "./validate.ts";
import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import { failureLines, isFailure, type Failure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import type { Report } from "../output/report.ts";

const FOOTER = `
Exit codes: 0 done, 1 something outside failed, 2 wrong usage (health: too old), 3 the config has errors,
4 refused, nothing was changed, 5 written but not confirmed by the Worker.
Documentation: docs/cli.md`;

const run: Run = async (options, command) => {
  const session = processSession();
  try {
    printReport(await command(session), options.json === true);
  } catch (error) {
    if (!isFailure(error)) throw error;
    printFailure(error, options.json === true);
  }
};

function program(): Command {
  const root = new Command("breakwater")
    .description("Operates Breakwater: edits its config in Workers KV, shows what is in force and why.")
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .showHelpAfterError("(add --help for the options)")
    .addHelpText("after", FOOTER)
    // Options belong to the command they stand behind: drill and drill sign share some.
    .enablePositionalOptions()
    .exitOverride();
  const adders = [addInit, addValidate, addDiff, addPublish, addHistory, addRollback, addShow, addRule, addList, addOrigin];
  for (const add of [...adders, addHealth, addAlert, addDrill, addPurge, addStatus, addExplain]) add(root, run);
  return root;
}

function printReport(report: Report, json: boolean): void {
  if (json && report.json !== null) writeJson({ ok: report.exit === EXIT.ok, ...report.json });
  if (!json && report.text.length > 0) process.stdout.write(`${report.text.join("\n")}\n`);
  process.exitCode = report.exit;
}

function printFailure({ parts, exit }: Failure, json: boolean): void {
  const { what, why, fix, data } = parts;
  if (json) writeJson({ ok: false, ...data, error: { exit, what, why: why ?? null, fix: fix ?? null } });
  else process.stderr.write(`${failureLines(parts).join("\n")}\n`);
  process.exitCode = exit;
}

function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** A usage error that commander has told already; with --json it is told as a document, too. */
function endUsage(error: CommanderError, argv: readonly string[]): ExitCode {
  if (error.exitCode === 0) return EXIT.ok;
  if (argv.includes("--json")) {
    const what = error.message.replace(/^error: /, "");
    writeJson({ ok: false, error: { exit: EXIT.usage, what, why: null, fix: "breakwater --help" } });
  }
  return EXIT.usage;
}

/** Runs one command line. Sets the process's exit code and never rejects. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // `breakwater history | head` closes the pipe early.
    if (error.code !== "EPIPE") throw error;
  });
  try {
    await program().parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = endUsage(error, argv);
      return;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`This is a bug in breakwater:\n${printable(text)}\n`);
    process.exitCode = EXIT.failed;
  }
}
