// breakwater validate: all problems of a config file at once. Talks to nobody.

import type { Command } from "commander";
import { countProblems, diagnosticLines } from "../output/diagnostics.ts";
import { report, type Report } from "../output/report.ts";
import { buildRelease } from "../publish.ts";
import { readConfig } from "./files.ts";
import { withCommon, type Run } from "./options.ts";
import { invalidFailure } from "./publish-report.ts";
import type { CommonOptions, Session } from "./session.ts";

interface ValidateOptions extends CommonOptions {
  readonly local?: boolean;
}

export function addValidate(program: Command, run: Run): void {
  const command = program
    .command("validate [file]")
    .description("show everything that is wrong with a config file (default: breakwater.yaml)")
    .option("--local", "as for the Worker on this machine: origins may be on localhost");
  withCommon(command).action((file: string | undefined, options: ValidateOptions) =>
    run(options, (session) => validate(session, file, options)),
  );
}

async function validate(session: Session, file: string | undefined, options: ValidateOptions): Promise<Report> {
  const config = await readConfig(session, file);
  const { output, release } = await buildRelease(config, options.local === true ? "local" : "production");
  if (release === null) throw invalidFailure(output.diagnostics, config, session);
  const { snapshot, hash } = release;
  const counts = {
    sites: snapshot.sites.length,
    routes: snapshot.sites.reduce((sum, site) => sum + site.routes.length, 0),
    pools: snapshot.pools.length,
    origins: snapshot.pools.reduce((sum, pool) => sum + pool.origins.length, 0),
    rules: snapshot.rules.length,
  };
  const listed = Object.entries(counts).map(([noun, count]) => `${count} ${count === 1 ? noun.slice(0, -1) : noun}`);
  const verdict = output.diagnostics.length === 0 ? "is valid" : `is valid, with ${countProblems(output.diagnostics)}`;
  const text = [...diagnosticLines(output.diagnostics, config.files, session.paint), `${config.shown} ${verdict}: ${listed.join(", ")}.`];
  return report(text, { file: config.shown, release: hash, ...counts, diagnostics: output.diagnostics });
}
