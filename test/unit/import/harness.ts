// Imports for tests: a small config, and the plan of an import into it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { buildConfig, type BuildOutput } from "../../../src/config/build.ts";
import { planImport, type ImportOptions, type ImportPlan } from "../../../scripts/import/plan-import.ts";
import { readCloudflare } from "../../../scripts/import/read-cloudflare.ts";
import type { Outcome } from "../../../scripts/import/import-rules.ts";

export const CONFIG = `# Ours.
sites:
  - name: a
    hosts: [a.example.com, "*.example.com"]
    routes:
      - { path: /*, pool: web }
pools:
  web: { origins: [https://origin.example.net] }
lists:
  partners: { kind: ip, entries: [203.0.113.0/24] }
firewall:
  # Ours, first.
  - id: ours
    when: http.host eq "intern.example.com"
    action: block
`;

export interface PlanOptions extends Partial<ImportOptions> {
  readonly config?: string;
}

export function fixture(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8");
}

export async function plan(text: string, { config = CONFIG, ...options }: PlanOptions = {}): Promise<ImportPlan> {
  const cloudflare = readCloudflare(text);
  if (!cloudflare.ok) throw new Error(cloudflare.error);
  const planned = await planImport({
    source: { entry: "breakwater.yaml", files: { "breakwater.yaml": config } },
    build: "production",
    cloudflare: cloudflare.value,
    options: { challenge: null, mode: "enforce", before: null, ...options },
  });
  if (!planned.ok) throw new Error(JSON.stringify(planned.error));
  return planned.value;
}

export function build(text: string): Promise<BuildOutput> {
  return buildConfig({ entry: "breakwater.yaml", files: { "breakwater.yaml": text }, mode: "production" });
}

export interface OneRule {
  readonly phase?: string;
  readonly [key: string]: unknown;
}

/** One rule in a ruleset of its own, imported. */
export async function importOne({ phase = "http_request_firewall_custom", ...rule }: OneRule, options: PlanOptions = {}): Promise<Outcome> {
  const full = { id: "b1234567890000000000000000000001", expression: 'http.host eq "x.example.com"', action: "block", ...rule };
  const { imported, text } = await plan(JSON.stringify({ id: "r", kind: "zone", phase, rules: [full] }), options);
  const output = await build(text);
  expect(output.diagnostics.filter((diagnostic) => diagnostic.severity === "error")).toEqual([]);
  const [outcome] = imported.outcomes;
  if (outcome === undefined) throw new Error("nothing came out");
  return outcome;
}
