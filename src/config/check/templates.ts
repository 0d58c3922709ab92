// Placeholders in redirects, header values, rewrites and query parameters.

import { nearestName } from "../../expression/diagnostics.ts";
import { parseTemplate } from "../../transform/template.ts";
import type { TemplateProblem } from "../../transform/template.ts";
import type { Path } from "../source.ts";
import { reportInside } from "./context.ts";
import type { CheckContext } from "./context.ts";

export interface TemplateText {
  /** Undefined is none. */
  readonly text: string | undefined;
  /** Names of the route's parameters. */
  readonly params: readonly string[];
}

export function checkTemplate(context: CheckContext, path: Path, { text, params }: TemplateText): void {
  const parsed = text === undefined ? null : parseTemplate(text, params);
  if (parsed === null || parsed.ok) return;
  const { at, message } = parsed.error;
  reportInside(context, path, at, {
    code: "template",
    message: `Here is ${article(message)}.`,
    found: text ?? "",
    fix: fixFor(parsed.error, text ?? ""),
  });
}

function article(message: string): string {
  return message.startsWith("unknown") ? `an ${message}` : message;
}

function fixFor({ kind, at, known }: TemplateProblem, text: string): string {
  if (kind !== "unknown-ref") return "Write {name}, or double the brace to mean the character.";
  const name = /^\{\s*([^}]*?)\s*\}/.exec(text.slice(at))?.[1] ?? "";
  if (name === "rest") return "End the route's path with `/*`: `{rest}` is what that matches.";
  const near = nearestName(name, known);
  return near === null ? `Use one of: ${known.join(", ")}.` : `Did you mean {${near}}?`;
}
