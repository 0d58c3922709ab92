// From the text of a user's config to a snapshot, or to everything that is wrong with it. Runs in Node only: the command
// line, `npm start` and the tests call it, the Worker never loads it. Reads no files itself: they are handed in.

import type { Expression } from "../expression/ast.ts";
import { regexesOf } from "../expression/regexes.ts";
import { CONFIG_DIAGNOSTICS_MAX, LIST_DOCUMENT_CHARS_MAX, LISTS_CHARS_MAX, SNAPSHOT_BYTES_MAX } from "../limits.ts";
import { checkConfig } from "./check.ts";
import type { CheckedRule } from "./check/rules.ts";
import { checkRedirectLoops } from "./check/redirect-loops.ts";
import { compileConfig } from "./compile.ts";
import { storeLists } from "./compile/list-store.ts";
import { compareDiagnostics, isError } from "./diagnostic.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { encodeSnapshot } from "./encode.ts";
import { issueDiagnostics } from "./issues.ts";
import { normalizeConfig } from "./normalize.ts";
import type { NormalConfig } from "./normalize.ts";
import { parseConfig } from "./parse.ts";
import { repairUnknownKeys } from "./repair.ts";
import { fileReferences, loadResources } from "./resources.ts";
import { configSchema } from "./schema.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Source } from "./source.ts";

export interface BuildInput {
  /** The main file's name among `files`, shown in diagnostics. */
  readonly entry: string;
  /** Texts by relative path as written in the config: the main file, list files, error pages. */
  readonly files: Readonly<Record<string, string>>;
  /** local: origins on localhost are fine, and `host: preserve` has no effect. */
  readonly mode: "production" | "local";
  /** Milliseconds since the epoch, for rules that expire. Default: the machine's clock. */
  readonly nowMs?: number;
}

export interface BuildOutput {
  /** Sorted by position. */
  readonly diagnostics: readonly Diagnostic[];
  /** Null when there is an error. */
  readonly snapshot: Snapshot | null;
  /** The config in its long form, every default filled; null when the file does not fit the schema. */
  readonly config: NormalConfig | null;
  /** Texts of the long lists that the snapshot names, by their hash. */
  readonly lists: ReadonlyMap<string, string>;
}

/** Never throws on a user's input. */
export async function buildConfig(input: BuildInput): Promise<BuildOutput> {
  const { value, diagnostics, source } = parseConfig(input.entry, input.files[input.entry] ?? "");
  if (value === undefined) return finish(diagnostics, null, null);
  const validated = validate(value, source);
  const found = [...diagnostics, ...validated.diagnostics];
  if (validated.config === null) return finish(found, null, null);
  const { config } = validated;
  const resources = loadResources(config, input.files, source);
  const checked: Diagnostic[] = [...found, ...resources.diagnostics];
  const context = { config, source, resources, mode: input.mode, nowMs: input.nowMs ?? Date.now(), diagnostics: checked };
  const { rules, lists } = checkConfig(context);
  if (checked.some(isError)) return finish(checked, null, config);
  const compiled = input.mode === "local" ? withOriginHosts(config) : config;
  const stored = await storeLists(lists);
  const snapshot = compileConfig({ config: compiled, resources, lists: stored.snapshots, rules: await proved(rules) });
  checkRedirectLoops(context, snapshot);
  if (checked.some(isError)) return finish(checked, null, config);
  checked.push(...sizeProblems(source, snapshot, stored.documents));
  if (checked.some(isError)) return finish(checked, null, config);
  return { ...finish(checked, snapshot, config), lists: stored.documents };
}

/** A config's long form without a look at what its parts mean; null, and why, when the text cannot be read that far. */
export function readConfigText(entry: string, text: string): Pick<BuildOutput, "config" | "diagnostics"> {
  const { value, diagnostics, source } = parseConfig(entry, text);
  const validated = value === undefined ? { config: null, diagnostics: [] } : validate(value, source);
  return { config: validated.config, diagnostics: [...diagnostics, ...validated.diagnostics].toSorted(compareDiagnostics) };
}

/**
 * Names of the files that the config refers to, each once, as written there. Empty when the text cannot be read that far.
 */
export function referencedFiles(text: string): readonly string[] {
  const { config } = readConfigText("", text);
  return config === null ? [] : [...new Set(fileReferences(config).map((reference) => reference.file))];
}

