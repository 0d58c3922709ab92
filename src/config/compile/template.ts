// A template of the config, parsed. Its problems were reported by the check.

import { parseTemplate } from "../../transform/template.ts";
import type { Template } from "../snapshot.ts";
import { promised } from "./order.ts";

export function compileTemplate(text: string, params: readonly string[]): Template {
  const parsed = parseTemplate(text, params);
  return promised(parsed.ok ? parsed.value : null, text);
}
