// Where a redirect of a route or a rule leads. Pure. A visitor's input fills a place in a path or a query; it can never choose the
// scheme or the host (open redirect), nor end the header's line.

import type { RedirectActionSnapshot, Template } from "../config/snapshot.ts";
import { formatQuery, parseQuery } from "../http/url.ts";
import { renderTemplate, type Placeholder, type TemplateValues } from "./template.ts";
import { encodePathText, encodeQueryText, encodeUrlText } from "./url-text.ts";

/**
 * The value of Location.
 *
 * @param query - The visitor's, without `?`. With `preserveQuery` its pairs come behind the template's own; where both have a
 * name, the template's counts.
 */
export function redirectLocation(
  action: Pick<RedirectActionSnapshot, "to" | "preserveQuery">,
  query: string,
  values: TemplateValues,
): string {
  const location = encodeUrlText(onOwnHost(renderTemplate(action.to, values, safeValue), action.to));
  return action.preserveQuery ? withQuery(location, query) : location;
}

/**
 * The value of Location where an expression made the target; null when that is neither a path nor an http(s) URL. What begins with
 * a slash stays on this host, however many slashes there are; a host is the rule author's word.
 */
export function madeLocation(target: string, query: string, preserveQuery: boolean): string | null {
  const isPath = /^[/\\]/.test(target);
  if (!isPath && !/^https?:\/\/[A-Za-z0-9[]/i.test(target)) return null;
  const location = encodeUrlText(isPath ? `/${target.replace(/^[/\\]+/, "")}` : target);
  return preserveQuery ? withQuery(location, query) : location;
}

/** Text up to a place inside the authority: `https://`, `//www.`. */
const IN_AUTHORITY = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#]*)$/i;

function safeValue({ value, ref, before }: Placeholder): string {
  const authority = IN_AUTHORITY.exec(before)?.[1];
  if (authority !== undefined) return valueInAuthority(value, ref, authority);
  // Behind `?` a value may be a query of its own; in a path it cannot begin one.
  return /[?#]/.test(before) ? encodeQueryText(value) : encodePathText(value);
}

/** Our own host is safe. Anything else is a label in front of a fixed domain, or the beginning of the path. */
function valueInAuthority(value: string, ref: string, authority: string): string {
  if (ref === "host" || ref === "hostname") return value;
  if (authority === "" || authority.endsWith(".")) return value.replaceAll(/[^A-Za-z0-9-]/g, "");
  return `/${encodePathText(value).replace(/^\/+/, "")}`;
}

/**
 * What begins with a value or with one slash stays on this host: to a browser `//evil` and `/\evil` are hosts, `javascript:` is a
 * scheme.
 */
function onOwnHost(location: string, template: Template): string {
  const [first] = template;
  const leaves = typeof first === "string" ? !/^\/(?![/\\])/.test(first) : first === undefined || first.ref === "scheme";
  return leaves ? location : `/${location.replace(/^[/\\]+/, "")}`;
}

function withQuery(location: string, query: string): string {
  if (query === "") return location;
  const hash = location.indexOf("#");
  const [base, fragment] = hash === -1 ? [location, ""] : [location.slice(0, hash), location.slice(hash)];
  const mark = base.indexOf("?");
  const [path, own] = mark === -1 ? [base, []] : [base.slice(0, mark), parseQuery(base.slice(mark + 1))];
  const names = new Set(own.map(({ name }) => name));
  const pairs = [...own, ...parseQuery(query).filter(({ name }) => !names.has(name))].filter(({ raw }) => raw !== "");
  return pairs.length === 0 ? `${path}${fragment}` : `${path}?${encodeQueryText(formatQuery(pairs))}${fragment}`;
}
