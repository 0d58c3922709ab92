// The processes of a benchmark: starting them, and reading from the kernel how much CPU time one has used. Linux only.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

/** Starts a script of this folder; resolves with its first line of output. */
export async function startScript(file: string): Promise<{ readonly line: string; readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [file], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("exit", (code) => reject(new Error(`${file} ended with code ${code}`)));
  });
  return { line, child };
}

/** Runs a script to its end and parses what it printed. */
export async function runScript<T>(file: string, args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${file} ended with code ${code}`);
  return JSON.parse(Buffer.concat(chunks).toString()) as T;
}

/** Process ids of the workerd processes that this process has started. */
export async function workerdChildren(): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await isWorkerdOf(pid, process.pid)) ? [pid] : [])));
  return found.flat();
}

/** CPU time of a process and its threads so far, user and system, milliseconds. */
export async function cpuMs(pid: number): Promise<number> {
  const fields = await statFields(pid);
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks * (1000 / CLOCK_TICKS_PER_SECOND);
}

/** USER_HZ, the same on every Linux that Node runs on. */
const CLOCK_TICKS_PER_SECOND = 100;

async function isWorkerdOf(pid: number, parent: number): Promise<boolean> {
  try {
    const [command, fields] = await Promise.all([readFile(`/proc/${pid}/cmdline`, "utf8"), statFields(pid)]);
    return command.includes("workerd") && Number(fields[1]) === parent;
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

/** What follows the name in proc(5) stat: state, parent, ... */
async function statFields(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
