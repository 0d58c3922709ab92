// The built-in error page: HTML for people, JSON for programs, with the request id that finds the line in the log. Pure. Holds
// no asset, no script and nothing about origins.

import type { PageSnapshot } from "../config/snapshot.ts";

export interface ErrorPageInput {
  readonly status: number;
  /** Stable code, see `errors.ts`. */
  readonly code: string;
  readonly title: string;
  readonly message: string;
  readonly requestId: string;
  readonly json: boolean;
  /** The rule that blocked the request. */
  readonly ruleId?: string;
}

export function renderErrorPage(input: ErrorPageInput): PageSnapshot {
  return input.json
    ? { contentType: "application/json; charset=utf-8", body: jsonBody(input) }
    : { contentType: "text/html; charset=utf-8", body: htmlBody(input) };
}

function jsonBody({ status, code, title, message, requestId, ruleId }: ErrorPageInput): string {
  const rule = ruleId === undefined ? {} : { ruleId };
  return `${JSON.stringify({ error: { status, code, title, message, requestId, ...rule } }, null, 2)}\n`;
}

function htmlBody(input: ErrorPageInput): string {
  const rule = input.ruleId === undefined ? "" : `<dt>Rule</dt><dd>${escapeHtml(input.ruleId)}</dd>`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${input.status} ${escapeHtml(input.title)}</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem }
h1 { font-size: 1.5rem; margin: 0 0 .5rem }
dl { display: grid; grid-template-columns: max-content auto; gap: .25rem 1rem; margin-top: 2rem; font-size: .875rem; opacity: .8 }
dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere }
</style>
<main>
<h1>${input.status} ${escapeHtml(input.title)}</h1>
<p>${escapeHtml(input.message)}</p>
<dl><dt>Request</dt><dd>${escapeHtml(input.requestId)}</dd>${rule}<dt>Code</dt><dd>${escapeHtml(input.code)}</dd></dl>
</main>
</html>
`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** For the content of an element. Control characters have no place in HTML. */
function escapeHtml(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
    .replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd")
    .toWellFormed();
}
