// `npm run verify:production -- --host HOST`: asks a deployment what only a deployment can show, because the machine's simulator
// behaves otherwise: which cache answers, which encodings arrive, what a dead origin looks like, whose address is seen. Prints what
// holds, what does not and what was not asked. It changes nothing but purging one URL of its own, and that only with the token.

import { parseArgs } from "node:util";

import { usageFailure } from "./output/failure.ts";
import { runMain } from "./local/main.ts";
import { createProbe } from "./verify/probe.ts";
import { CHECKS } from "./verify/checks.ts";
import type { Verdict } from "./verify/checks.ts";

const USAGE = `npm run verify:production -- --host HOST
  --host HOST        the deployment, for example www.example.com; for a local one 127.0.0.1:8787 with --http
  --http             ask by http: instead of https:
  --asset PATH       a file that may be cached, default /static/app.css
  --echo PATH        a page of the origin that answers with the headers it received as JSON {"headers": {...}}; npm start's
                     origins have /api/echo. Without it Host, address and zone cache are not checked
  --dead PATH        a route whose origins are all dead. Without it error shapes are not checked
  BREAKWATER_ADMIN_TOKEN   the Worker's admin token. Without it the purge is not checked`;

const MARKS: Readonly<Record<Verdict["state"], string>> = { holds: "holds      ", fails: "FAILS      ", skipped: "not checked" };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: "string" },
      http: { type: "boolean", default: false },
      asset: { type: "string", default: "/static/app.css" },
      echo: { type: "string" },
      dead: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const base = `${values.http ? "http" : "https"}://${values.host ?? ""}`;
  if (values.host === undefined || !URL.canParse(base)) throw usageFailure("--host is missing or not a host", USAGE);
  const target = {
    probe: createProbe(base),
    host: values.host,
    base,
    asset: values.asset,
    echo: values.echo ?? null,
    dead: values.dead ?? null,
    adminToken: process.env["BREAKWATER_ADMIN_TOKEN"] ?? null,
  };
  console.log(`Asking ${base}\n`);
  const counts = { holds: 0, fails: 0, skipped: 0 };
  for (const check of CHECKS) {
    const verdict = await check.run(target).catch((error: unknown): Verdict => ({ state: "fails", why: describe(error) }));
    counts[verdict.state]++;
    console.log(`${MARKS[verdict.state]}  ${check.claim}${verdict.why === "" ? "" : `\n             ${verdict.why}`}`);
  }
  console.log(`\n${counts.holds} hold, ${counts.fails} fail, ${counts.skipped} not checked`);
  if (counts.fails > 0) process.exitCode = 1;
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return error instanceof Error ? error.message + cause : String(error);
}

runMain(main);
