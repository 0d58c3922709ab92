// An answer that Breakwater makes itself, as plain data: what a stage returns to end a request. `stages/respond.ts` turns it
// into a Response; `explain` prints it.

import type { EdgeError } from "./errors.ts";

export type Answer =
  | { readonly kind: "error"; readonly error: EdgeError }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string; readonly why: RedirectReason }
  | { readonly kind: "page"; readonly status: number; readonly contentType: string; readonly body: string };

/** https: the site wants https. canonical-host: www or apex. route and rule: as configured there. failure: the route's origins fail. */
export type RedirectReason = "https" | "canonical-host" | "route" | "rule" | "failure";

export function errorAnswer(error: EdgeError): Answer {
  return { kind: "error", error };
}
