// How much memory the Worker of a test takes: resident bytes of the workerd processes that this process started, from /proc.

import { readdirSync, readFileSync } from "node:fs";

import { expect } from "vitest";

const MIB = 1024 * 1024;

/** 0 when there are none, or no /proc. */
function residentBytes(): number {
  try {
    const pids = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isOwnWorkerd(pid));
    return pids.reduce((sum, pid) => sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024, 0);
  } catch {
    return 0;
  }
}

function isOwnWorkerd(pid: string): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /^Name:\s+workerd/m.test(status) && new RegExp(`^PPid:\\s+${process.pid}$`, "m").test(status);
  } catch {
    return false;
  }
}

/** Runs an action and returns by how many bytes memory grew at its peak. */
export async function growthDuring(action: () => Promise<void>): Promise<number> {
  const before = residentBytes();
  // Without a measurement the growth would be 0, and no test could fail. Other systems than Linux have no /proc.
  if (process.platform === "linux") expect(before, "bytes of workerd's memory").toBeGreaterThan(10 * MIB);
  let peak = before;
  const sampler = setInterval(() => (peak = Math.max(peak, residentBytes())), 20);
  try {
    await action();
  } finally {
    clearInterval(sampler);
  }
  return peak - before;
}
