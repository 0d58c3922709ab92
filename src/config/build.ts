// From the text of a user's config to a snapshot, or to everything that is wrong with it. Runs in Node only: the command
// line, `npm start` and the tests call it, the Worker never loads it. Reads no files itself: they are handed in.

import type { Expression } from "../expression/ast.ts";
import { regexesOf } from "../expression/regexes.ts";
import { CONFIG_DIAGNOSTICS_MAX, SNAPSHOT_BYTES_MAX } from "../limits.ts";
import { checkConfig } from "./check.ts";
import { checkRedirectLoops } from "./check/redirect-loops.ts";
import { compileConfig } from "./compile.ts";
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
  const { expressions, lists } = checkConfig(context);
  if (checked.some(isError)) return finish(checked, null, config);
  const compiled = input.mode === "local" ? withOriginHosts(config) : config;
  const snapshot = compileConfig({ config: compiled, resources, lists, expressions: await proved(expressions) });
  checkRedirectLoops(context, snapshot);
  if (checked.some(isError)) return finish(checked, null, config);
  const bytes = new TextEncoder().encode(encodeSnapshot(snapshot)).length;
  return bytes > SNAPSHOT_BYTES_MAX ? finish([...checked, tooLarge(source, bytes)], null, config) : finish(checked, snapshot, config);
}

/**
 * Names of the files that the config refers to, each once, as written there. Empty when the text cannot be read that far.
 */
export function referencedFiles(text: string): readonly string[] {
  const { value, source } = parseConfig("", text);
  const { config } = value === undefined ? { config: null } : validate(value, source);
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

function tooLarge(source: Source, bytes: number): Diagnostic {
  const message = `The compiled config has ${bytes} bytes.`;
  return source.diagnostic({
    severity: "error",
    code: "snapshot-too-large",
    path: [],
    message,
    expected: `at most ${SNAPSHOT_BYTES_MAX} bytes`,
    fix: "Shorten lists and pages.",
  });
}

function finish(diagnostics: readonly Diagnostic[], snapshot: Snapshot | null, config: NormalConfig | null): BuildOutput {
  const sorted = diagnostics.toSorted(compareDiagnostics);
  if (sorted.length <= CONFIG_DIAGNOSTICS_MAX) return { diagnostics: sorted, snapshot, config };
  const shown = sorted.slice(0, CONFIG_DIAGNOSTICS_MAX - 1);
  const last = sorted[CONFIG_DIAGNOSTICS_MAX - 1];
  const message = `${sorted.length - shown.length} more problems are not shown.`;
  return {
    diagnostics:
      last === undefined ? shown : [...shown, { ...last, path: [], code: "too-many-problems", message, fix: "Correct those above first." }],
    snapshot,
    config,
  };
}

/** Patterns that are not linear by their form alone are analysed, so that V8 may run what is proved. Three megabytes of analyser are loaded only then. */
async function proved(expressions: readonly (Expression | null)[]): Promise<readonly (Expression | null)[]> {
  const isUnproved = (expression: Expression | null): boolean =>
    expression !== null && regexesOf(expression).some(({ maxLength }) => maxLength !== null);
  if (!expressions.some(isUnproved)) return expressions;
  const { proveRegexes } = await import("../expression/regex-safety.ts");
  return expressions.map((expression) =>
    expression !== null && isUnproved(expression) ? proveRegexes(expression).expression : expression,
  );
}
