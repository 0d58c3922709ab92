// breakwater init: writes a first config that is valid as it stands and says in its comments what to change.

import type { Command } from "commander";
import { existsSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { buildRelease } from "../publish.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { DEFAULT_CONFIG } from "./files.ts";
import { withCommon, type Run } from "./options.ts";
import { invalidFailure } from "./publish-report.ts";
import type { CommonOptions, Session } from "./session.ts";

interface InitOptions extends CommonOptions {
  readonly host: string;
  readonly origin: string;
  readonly force?: boolean;
}

export function addInit(program: Command, run: Run): void {
  const command = program
    .command("init [file]")
    .description("write a first config file (default: breakwater.yaml)")
    .option("--host <host>", "the host name that visitors use", "www.example.com")
    .option("--origin <url>", "the server behind it", "https://origin.example.com")
    .option("--force", "over a file that is there");
  withCommon(command).action((file: string | undefined, options: InitOptions) =>
    run(options, (session) => init(session, file ?? DEFAULT_CONFIG, options)),
  );
}

async function init(session: Session, file: string, options: InitOptions): Promise<Report> {
  const path = resolve(session.cwd, file);
  if (existsSync(path) && options.force !== true) {
    throw failure({
      what: "nothing was written",
      why: `${file} is there already`,
      fix: "name another file, or add --force",
      exit: EXIT.refused,
    });
  }
  const text = starterConfig(options.host, options.origin);
  const source = { entry: file, files: { [file]: text } };
  const { output, release } = await buildRelease(source, "local");
  if (release === null) throw invalidFailure(output.diagnostics, source, session);
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw failure({
      what: `${file} was not written`,
      why: error instanceof Error ? error.message : String(error),
      fix: "check that the folder is there and may be written",
    });
  }
  const named = file === DEFAULT_CONFIG ? "" : ` ${file}`;
  const next = [
    `  breakwater validate${named}    show what is wrong with it`,
    `  npm start -- --config ${file}    try it on this machine`,
    `  breakwater publish${named} --remote    make it the release in force`,
  ];
  return report([`Wrote ${file}. Edit it, then:`, ...next], { file: path });
}

/** Exported for its test: must always be valid. */
export function starterConfig(host: string, origin: string): string {
  return `# yaml-language-server: $schema=./breakwater.schema.json
# Breakwater's config. All keys and their defaults: docs/config.md. After an edit: breakwater publish

sites:
  - name: www
    hosts: [${JSON.stringify(host)}]
    routes:
      # The most specific path wins, whatever the order.
      - path: /*
        pool: web
      - path: /static/*
        pool: web
        cache: { edge: 1d }        # kept for a day, unless the origin says private or no-store

pools:
  web:
    origins:
      - ${JSON.stringify(origin)}
    health: { path: /, interval: 60s }

firewall:
  - id: no-dotfiles
    when: http.request.uri.path contains "/."
    action: block
    mode: log                      # watch first: breakwater rule list; then take this line away
`;
}
