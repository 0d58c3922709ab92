import type { Template } from "./snapshot.ts";
export function compileTemplate(text: string): Template {
  return text
    .split(/(\{[^{}]*\})/)
    .filter((part) => part !== "")
    .map((part) => (part.startsWith("{") ? { ref: part.slice(1, -1) } : part));
}
