// A route's header rules, on requests to origins and on responses to visitors. Pure. They cannot touch what frames a message:
// the config check refuses such names, and this refuses them again.

import type { HeaderRulesSnapshot } from "../config/snapshot.ts";
import { renderTemplate, type TemplateValues } from "./template.ts";

/** Set by the platform or by the message itself; a rule that changed one would break or split messages. */
export const FRAMING_HEADERS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Changes `headers` in place: remove, then set, then add. */
export function applyHeaderRules(headers: Headers, rules: HeaderRulesSnapshot, values: TemplateValues): void {
  for (const name of rules.remove) if (!FRAMING_HEADERS.has(name)) headers.delete(name);
  for (const [name, value] of rules.set) if (!FRAMING_HEADERS.has(name)) headers.set(name, fieldValue(renderTemplate(value, values)));
  for (const [name, value] of rules.add) if (!FRAMING_HEADERS.has(name)) headers.append(name, fieldValue(renderTemplate(value, values)));
}

/** Placeholders carry what visitors sent. Control characters would split the message; a field is Latin-1 (RFC 9110 5.5). */
function fieldValue(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "").trim();
}
