// The processes of a measurement: whoever is started here is ended by its pid when the run ends, however it ends. Frozen ones and
// those of a parent that was killed are ended by a small shell of their own, which a broken pipe wakes.

import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

export interface Processes {
  /** Starts a script of this folder with an IPC channel. */
  script(file: string, args: readonly string[]): ChildProcess;
  command(file: string, args: readonly string[]): ChildProcess;
  /** Ends them all and waits until they are gone. */
  end(): Promise<void>;
}

/** Lines are `+ PID` and `- PID`; the end of the input ends those that are left. */
const GUARD = `all=""
while read -r sign pid; do
  rest=""
  for one in $all; do [ "$one" = "$pid" ] || rest="$rest $one"; done
  all="$rest"
  [ "$sign" = "-" ] || all="$all $pid"
done
[ -z "$all" ] || kill -KILL $all 2>/dev/null`;

export function createProcesses(): Processes {
  const running = new Set<ChildProcess>();
  // Detached: Ctrl-C in a terminal goes to the whole group, and the guard must outlive it.
  const guard = spawn("sh", ["-c", GUARD], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  guard.stdin.on("error", () => undefined);
  guard.unref();
  const track = (child: ChildProcess): ChildProcess => {
    running.add(child);
    guard.stdin.write(`+ ${child.pid}\n`);
    child.once("exit", () => {
      running.delete(child);
      guard.stdin.write(`- ${child.pid}\n`);
    });
    return child;
  };
  return {
    script: (file, args) => track(fork(file, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] })),
    command: (file, args) => track(spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] })),
    end: async () => {
      await Promise.all([...running].map((child) => endChild(child, "SIGKILL")));
      guard.stdin.end();
    },
  };
}

/** Resolves when the process is gone. SIGKILL ends a frozen one too. */
export async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

/** The next message of a child; what ends it before is an error. */
export function nextMessage<T>(child: ChildProcess, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${what} ended with code ${code}`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message as T);
    });
  });
}

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
