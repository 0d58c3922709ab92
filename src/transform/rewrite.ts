// What an origin is asked, made from what the visitor asked: a prefix taken away, one put in front, a path replaced, query
// parameters removed and set. Pure. Works on encoded text, so that nothing is decoded on the way.

import type { RewriteSnapshot } from "../config/snapshot.ts";
import { formatQuery, parseQuery } from "../http/url.ts";
import { renderTemplate, type TemplateValues } from "./template.ts";

export interface Target {
  /** Starts with `/`. */
  readonly path: string;
  /** Without the `?`. */
  readonly query: string;
}

export function rewriteTarget(target: Target, rewrite: RewriteSnapshot, values: TemplateValues): Target {
  return { path: rewritePath(target.path, rewrite, values), query: rewriteQuery(target.query, rewrite.query, values) };
}

function rewritePath(path: string, rewrite: RewriteSnapshot, values: TemplateValues): string {
  if (rewrite.path !== null) return absolute(encodePath(renderTemplate(rewrite.path, values)));
  return absolute(rewrite.prefix + withoutPrefix(path, rewrite.strip));
}

/** Only on a segment border: `/static` is no prefix of `/statics`. */
function withoutPrefix(path: string, prefix: string): string {
  if (prefix === "" || !path.startsWith(prefix)) return path;
  const rest = path.slice(prefix.length);
  return rest === "" || rest.startsWith("/") ? rest : path;
}

/** Never `//host`: an origin may read that as a URL of its own. */
function absolute(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

/** Values are parts of a canonical path, or came from elsewhere: what would end the path or the request line is encoded. */
function encodePath(path: string): string {
  return path.replaceAll(/[^\x21-\x7e]|[?#]/g, (char) => encodeURIComponent(char.toWellFormed()));
}

function rewriteQuery(query: string, rules: RewriteSnapshot["query"], values: TemplateValues): string {
  if (rules.remove.length === 0 && rules.set.length === 0) return query;
  const replaced = new Set([...rules.remove, ...rules.set.map(([name]) => name)]);
  const kept = formatQuery(parseQuery(query).filter(({ name }) => !replaced.has(name)));
  const added = rules.set.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(renderTemplate(value, values).toWellFormed())}`);
  return [kept, ...added].filter((part) => part !== "").join("&");
}
