// nginx and HAProxy (Debian's packages) in front of the same origins, each as installed and as somebody would tune it for failing
// origins: 300 ms to connect, 1 s to the answer, three tries, again on 5xx. Started where they are installed; one process each.

import type { ChildProcess } from "node:child_process";
import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { endChild, freePort } from "./processes.ts";
import type { Running, Subject, World } from "./subject.ts";

type Variant = "plain" | "tuned";

/** Those that this machine has. */
export function rivals(world: World): readonly Subject[] {
  const nginx = (name: string, variant: Variant): Subject => ({ name, start: () => startNginx(world, variant) });
  const haproxy = (name: string, variant: Variant): Subject => ({ name, start: () => startHaproxy(world, variant) });
  return [
    ...(isInstalled("nginx") ? [nginx("nginx default", "plain"), nginx("nginx tuned", "tuned")] : []),
    ...(isInstalled("haproxy") ? [haproxy("HAProxy with checks", "plain"), haproxy("HAProxy tuned", "tuned")] : []),
  ];
}

function isInstalled(command: string): boolean {
  return spawnSync(command, ["-v"]).status === 0;
}

async function startNginx(world: World, variant: Variant): Promise<Running> {
  const folder = join(world.folder, `nginx-${variant}`);
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  await writeFile(file, nginxConfig({ folder, port, variant, ports: world.ports }));
  return running(world.processes.command("nginx", ["-p", folder, "-c", file, "-e", join(folder, "error.log")]), port);
}

async function startHaproxy(world: World, variant: Variant): Promise<Running> {
  const port = await freePort();
  const file = join(world.folder, `haproxy-${variant}.cfg`);
  await writeFile(file, haproxyConfig({ port, variant, ports: world.ports }));
  return running(world.processes.command("haproxy", ["-db", "-f", file]), port);
}

/** Longer than any of them takes to start. */
const START_MS_MAX = 10_000;

async function running(child: ChildProcess, port: number): Promise<Running> {
  const errors: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk));
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_MS_MAX;
  while ((await fetch(url).catch(() => null))?.status !== 200) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`${child.spawnfile} does not answer at ${url}:\n${Buffer.concat(errors).toString()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url, log: [], stop: () => endChild(child, "SIGKILL") };
}

function nginxConfig(of: { folder: string; port: number; variant: Variant; ports: readonly number[] }): string {
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${of.folder}/${name};`);
  const tuned = `
      proxy_connect_timeout 300ms;
      proxy_read_timeout 1s;
      proxy_next_upstream error timeout http_500 http_502 http_503 http_504;
      proxy_next_upstream_tries 3;`;
  return `daemon off;
master_process off;
pid ${of.folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
${temp.join("\n")}
  upstream web {
${of.ports.map((port) => `    server 127.0.0.1:${port};`).join("\n")}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${of.port} backlog=1024;
    keepalive_requests 1000000;
    location / {
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Connection "";${of.variant === "tuned" ? tuned : ""}
    }
  }
}
`;
}

function haproxyConfig(of: { port: number; variant: Variant; ports: readonly number[] }): string {
  const tuned = `
  retries 2
  option redispatch 1
  retry-on conn-failure empty-response junk-response response-timeout 500 502 503 504
  http-request disable-l7-retry if METH_POST`;
  const [connect, server] = of.variant === "tuned" ? ["300ms", "1s"] : ["5s", "30s"];
  return `global
  maxconn 4096
defaults
  mode http
  timeout connect ${connect}
  timeout client 30s
  timeout server ${server}
frontend visitors
  bind 127.0.0.1:${of.port}
  default_backend web
backend web
  option httpchk GET /healthz${of.variant === "tuned" ? tuned : "\n  option redispatch"}
${of.ports.map((port, i) => `  server origin-${i + 1} 127.0.0.1:${port} check`).join("\n")}
`;
}
