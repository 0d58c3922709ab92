// What every check is handed, and how it reports. A check looks at one concern, reports all it finds and changes nothing.

import type { Diagnostic, Severity } from "../diagnostic.ts";
import type { NormalConfig } from "../normalize.ts";
import type { Resources } from "../resources.ts";
import type { Path, Source } from "../source.ts";

export interface CheckContext {
  readonly config: NormalConfig;
  readonly source: Source;
  readonly resources: Resources;
  readonly mode: "production" | "local";
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly diagnostics: Diagnostic[];
}

export interface Finding {
  readonly severity?: Severity;
  readonly code: string;
  readonly message: string;
  readonly expected?: string;
  readonly found?: string;
  readonly fix: string;
}

/** A message of another module as a sentence. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!]$/.test(text) ? "" : ".");
}

/** At the value of `path`. An error unless the finding says otherwise. */
export function report(context: CheckContext, path: Path, finding: Finding): void {
  context.diagnostics.push(context.source.diagnostic({ severity: "error", ...finding, path }));
}

/** At the last key of `path`. */
export function reportKey(context: CheckContext, path: Path, finding: Finding): void {
  context.diagnostics.push(context.source.diagnosticAtKey({ severity: "error", ...finding, path }));
}

/** Inside the text at `path`, `index` UTF-16 units from its start. */
export function reportInside(context: CheckContext, path: Path, index: number, finding: Finding): void {
  context.diagnostics.push(context.source.diagnosticInside(index, { severity: "error", ...finding, path }));
}

/** `line 12` of the value at `path`, for messages that name another place. */
export function lineOf(context: CheckContext, path: Path): string {
  return `line ${context.source.diagnostic({ severity: "error", code: "", message: "", path }).line}`;
}
