// Where a redirect leads. Pure. A visitor's text in the target can change the path, never the host.

import type { RedirectActionSnapshot } from "../config/snapshot.ts";
import { renderTemplate, type TemplateValues } from "./template.ts";

/** The value of Location. With `preserveQuery` the visitor's query is put behind one that the target already has. */
export function redirectLocation(action: Pick<RedirectActionSnapshot, "to" | "preserveQuery">, query: string, values: TemplateValues): string {
  const target = safeTarget(encodeTarget(renderTemplate(action.to, values)));
  return action.preserveQuery && query !== "" ? withQuery(target, query) : target;
}

/** `{rest}` of `//evil.example` or `\evil.example` would make a browser leave the site: an absolute path starts with one slash. */
function safeTarget(target: string): string {
  return /^[/\\]{2,}/.test(target) ? target.replace(/^[/\\]+/, "/") : target;
}

/** Control characters and spaces cannot stand in a header or a URL; the rest is as written. */
function encodeTarget(target: string): string {
  return target.replaceAll(/[^\x21-\x7e]/gu, (char) => encodeURIComponent(char.toWellFormed())).replaceAll("\\", "%5C");
}

function withQuery(target: string, query: string): string {
  const hash = target.indexOf("#");
  const [base, fragment] = hash === -1 ? [target, ""] : [target.slice(0, hash), target.slice(hash)];
  return `${base}${base.includes("?") ? "&" : "?"}${query}${fragment}`;
}
