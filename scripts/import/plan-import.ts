// An import into a config's text: converts, adds, and lets the config's own checks judge the result. A rule that they refuse is left
// out with their reason, and the rest is converted again, since a skip must not name a rule that is not there. Writes nothing.

import { buildConfig } from "../../src/config/build.ts";
import { isError, type Diagnostic } from "../../src/config/diagnostic.ts";
import { withLists } from "../../src/expression/scheme.ts";
import { ruleScheme } from "../../src/firewall/fields.ts";
import { listTypes } from "../../src/firewall/lists.ts";
import { fail, ok, type Result } from "../../src/result.ts";
import { editRules, ruleIds, type NewRule, type RuleEditError } from "../edit/rules.ts";
import type { BuildMode } from "../publish.ts";
import type { CloudflareExport } from "./cloudflare.ts";
import { left, type ChallengePolicy, type Left } from "./converted.ts";
import { importRules, type ImportContext, type Imported } from "./import-rules.ts";

export interface ImportOptions {
  readonly challenge: ChallengePolicy | null;
  readonly mode: "enforce" | "log";
  /** Of the config's rule that the new ones stand before; null is at the end. */
  readonly before: string | null;
}

export interface PlanInput {
  readonly source: { readonly entry: string; readonly files: Readonly<Record<string, string>> };
  readonly build: BuildMode;
  readonly cloudflare: CloudflareExport;
  readonly options: ImportOptions;
}

export interface ImportPlan {
  /** The main file with the new rules. */
  readonly text: string;
  readonly rules: readonly NewRule[];
  readonly imported: Imported;
}

export type PlanError =
  | { readonly kind: "edit"; readonly error: RuleEditError }
  /** The config has errors before anything is added. */
  | { readonly kind: "invalid"; readonly diagnostics: readonly Diagnostic[] };

export async function planImport({ source, build, cloudflare, options }: PlanInput): Promise<Result<ImportPlan, PlanError>> {
  const text = source.files[source.entry] ?? "";
  const before = await buildConfig({ ...source, mode: build });
  if (before.config === null || before.snapshot === null) return fail({ kind: "invalid", diagnostics: before.diagnostics });
  const context: Omit<ImportContext, "refused"> = {
    scheme: withLists(ruleScheme, listTypes(before.config.lists)),
    existing: before.config.firewall,
    challenge: options.challenge,
    mode: options.mode,
    isFollowed: options.before !== null,
  };
  const refused = new Map<number, Left>();
  // Each round refuses one rule at least, or is the last.
  for (;;) {
    const imported = importRules(cloudflare, { ...context, refused });
    const rules = imported.outcomes.flatMap(({ rule }) => rule ?? []);
    const edited = editRules(text, { kind: "add-all", rules, before: options.before });
    if (!edited.ok) return fail({ kind: "edit", error: edited.error });
    const files = { ...source.files, [source.entry]: edited.value };
    const { diagnostics } = await buildConfig({ entry: source.entry, files, mode: build });
    const found = refusals(diagnostics.filter(isError), ruleIds(edited.value), imported);
    if (found.size === 0) return ok({ text: edited.value, rules, imported });
    for (const [position, reason] of found) refused.set(position, reason);
  }
}

/** By position in the import. Errors elsewhere are for publishing to tell. */
function refusals(errors: readonly Diagnostic[], ids: readonly string[], { outcomes }: Imported): ReadonlyMap<number, Left> {
  const found = new Map<number, Left>();
  for (const { path, message, expected, found: value, fix } of errors) {
    const id = path[0] === "firewall" && typeof path[1] === "number" ? ids[path[1]] : undefined;
    const position = outcomes.findIndex((outcome) => outcome.rule !== null && outcome.rule.id === id);
    if (position < 0 || found.has(position)) continue;
    const details = [...(expected === undefined ? [] : [`expected: ${expected}`]), ...(value === undefined ? [] : [`found: ${value}`])];
    found.set(position, left(message.replace(/\.$/, ""), (fix ?? "write the rule by hand").replace(/\.$/, ""), details));
  }
  return found;
}
