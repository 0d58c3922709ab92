// Takes the names of origins out of a response, before it is stored: visitors see the site's host and the paths they asked for,
// whatever an origin calls itself. Pure. Bodies and the values of cookies pass untouched: they are the application's own, often
// signed. Caller: the way of a proxied request, for every answer but a 101.

import { cookieAttribute, formatSetCookie, parseSetCookie, type SetCookie } from "../http/cookies.ts";
import { originNamesIn, replaceNames, visitorPath, visitorUrl, type OriginNames } from "./visitor-url.ts";

/** What an origin's platform says about itself, not about the resource; Alt-Svc would lead visitors past us (RFC 7838). */
const DROPPED = ["alt-svc", "cf-cache-status", "cf-ray", "report-to", "nel", "expect-ct"] as const;

/** Changes `headers` in place. Afterwards no header but the values of cookies has the name of an origin in it. */
export function hideOrigin(headers: Headers, names: OriginNames): void {
  for (const name of DROPPED) headers.delete(name);
  replace(headers, "location", (value) => visitorUrl(value, names));
  replace(headers, "content-location", (value) => visitorUrl(value, names));
  replace(headers, "refresh", (value) => refresh(value, names));
  replace(headers, "link", (value) => value.replaceAll(/<([^<>]*)>/g, (_, url: string) => `<${visitorUrl(url, names)}>`));
  replaceRest(headers, names);
  const cookies = headers.getSetCookie();
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", visitorCookie(cookie, names));
}

/** What is left: Via, Content-Security-Policy, Access-Control-Allow-Origin, a return address inside another site's URL. */
function replaceRest(headers: Headers, names: OriginNames): void {
  const others = [...headers].filter(([name]) => name !== "set-cookie");
  const found = originNamesIn(others.map(([, value]) => value).join("\n"), names);
  if (found.length === 0) return;
  for (const [name] of others) replace(headers, name, (value) => replaceNames(value, found, names));
}

function replace(headers: Headers, name: string, change: (value: string) => string): void {
  const value = headers.get(name);
  if (value === null) return;
  const changed = change(value);
  if (changed !== value) headers.set(name, changed);
}

/**
 * `5; url=https://origin/x`, `5;URL='...'`, `0, url="..."`, `5 https://...`: standardised nowhere but in what browsers do (HTML,
 * "shared declarative refresh steps").
 */
function refresh(value: string, names: OriginNames): string {
  const match = /^([\s\d.]*(?:[;,]\s*)?(?:url\s*=\s*)?)(["']?)([^"']*)(.*)$/is.exec(value);
  const [, lead = "", quote = "", url = "", rest = ""] = match ?? [];
  return url === "" ? value : `${lead}${quote}${visitorUrl(url, names)}${rest}`;
}

/** A cookie for an origin's host becomes one for the visitor's host alone, and its Path follows the rewrite. */
function visitorCookie(line: string, names: OriginNames): string {
  const cookie = parseSetCookie(line);
  if (cookie === null) return line;
  const path = cookieAttribute(cookie, "path") ?? null;
  // Browsers refuse a __Host- cookie with another path (RFC 6265bis 4.1.3.2).
  const movesPath = path !== null && path.startsWith("/") && !/^__host-/i.test(cookie.name);
  const changed: SetCookie = {
    ...cookie,
    attributes: cookie.attributes.flatMap(([name, value]) => {
      const key = name.toLowerCase();
      if (key === "domain") return keepsDomain(value ?? "", names) ? [[name, value] as const] : [];
      if (key === "path" && movesPath && value !== null) return [[name, visitorPath(value, names)] as const];
      return [[name, value] as const];
    }),
  };
  const isSame =
    changed.attributes.length === cookie.attributes.length &&
    changed.attributes.every(([, value], index) => value === cookie.attributes[index]?.[1]);
  return isSame ? line : (formatSetCookie(changed) ?? line);
}

/** Kept when the visitor's browser would accept it: the site may share cookies with its own subdomains. */
function keepsDomain(domain: string, { host }: OriginNames): boolean {
  const wanted = domain.toLowerCase().replace(/^\./, "");
  const hostname = host.replace(/:\d+$/, "");
  return wanted !== "" && (hostname === wanted || hostname.endsWith(`.${wanted}`));
}
