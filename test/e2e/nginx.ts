// A real nginx over real files, for comparing what comes through Breakwater with what comes without it. Debian's package; runs on
// a free port of this machine, with everything it writes in a folder of its own.

import { spawn, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { eventually } from "./harness.ts";

export interface Nginx {
  readonly url: string;
  stop(): Promise<void>;
}

export function hasNginx(): boolean {
  return spawnSync("nginx", ["-v"]).status === 0;
}

/** Serves each folder under its path: `{"/doc/": "/usr/share/doc/"}`. */
export async function startNginx(folder: string, roots: Readonly<Record<string, string>>): Promise<Nginx> {
  const port = await freePort();
  await mkdir(join(folder, "logs"), { recursive: true });
  const file = join(folder, "nginx.conf");
  await writeFile(file, configFor(folder, port, roots));
  const child = spawn("nginx", ["-p", folder, "-c", file, "-e", join(folder, "logs/error.log"), "-g", "daemon off;"], { stdio: "inherit" });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const url = `http://localhost:${port}`;
  await eventually("nginx answers", async () => (await fetch(url).catch(() => null)) !== null);
  return {
    url,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
    },
  };
}

function configFor(folder: string, port: number, roots: Readonly<Record<string, string>>): string {
  const locations = Object.entries(roots).map(([path, root]) => `    location ${path} { alias ${root}; }`);
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${folder}/${name};`);
  const user = process.getuid?.() === 0 ? "user root;\n" : "";
  return `${user}worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 512; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log off;
${temp.join("\n")}
  gzip_static on;
  # nginx sends nothing compressed to a request with Via unless it is told to: its own rule for proxies, whatever the proxy.
  gzip_proxied any;
  gzip_vary on;
  server {
    listen 127.0.0.1:${port};
    add_header Cache-Control "public, max-age=600";
${locations.join("\n")}
  }
}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
