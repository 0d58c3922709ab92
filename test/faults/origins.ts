// The three origins of a measurement, and what can be done to them: told how to behave, killed, frozen, brought back on their
// ports. Their journals are read here.

import type { ChildProcess } from "node:child_process";
import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";

import { parseJournal } from "./figures.ts";
import type { Seen } from "./figures.ts";
import type { Behaviour, OriginMessage } from "./origin.ts";
import { endChild, nextMessage } from "./processes.ts";
import type { Processes } from "./processes.ts";
import type { Happening } from "./rows.ts";

export interface Origins {
  readonly ports: readonly number[];
  /** Something happens to the first or to all. */
  begin(happening: Happening, which: "first" | "all"): Promise<void>;
  /** All are well again: resolves with the time at which the first that had been dead listened; null when none had been. */
  restore(): Promise<number | null>;
  /** By origin, since the last `forget`. */
  seen(): Promise<readonly (readonly Seen[])[]>;
  forget(): Promise<void>;
}

const COUNT = 3;
const SCRIPT = join(import.meta.dirname, "origin.ts");

interface Origin {
  readonly port: number;
  readonly journal: string;
  child: ChildProcess;
  state: "well" | "dead" | "frozen" | "told";
}

export async function startOrigins(processes: Processes, folder: string): Promise<Origins> {
  const journals = Array.from({ length: COUNT }, (_, i) => join(folder, `origin-${i + 1}.journal`));
  const origins: readonly Origin[] = await Promise.all(
    journals.map(async (journal) => ({ ...(await start(processes, 0, journal)), journal, state: "well" as const })),
  );
  return {
    ports: origins.map(({ port }) => port),
    begin: async (happening, which) => {
      await Promise.all(origins.slice(0, which === "all" ? COUNT : 1).map((origin) => happen(origin, happening)));
    },
    restore: async () => {
      const backs = await Promise.all(origins.map((origin) => restore(origin, processes)));
      const times = backs.filter((time) => time !== null);
      return times.length === 0 ? null : Math.min(...times);
    },
    seen: () => Promise.all(journals.map(async (file) => parseJournal(await readFile(file, "utf8")))),
    forget: async () => {
      await Promise.all(journals.map((file) => truncate(file)));
    },
  };
}

async function start(processes: Processes, port: number, journal: string): Promise<Pick<Origin, "port" | "child">> {
  const child = processes.script(SCRIPT, [String(port), journal]);
  const message = await nextMessage<OriginMessage>(child, "an origin");
  return { child, port: "port" in message ? message.port : port };
}

async function happen(origin: Origin, happening: Happening): Promise<void> {
  if (happening === null) return;
  if (happening === "SIGKILL") {
    origin.state = "dead";
    await endChild(origin.child, "SIGKILL");
  } else if (happening === "SIGSTOP") {
    origin.state = "frozen";
    origin.child.kill("SIGSTOP");
  } else {
    origin.state = happening.kind === "die" ? "dead" : "told";
    await behave(origin, happening);
  }
}

async function restore(origin: Origin, processes: Processes): Promise<number | null> {
  const { state } = origin;
  origin.state = "well";
  switch (state) {
    case "well":
      return null;
    case "frozen":
      origin.child.kill("SIGCONT");
      return null;
    case "told":
      await behave(origin, { kind: "well" });
      return null;
    case "dead":
      await endChild(origin.child, "SIGKILL");
      origin.child = (await start(processes, origin.port, origin.journal)).child;
      return Date.now();
  }
}

async function behave(origin: Origin, behaviour: Behaviour): Promise<void> {
  origin.child.send(behaviour);
  await nextMessage<OriginMessage>(origin.child, "an origin");
}
