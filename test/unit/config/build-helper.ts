// Configs for tests: a small one that is good, and building from plain values.

import { buildConfig } from "../../../src/config/build.ts";
import type { BuildInput, BuildOutput } from "../../../src/config/build.ts";

export const NOW_MS = Date.UTC(2026, 10, 1);

export function buildText(text: string, more: Partial<BuildInput> = {}): Promise<BuildOutput> {
  return buildConfig({
    entry: "breakwater.yaml",
    mode: "production",
    nowMs: NOW_MS,
    ...more,
    files: { ...more.files, "breakwater.yaml": text },
  });
}

/** JSON is YAML. */
export function buildValue(value: unknown, more: Partial<BuildInput> = {}): Promise<BuildOutput> {
  return buildText(JSON.stringify(value), more);
}

export interface SmallConfig {
  readonly site?: Readonly<Record<string, unknown>>;
  readonly routes?: readonly unknown[];
  readonly pool?: Readonly<Record<string, unknown>>;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** One site, one route, one pool, with parts of it replaced. */
export function smallConfig({ site = {}, routes = [{ path: "/*", pool: "web" }], pool = {}, more = {} }: SmallConfig = {}): Readonly<
  Record<string, unknown>
> {
  return {
    sites: [{ name: "a", hosts: ["a.example.com"], routes, ...site }],
    pools: { web: { origins: ["https://origin.example.net"], ...pool } },
    ...more,
  };
}

/** Codes of the errors, in order, each once. */
export function errorCodes(output: BuildOutput): readonly string[] {
  return [...new Set(output.diagnostics.filter((diagnostic) => diagnostic.severity === "error").map((diagnostic) => diagnostic.code))];
}
