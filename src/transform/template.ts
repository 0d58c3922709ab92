// Templates: text with placeholders in braces, `/new/{rest}`, used in redirects, header values and rewrites. Parsed when a config
// is compiled, rendered on requests. Pure. A placeholder without a value renders as nothing. It names no header, no cookie and no
// origin: neither a secret nor an input outside the cache key gets into an answer that is stored.

import type { Template } from "../config/snapshot.ts";
import type { Facts } from "../facts.ts";
import { TEMPLATE_CHARS_MAX } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";

/** What every template may name. Route parameters (`:name`, and `rest` after `/*`) come on top. */
export const TEMPLATE_REFS = [
  "scheme",
  "host",
  "hostname",
  "path",
  "query",
  "method",
  "client.address",
  "client.country",
  "request.id",
] as const;

export interface TemplateProblem {
  /** Offset of the brace or name in the text, in characters. */
  readonly at: number;
  readonly kind: "too-long" | "unclosed" | "unopened" | "empty" | "unknown-ref";
  readonly message: string;
  /** What could be meant: the names that are known here. */
  readonly known: readonly string[];
}

/** @param params - Names of the route's parameters. `{{` and `}}` stand for braces. */
export function parseTemplate(text: string, params: readonly string[] = []): Result<Template, TemplateProblem> {
  const known = [...TEMPLATE_REFS, ...params];
  if (text.length > TEMPLATE_CHARS_MAX)
    return problem(TEMPLATE_CHARS_MAX, "too-long", `a text of more than ${TEMPLATE_CHARS_MAX} characters`, known);
  const parts: (string | { readonly ref: string })[] = [];
  let literal = "";
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if ((char === "{" || char === "}") && text[at + 1] === char) {
      literal += char;
      at++;
    } else if (char === "}") {
      return problem(at, "unopened", "a } without a { before it; write }} for the character itself", known);
    } else if (char === "{") {
      const close = text.indexOf("}", at);
      if (close === -1) return problem(at, "unclosed", "a { without a } after it; write {{ for the character itself", known);
      const ref = text.slice(at + 1, close).trim();
      if (ref === "") return problem(at, "empty", "an empty placeholder", known);
      if (!known.includes(ref)) return problem(at, "unknown-ref", `unknown placeholder {${ref}}`, known);
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push({ ref });
      at = close;
    } else {
      literal += char;
    }
  }
  if (literal !== "" || parts.length === 0) parts.push(literal);
  return ok(parts);
}

function problem(at: number, kind: TemplateProblem["kind"], message: string, known: readonly string[]): Result<Template, TemplateProblem> {
  return fail({ at, kind, message, known });
}

/** Values by placeholder; made once per request. */
export type TemplateValues = Readonly<Record<string, string>>;

export interface TemplateContext {
  readonly requestId: string;
  readonly params: Readonly<Record<string, string>>;
}

/** Route parameters cannot hide a name of the vocabulary. */
export function templateValues(facts: Facts, context: TemplateContext): TemplateValues {
  return {
    ...context.params,
    scheme: facts.scheme,
    host: facts.host,
    hostname: facts.hostname,
    path: facts.path,
    query: facts.query,
    method: facts.method,
    "client.address": facts.client.address,
    "client.country": facts.client.country ?? "",
    "request.id": context.requestId,
  };
}

/** A place in a template that is being filled. */
export interface Placeholder {
  readonly ref: string;
  /** Empty when there is none. */
  readonly value: string;
  /** What was rendered in front of it. */
  readonly before: string;
}

/**
 * A template with its values.
 *
 * @param fill - Makes the text of a placeholder, for targets where not every character may stand; literal text is never changed.
 */
export function renderTemplate(
  template: Template,
  values: TemplateValues,
  fill: (placeholder: Placeholder) => string = ({ value }) => value,
): string {
  let rendered = "";
  for (const part of template) {
    if (typeof part === "string") rendered += part;
    else rendered += fill({ ref: part.ref, value: Object.hasOwn(values, part.ref) ? (values[part.ref] ?? "") : "", before: rendered });
  }
  return rendered;
}
