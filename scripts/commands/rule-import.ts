// breakwater rule import: takes over rules from Cloudflare's JSON, says of each rule what became of it, and publishes the config
// with those that could be carried over. Reads and reports; what a rule becomes is decided in scripts/import.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { nearestName } from "../../src/expression/diagnostics.ts";
import type { CloudflareExport } from "../import/cloudflare.ts";
import type { ChallengePolicy } from "../import/converted.ts";
import type { ImportPlan, PlanError } from "../import/plan-import.ts";
import { readCloudflare } from "../import/read-cloudflare.ts";
import { importJson, importLines } from "../import/report.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure, usageFailure } from "../output/failure.ts";
import { report, type Report } from "../output/report.ts";
import { counted } from "../output/diagnostics.ts";
import type { Source } from "../store/documents.ts";
import { openEdit, publishEdit, type EditOptions } from "./config-edit.ts";
import type { Run } from "./options.ts";
import { modeOf } from "./publish.ts";
import { invalidFailure } from "./publish-report.ts";
import { openStore, type Session } from "./session.ts";

interface ImportCommandOptions extends EditOptions {
  readonly before?: string;
  readonly mode: string;
  readonly challenge?: string;
}

export interface RuleImportParts {
  readonly run: Run;
  /** Adds the options that every edit of a rule has. */
  readonly withEdit: (command: Command) => Command;
}

export function addRuleImport(rule: Command, { run, withEdit }: RuleImportParts): void {
  const command = rule
    .command("import <file>")
    .description(
      "take over rules from Cloudflare's JSON (rulesets, or the older firewall rules and rate limits) and publish; - is standard input",
    )
    .option("--before <id>", "before this rule (default: at the end)")
    .option("--mode <mode>", "log: all rules only record what they would do; or enforce", "enforce")
    .option("--challenge <what>", "of rules that challenge visitors, which a Worker cannot do: block, log, or skip (leave them out)");
  withEdit(command).action((file: string, options: ImportCommandOptions) => run(options, (session) => importFile(session, file, options)));
}

async function importFile(session: Session, file: string, options: ImportCommandOptions): Promise<Report> {
  const mode = modeOption(options.mode);
  const challenge = challengeOption(options.challenge);
  const cloudflare = await readExport(session, file);
  const target = await openStore(session, options);
  const start = await openEdit(session, options, target);
  const { entry, files } = start.source;
  const choices = { mode, challenge, before: options.before ?? null };
  const { planImport } = await import("../import/plan-import.ts");
  const planned = await planImport({ source: start.source, build: modeOf(target), cloudflare, options: choices });
  if (!planned.ok) throw planFailure(planned.error, start.source, session);
  const { rules, imported } = planned.value;
  const lines = [...importLines(imported, session.paint), ...adviceLines(planned.value, mode)];
  const json = importJson(imported);
  if (rules.length === 0) return report([...lines, "Nothing was added."], { changed: false, import: json });
  const isShownFirst = options.dryRun !== true && options.json !== true;
  // As the diff of an edit: seen before the question.
  if (isShownFirst) for (const line of lines) session.note(line);
  const end = await publishEdit(session, options, {
    target,
    before: start,
    after: { entry, files: { ...files, [entry]: planned.value.text } },
    message: `rule import: ${counted(rules.length, "rule")} from Cloudflare`,
    json: { import: json },
  });
  return { ...end, text: isShownFirst ? end.text : [...lines, "", ...end.text] };
}

function modeOption(mode: string): "enforce" | "log" {
  if (mode === "enforce" || mode === "log") return mode;
  throw usageFailure(`--mode "${mode}" is none`, "give log or enforce");
}

function challengeOption(challenge: string | undefined): ChallengePolicy | null {
  if (challenge === undefined || challenge === "block" || challenge === "log" || challenge === "skip") return challenge ?? null;
  throw usageFailure(`--challenge "${challenge}" is none`, "give block, log, or skip");
}

async function readExport(session: Session, file: string): Promise<CloudflareExport> {
  const content = file === "-" ? await text(process.stdin) : await readText(session, file);
  const read = readCloudflare(content);
  if (read.ok) return read.value;
  throw failure({
    what: `${file === "-" ? "standard input" : file} cannot be imported`,
    why: read.error,
    fix: "give what Cloudflare's API answers, such as GET /zones/ZONE/rulesets/phases/http_request_firewall_custom/entrypoint",
    exit: EXIT.usage,
  });
}

async function readText(session: Session, file: string): Promise<string> {
  const path = resolve(session.cwd, file);
  try {
    return await readFile(path, "utf8");
  } catch {
    throw failure({ what: `${file} cannot be read`, why: `there is no readable file at ${path}`, fix: "check the path", exit: EXIT.usage });
  }
}

function planFailure(error: PlanError, source: Source, session: Session): Error {
  if (error.kind === "invalid") return invalidFailure(error.diagnostics, source, session);
  const { error: edit } = error;
  if (edit.kind === "unknown-rule") {
    const near = nearestName(edit.id, edit.known);
    const fix = near === null ? "breakwater rule list shows them" : `did you mean ${near}?`;
    return failure({ what: `there is no rule "${edit.id}"`, why: `${source.entry} has: ${edit.known.join(", ")}`, fix, exit: EXIT.usage });
  }
  const why = edit.kind === "exists" ? `it has a rule "${edit.id}" twice` : edit.message;
  return failure({ what: `${source.entry} cannot be edited`, why, fix: "edit the file by hand, then publish it" });
}

/** How to find out what the new rules do before they do it. */
function adviceLines({ rules }: ImportPlan, mode: "enforce" | "log"): readonly string[] {
  if (rules.length === 0) return [];
  if (mode === "log")
    return ["They only watch: breakwater rule stats shows what they would have done. To let one act: breakwater rule enforce ID."];
  return ["They act at once. With --mode log they only record what they would do, and breakwater rule stats shows it."];
}
