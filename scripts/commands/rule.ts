// breakwater rule: lists, adds, removes and switches firewall rules. An edit changes the lines it must in the user's YAML, comments
// and all, and publishes the whole config as a new release. The text is that of the release in force, or a file (--config).

import type { Command } from "commander";
import { countProblems } from "../output/diagnostics.ts";
import { usageFailure } from "../output/failure.ts";
import { printable } from "../output/paint.ts";
import { report, type Report } from "../output/report.ts";
import { actionText } from "../output/rule-action.ts";
import { table } from "../output/table.ts";
import { formatTime } from "../output/time.ts";
import { buildRelease } from "../publish.ts";
import { requirePointer, requireRelease } from "../store/documents.ts";
import type { RuleSnapshot } from "../../src/config/rule-snapshot.ts";
import { chosenExpiry } from "./expiry.ts";
import { readConfig } from "./files.ts";
import { withStore, type Run } from "./options.ts";
import { modeOf } from "./publish.ts";
import { invalidFailure } from "./publish-report.ts";
import { addRuleFields } from "./rule-fields.ts";
import { addRuleImport } from "./rule-import.ts";
import { addRuleStats } from "./rule-stats.ts";
import type { RuleSwitch } from "../edit/rules.ts";
import { publishRuleEdit, type RuleEditOptions } from "./rule-edit.ts";
import { openStore, type Session, type StoreOptions } from "./session.ts";

interface ListOptions extends StoreOptions {
  readonly config?: string;
}

interface AddOptions extends RuleEditOptions {
  readonly id: string;
  readonly when?: string;
  readonly action?: string;
  readonly redirect?: string;
  readonly status?: string;
  readonly phase?: string;
  readonly before?: string;
  readonly mode?: string;
  readonly expires?: string;
  readonly description?: string;
  readonly owner?: string;
  readonly disabled?: boolean;
}

export function addRule(program: Command, run: Run): void {
  const rule = program.command("rule").description("firewall rules: see, change, import and count them");
  const list = rule
    .command("list")
    .description("all rules in their order")
    .option("--config <file>", "of a file instead of the release in force");
  withStore(list).action((options: ListOptions) => run(options, (session) => listRules(session, options)));
  addRuleStats(rule, run);
  addRuleFields(rule, run);
  addRuleImport(rule, { run, withEdit });

  const add = rule
    .command("add [expression]")
    .description("add a rule and publish it")
    .requiredOption("--id <id>", "its name, unique")
    .option("--when <expression>", "when it matches (the same as the argument)")
    .option(
      "--action <action>",
      "block, log or skip (all that follow), or the long form in YAML: '{ rateLimit: { requests: 5, per: 60s } }'",
    )
    .option("--redirect <url>", "instead of --action: redirect there")
    .option("--status <code>", "with --action block: the status of the answer (default 403)")
    .option("--phase <phase>", "request (default), origin, response or log")
    .option("--before <id>", "before this rule (default: at the end)")
    .option("--mode <mode>", "enforce, or log: write what it would do and do nothing")
    .option("--expires <when>", "through this day, such as 2027-01-31, or after a time, such as 2h")
    .option("--description <text>", "for people")
    .option("--owner <name>", "whom to ask")
    .option("--disabled", "keep it out of use for now");
  withEdit(add).action((expression: string | undefined, options: AddOptions) =>
    run(options, (session) => addOne(session, expression, options)),
  );

  const verbs = [
    ["remove", "remove a rule, and the comment above it"],
    ["enable", "put a rule into use"],
    ["disable", "keep a rule without using it"],
    ["watch", "let a rule write what it would do, and do nothing (mode: log)"],
    ["enforce", "let a rule do what it says (mode: enforce)"],
  ] as const;
  for (const [verb, description] of verbs) {
    const command = rule.command(`${verb} <id>`).description(`${description}; publishes`);
    withEdit(command).action((id: string, options: RuleEditOptions) =>
      run(options, (session) =>
        publishRuleEdit(session, options, {
          edit: verb === "remove" ? { kind: "remove", id } : { kind: "set", id, ...SWITCHES[verb] },
          message: `rule ${verb} ${id}`,
        }),
      ),
    );
  }
}

const SWITCHES = {
  enable: { key: "enabled", value: true },
  disable: { key: "enabled", value: false },
  watch: { key: "mode", value: "log" },
  enforce: { key: "mode", value: "enforce" },
} as const satisfies Readonly<Record<string, RuleSwitch>>;

