// The options that commands share, and how a command's function is run. One place, so that they read the same in every help.

import type { Command } from "commander";
import type { Report } from "../output/report.ts";
import type { CommonOptions, Session } from "./session.ts";

/** Runs a command's function and prints what it returns. Given to every command by program.ts. */
export type Run = (options: CommonOptions, command: (session: Session) => Promise<Report>) => Promise<void>;

export function withCommon(command: Command): Command {
  return command.option("--json", "print one JSON document instead of text").option("-y, --yes", "do not ask before a change");
}

export function withStore(command: Command): Command {
  command
    .option("--local", "the Worker on this machine (the default)")
    .option("--remote", "the account's KV, over Cloudflare's API")
    .option("--worker <url>", "address of the Worker (default: BREAKWATER_URL, or http://127.0.0.1:8787)")
    .option("--account <id>", "with --remote: the account (default: CLOUDFLARE_ACCOUNT_ID)")
    .option("--namespace <title>", "the KV namespace, by title or id (default: the one named like breakwater's)");
  return withCommon(command);
}

/** Adds one more value of an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}
