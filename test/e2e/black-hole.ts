// A port that takes no connection and refuses none, as behind a firewall that drops: a listener whose process is stopped and whose
// queue is full, so that the kernel drops what comes.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { connect } from "node:net";
import type { Socket } from "node:net";

export interface BlackHole {
  readonly port: number;
  stop(): void;
}

const LISTEN = `
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => process.stdout.write(String(server.address().port)));
`;

/** Far more than a queue of one can hold. */
const CONNECTIONS_MAX = 64;

/** A connection on this machine is made in less than a tenth of it. */
const CONNECT_MS = 300;

export async function startBlackHole(): Promise<BlackHole> {
  const child = spawn(process.execPath, ["-e", LISTEN], { stdio: ["ignore", "pipe", "inherit"] });
  const port = Number(await firstOutput(child));
  child.kill("SIGSTOP");
  const sockets: Socket[] = [];
  const stop = (): void => {
    for (const socket of sockets) socket.destroy();
    child.kill("SIGKILL");
  };
  while (sockets.length < CONNECTIONS_MAX) if (!(await connects(port, sockets))) return { port, stop };
  stop();
  throw new Error(`port ${port} took ${CONNECTIONS_MAX} connections, though nobody accepts any`);
}

function firstOutput(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("the listener ended")));
    child.stdout?.once("data", (bytes: Buffer) => resolve(bytes.toString()));
  });
}

function connects(port: number, sockets: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    sockets.push(socket);
    const timer = setTimeout(() => resolve(false), CONNECT_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
