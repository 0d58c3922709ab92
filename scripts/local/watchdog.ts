// Ends workerd when the process that started it is gone. A killed Node (SIGKILL, out of memory) cannot clean up, and workerd
// would keep its ports; so a small process of our own holds a pipe to the parent, and when the pipe breaks it kills what the
// parent named. Runs as that small process when it is the main module. Does nothing on Windows, where jobs do this.

import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/**
 * Guards all workerd processes that this process has started so far.
 *
 * @returns a function that ends the guard, to be called once they were stopped in order.
 */
export async function guardChildren(): Promise<() => void> {
  const pids = await workerdChildren();
  if (pids.length === 0) return () => undefined;
  const args = [fileURLToPath(import.meta.url), ...pids.map(String)];
  // Detached: Ctrl-C in a terminal goes to the whole group, and the guard must outlive it.
  const guard = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "ignore"], detached: true });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  guard.on("error", () => undefined);
  return () => guard.kill("SIGKILL");
}

async function workerdChildren(): Promise<number[]> {
  if (process.platform === "win32") return [];
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,comm="]).catch(() => ({ stdout: "" }));
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([pid, parent, ...command]) =>
    Number(parent) === process.pid && command.join(" ").includes("workerd") ? [Number(pid)] : [],
  );
}

/** The guard: waits for the pipe to break, then ends the processes that are still there. */
function watch(pids: readonly number[]): void {
  process.stdin.resume();
  process.stdin.on("error", () => undefined);
  process.stdin.on("close", () => {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    process.exit(0);
  });
}

if (import.meta.main) watch(process.argv.slice(2).map(Number));