/** With unknown keys only, the rest can still be checked: all problems then show at once. */
function validate(value: unknown, source: Source): { readonly config: NormalConfig | null; readonly diagnostics: readonly Diagnostic[] } {
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return { config: normalizeConfig(parsed.data), diagnostics: [] };
  const diagnostics = issueDiagnostics(parsed.error.issues, value, source);
  const repaired = configSchema.safeParse(repairUnknownKeys(value, diagnostics));
  return { config: repaired.success ? normalizeConfig(repaired.data) : null, diagnostics };
}

/** There is no zone on this machine: a request with the visitor's host would go to that host's own server. The check has warned. */
function withOriginHosts(config: NormalConfig): NormalConfig {
  const routesOf = (site: NormalConfig["sites"][number]): NormalConfig["sites"][number]["routes"] =>
    site.routes.map((route) => (route.host === undefined ? route : { ...route, host: "origin" }));
  const sites = config.sites.map((site) => ({ ...site, routes: routesOf(site) }));
  return { ...config, sites, pools: Object.fromEntries(Object.entries(config.pools).map(([name, pool]) => [name, withOwnHost(pool)])) };
}

function withOwnHost({ health, ...pool }: NormalConfig["pools"][string]): NormalConfig["pools"][string] {
  if (health === undefined) return pool;
  const { host: _, ...asked } = health;
  return { ...pool, health: asked };
}

function sizeProblems(source: Source, snapshot: Snapshot, lists: ReadonlyMap<string, string>): readonly Diagnostic[] {
  const tooLarge = (code: string, message: string, expected: string, path: readonly string[] = []): Diagnostic =>
    source.diagnostic({ severity: "error", code, path, message, expected, fix: "Shorten lists and pages." });
  const bytes = new TextEncoder().encode(encodeSnapshot(snapshot)).length;
  if (bytes > SNAPSHOT_BYTES_MAX)
    return [tooLarge("snapshot-too-large", `The compiled config has ${bytes} bytes.`, `at most ${SNAPSHOT_BYTES_MAX} bytes`)];
  const sizes = [...lists.values()].map((text) => text.length);
  const [chars, longest] = [sizes.reduce((sum, length) => sum + length, 0), Math.max(0, ...sizes)];
  if (longest <= LIST_DOCUMENT_CHARS_MAX && chars <= LISTS_CHARS_MAX) return [];
  const message = `The compiled lists have ${chars} characters, the longest ${longest}.`;
  return [tooLarge("lists-too-large", message, `at most ${LISTS_CHARS_MAX}, and ${LIST_DOCUMENT_CHARS_MAX} for one`, ["lists"])];
}

function finish(diagnostics: readonly Diagnostic[], snapshot: Snapshot | null, config: NormalConfig | null): BuildOutput {
  const sorted = diagnostics.toSorted(compareDiagnostics);
  const lists = new Map<string, string>();
  if (sorted.length <= CONFIG_DIAGNOSTICS_MAX) return { diagnostics: sorted, snapshot, config, lists };
  const shown = sorted.slice(0, CONFIG_DIAGNOSTICS_MAX - 1);
  const last = sorted[CONFIG_DIAGNOSTICS_MAX - 1];
  const message = `${sorted.length - shown.length} more problems are not shown.`;
  return {
    diagnostics:
      last === undefined ? shown : [...shown, { ...last, path: [], code: "too-many-problems", message, fix: "Correct those above first." }],
    snapshot,
    config,
    lists,
  };
}

/** Patterns that are not linear by their form alone are analysed, so that V8 may run what is proved. Three megabytes of analyser are loaded only then. */
async function proved(rules: readonly CheckedRule[]): Promise<readonly CheckedRule[]> {
  const isUnproved = (expression: Expression | null): expression is Expression =>
    expression !== null && regexesOf(expression).some(({ maxLength }) => maxLength !== null);
  if (!rules.some(({ when, count }) => isUnproved(when) || isUnproved(count))) return rules;
  const { proveRegexes } = await import("../expression/regex-safety.ts");
  const prove = (expression: Expression | null): Expression | null =>
    isUnproved(expression) ? proveRegexes(expression).expression : expression;
  return rules.map((rule) => ({ ...rule, when: prove(rule.when), count: prove(rule.count) }));
}
