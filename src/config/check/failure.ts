// What a route answers when its origins fail: one answer, and one that the rules for fixed answers allow. Redirects that lead back
// to the route are found with the other loops, placeholders with the route's other texts.

import type { NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkRespond } from "./respond.ts";

export function checkFailure(context: CheckContext, { failure }: NormalRoute, routePath: Path): void {
  if (failure === undefined) return;
  const path = [...routePath, "failure"];
  if (failure.redirect === undefined && failure.respond === undefined) {
    report(context, path, {
      code: "no-action",
      message: "`failure` does not say what visitors get.",
      expected: "one of `redirect`, `respond`",
      fix: "Add `respond: { status: 503, file: ./sorry.html }`, or `redirect: URL`.",
    });
  }
  if (failure.redirect !== undefined && failure.respond !== undefined) {
    reportKey(context, [...path, "respond"], {
      code: "conflicting-actions",
      message: "`failure` has both `redirect` and `respond`.",
      expected: "one answer",
      fix: "Keep one of the two.",
    });
  }
  checkRespond(context, failure.respond, [...path, "respond"]);
}
