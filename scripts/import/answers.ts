// Static values of Cloudflare's rules in the forms of the config: error answers, and texts in which braces now begin placeholders.

import { numberOf, objectOf, textOf } from "./json.ts";

/** The keys of a `block` or a rate limit for `action_parameters.response`; null where Cloudflare's own page was sent. */
export function answerOf(response: unknown, defaultStatus: number): Readonly<Record<string, unknown>> | null {
  const { status_code, content, content_type } = objectOf(response);
  const status = numberOf(status_code) ?? defaultStatus;
  const body = typeof content === "string" && content !== "" ? content : null;
  if (body === null && status === defaultStatus) return null;
  const type = textOf(content_type);
  return {
    ...(status === defaultStatus ? {} : { status }),
    ...(body === null ? {} : { body }),
    ...(body === null || type === null || type === "text/plain" ? {} : { contentType: type }),
  };
}

/** Literal text where the config would read placeholders. */
export function literalText(value: string): string {
  return value.replaceAll(/[{}]/g, "$&$&");
}

/** Literal text as a string of the rules language. */
export function quoted(value: string): string {
  const hidden = (character: string): string => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return `"${value.replaceAll(/["\\]/g, "\\$&").replaceAll(/[\u0000-\u001f\u007f]/g, hidden)}"`;
}
