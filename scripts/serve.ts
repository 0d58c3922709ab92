// `npm run serve -- --origin http://127.0.0.1:9000 --port 8080`: the built Worker in front of one origin with the default policy,
// on a direct workerd socket, where requests arrive as they were sent. For public test suites and benchmarks; nothing is kept
// between runs. `--config FILE` takes another policy.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { build, PROJECT_ROOT } from "./build.ts";
import { runCli } from "./local/cli.ts";
import { runMain } from "./local/main.ts";
import { stopOnSignals } from "./local/stop.ts";
import { startWorker } from "./local/worker.ts";
import { failure, usageFailure } from "./output/failure.ts";

const ADMIN_TOKEN = "serve-only-on-this-machine-0123456789abcdef";
const USAGE = "npm run serve -- --origin http://127.0.0.1:9000 --port 8080";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { origin: { type: "string" }, port: { type: "string" }, config: { type: "string" } } });
  const port = Number(values.port ?? "0");
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw usageFailure(`--port ${values.port} is not a port`, USAGE);
  if (values.origin === undefined && values.config === undefined) throw usageFailure("--origin is missing", USAGE);
  const folder = await mkdtemp(join(tmpdir(), "breakwater-serve-"));
  const { scriptPath } = await build();
  const worker = await startWorker({
    scriptPath,
    configPath: join(PROJECT_ROOT, "wrangler.toml"),
    port: 0,
    directPort: port,
    persist: join(folder, "state"),
    secrets: { ADMIN_TOKEN },
    onLog: () => undefined,
  });
  stopOnSignals(async () => {
    await worker.dispose();
    await rm(folder, { recursive: true, force: true });
  });
  const config = values.config === undefined ? join(folder, "breakwater.yaml") : resolve(process.env["INIT_CWD"] ?? ".", values.config);
  if (values.config === undefined) await writeFile(config, configFor(originUrl(values.origin ?? "")));
  const result = await runCli({ workerUrl: worker.url, adminToken: ADMIN_TOKEN }, ["publish", config, "--yes"]);
  if (result.code !== 0) throw failure({ what: "the config was not published", details: [result.stdout.trim(), result.stderr.trim()] });
  console.log(`Serving ${values.origin ?? config} at ${worker.directUrl} (control and cron at ${worker.url})`);
}

/** The platform takes no IP addresses as origins, so the machine's own is asked by its name. */
function originUrl(text: string): string {
  if (!URL.canParse(text)) throw usageFailure(`--origin ${text} is not an address`, USAGE);
  const url = new URL(text);
  if (url.hostname === "127.0.0.1" || url.hostname === "[::1]") url.hostname = "localhost";
  return url.href.replace(/\/$/, "");
}

function configFor(origin: string): string {
  return `sites: [{ name: all, hosts: ["*"], routes: [{ path: /*, pool: origin }] }]\npools: { origin: { origins: [${JSON.stringify(origin)}] } }\n`;
}

runMain(main);
