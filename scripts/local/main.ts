// How a script of this project begins and ends: errors that a user can act on are printed as what, why and how to fix it; any
// other error is a bug and keeps its stack. Used by every script's last line.

export interface UserErrorParts {
  /** What another program said, printed as it is. */
  readonly details?: string;
  /** The command or change that solves it. */
  readonly fix?: string;
}

/** An expected failure that ends a script: its message is for the person at the terminal, without a closing full stop. */
export function userError(message: string, parts: UserErrorParts = {}): Error {
  return Object.assign(new Error(message), { name: "UserError", parts });
}

/** Runs a script's main function; a failure is printed and becomes exit code 1. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exit(1);
  });
}

export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name !== "UserError") return error.stack ?? error.message;
  const { details, fix } = (error as Error & { parts: UserErrorParts }).parts;
  const lines = [details, `breakwater: ${error.message}.`, fix === undefined ? undefined : `Fix: ${fix}`];
  return lines.filter((line) => line !== undefined).join("\n");
}
