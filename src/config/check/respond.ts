// Fixed answers, of routes and of what routes answer when their origins fail.

import type { NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";

/** RFC 9110 15.3.5, 15.3.6 and 15.4.5: these statuses have no content. */
const NO_CONTENT: readonly number[] = [204, 205, 304];

/** @param path - Of the answer itself. */
export function checkRespond(context: CheckContext, respond: NormalRoute["respond"], path: Path): void {
  if (respond === undefined) return;
  const hasBody = respond.file !== undefined || (respond.body ?? "") !== "";
  if (hasBody && NO_CONTENT.includes(respond.status)) {
    const message = `An answer with status ${respond.status} has no body.`;
    report(context, path, { code: "conflicting-options", message, fix: "Remove the body, or use status 200." });
  }
  if (respond.body !== undefined && respond.file !== undefined) {
    const message = "`respond` has both `body` and `file`.";
    reportKey(context, [...path, "file"], { code: "conflicting-options", message, fix: "Keep one of them." });
  }
}