function withEdit(command: Command): Command {
  command
    .option("--config <file>", "edit this file and publish it (default: the config of the release in force)")
    .option("-m, --message <text>", "why, for the history")
    .option("--author <name>", "who, for the history (default: your login name)")
    .option("--dry-run", "check and show the changes, write nothing");
  return withStore(command);
}

async function listRules(session: Session, options: ListOptions): Promise<Report> {
  const rules = options.config === undefined ? await publishedRules(session, options) : await fileRules(session, options.config, options);
  const columns = [{ title: "ID" }, { title: "PHASE" }, { title: "STATE" }, { title: "ACTION" }, { title: "WHEN" }];
  const rows = rules.map((rule) => [
    printable(rule.id),
    rule.phase,
    stateOf(rule, session),
    actionText(rule.action),
    printable(rule.when.replace(/\s+/g, " ").trim()),
  ]);
  const json = rules.map(({ expression: _expression, ...rule }) => rule);
  return report(rules.length === 0 ? ["There are no rules."] : table(columns, rows), { rules: json });
}

async function publishedRules(session: Session, options: StoreOptions): Promise<readonly RuleSnapshot[]> {
  const { store } = await openStore(session, options);
  return (await requireRelease(store, (await requirePointer(store)).release)).snapshot.rules;
}

async function fileRules(session: Session, file: string, options: StoreOptions): Promise<readonly RuleSnapshot[]> {
  const config = await readConfig(session, file);
  const { output, release } = await buildRelease(config, options.remote === true ? "production" : modeOf({ kind: "local" }));
  if (release === null) throw invalidFailure(output.diagnostics, config, session);
  if (output.diagnostics.length > 0)
    session.note(`${config.shown} has ${countProblems(output.diagnostics)}; breakwater validate shows them`);
  return release.snapshot.rules;
}

function stateOf(rule: RuleSnapshot, session: Session): string {
  const { paint } = session;
  if (!rule.enabled) return paint("dim", "disabled");
  if (rule.expiresAtMs !== null && rule.expiresAtMs <= session.nowMs()) return paint("dim", "expired");
  const until = rule.expiresAtMs === null ? "" : ` until ${formatTime(rule.expiresAtMs)}`;
  return rule.mode === "log" ? paint("yellow", `log only${until}`) : paint("green", `on${until}`);
}

async function addOne(session: Session, expression: string | undefined, options: AddOptions): Promise<Report> {
  if (expression !== undefined && options.when !== undefined)
    throw usageFailure("the expression was given twice", "give it as the argument or with --when");
  const when = expression ?? options.when;
  const example = `breakwater rule add --id no-wp --action block --when 'http.request.uri.path contains "/wp-"'`;
  if (when === undefined) throw usageFailure("there is no expression", `for example: ${example}`);
  const expires = options.expires === undefined ? null : chosenExpiry(options.expires, session.nowMs());
  const rule = {
    id: options.id,
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.phase === undefined ? {} : { phase: options.phase }),
    when,
    action: await chosenAction(options, example),
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    ...(options.disabled === true ? { enabled: false } : {}),
    ...(expires === null ? {} : { expires }),
    ...(options.owner === undefined ? {} : { owner: options.owner }),
  };
  return publishRuleEdit(session, options, {
    edit: { kind: "add", rule, before: options.before ?? null },
    message: `rule add ${options.id}`,
  });
}

/** As the file has it: a word, or the long form. */
async function chosenAction(options: AddOptions, example: string): Promise<string | Readonly<Record<string, unknown>>> {
  const { action, redirect, status } = options;
  if ((action === undefined) === (redirect === undefined))
    throw usageFailure("a rule has one action", `give --action block, log or skip, or --redirect URL; for example: ${example}`);
  if (redirect !== undefined) return { redirect };
  if (action?.trim().startsWith("{") === true) return longAction(action);
  if (action !== "block" && action !== "log" && action !== "skip")
    throw usageFailure(`--action "${action}" is none`, "give block, log or skip, the long form in braces, or --redirect URL");
  if (status === undefined) return action;
  if (action !== "block" || !/^[45]\d\d$/.test(status))
    throw usageFailure(`--status "${status}" does not fit`, "a block takes a status from 400 to 599");
  return { block: { status: Number(status) } };
}

/** What may stand in it, the schema says when the whole is checked. */
async function longAction(text: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse } = await import("yaml");
  try {
    return parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
    throw usageFailure(`--action is not YAML: ${why}`, "write it as in the config: '{ block: { status: 429 } }'");
  }
}
