// A route's header rules, on requests to origins and on responses to visitors. Pure. They touch neither what frames a message nor the
// loop guard: the config check refuses such names, and this refuses them again. A value can never end its line.

import type { HeaderRulesSnapshot } from "../config/snapshot.ts";
import { isHeaderName, toHeaderValue } from "../http/header-syntax.ts";
import { renderTemplate, type TemplateValues } from "./template.ts";

/** Set by the platform or by the message itself. A changed one would make two readers see two messages (request smuggling). */
export const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  "cdn-loop",
  "connection",
  "content-length",
  "content-range",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Changes `headers` in place: remove, then set, then add. */
export function applyHeaderRules(headers: Headers, rules: HeaderRulesSnapshot, values: TemplateValues): void {
  for (const name of rules.remove) if (mayTouch(name)) headers.delete(name);
  for (const [name, value] of rules.set) if (mayTouch(name)) headers.set(name, toHeaderValue(renderTemplate(value, values)));
  for (const [name, value] of rules.add) if (mayTouch(name)) headers.append(name, toHeaderValue(renderTemplate(value, values)));
}

/** A name that is no token would make the platform throw. */
function mayTouch(name: string): boolean {
  return isHeaderName(name) && !FRAMING_HEADERS.has(name.toLowerCase());
}
