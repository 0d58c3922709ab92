// How a script of this project begins and ends: failures that a user can act on are printed as what, why and how to fix it; any
// other error is a bug and keeps its stack. Every script's last line.

import { failureLines, isFailure } from "../output/failure.ts";

/** Runs a script's main function; what it throws is printed and becomes the exit code. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${describeError(error)}\n`);
    process.exit(isFailure(error) ? error.exit : 1);
  });
}

function describeError(error: unknown): string {
  if (isFailure(error)) return failureLines(error.parts).join("\n");
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
