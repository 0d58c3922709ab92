// What a PURGE request asks for, as the body that the purge API takes: its URL, or the tags of `Surrogate-Key` and `Cache-Tag`,
// hard or soft. These are the headers that scripts for other caches send. Never checks who asks; called by the admin app.

import { surrogateKeys } from "../cache/tags.ts";
import { fail, ok, type Result } from "../result.ts";
import type { PurgeProblem } from "./purge-request.ts";

const TAG_HEADERS = ["surrogate-key", "cache-tag"];
const SOFT_HEADERS = ["soft-purge", "fastly-soft-purge"];

/** With a header of tags the URL does not count. `parsePurges` reads the body and checks each value. */
export function purgeMethodBody({ url, headers }: Pick<Request, "url" | "headers">): Result<unknown, PurgeProblem> {
  const soft = isSoft(headers);
  if (!soft.ok) return soft;
  const tagHeader = TAG_HEADERS.find((name) => headers.has(name));
  if (tagHeader === undefined) return ok({ kind: "url", value: url, soft: soft.value });
  const tags = surrogateKeys(headers, []);
  // An empty variable of a script: it meant tags, so the URL, often the front page, is not what it wanted purged.
  if (tags.length === 0)
    return fail({ field: tagHeader, message: "names no tag; name at least one, or leave the header out to purge the URL" });
  return ok({ purges: tags.map((value) => ({ kind: "tag", value, soft: soft.value })) });
}

/** Anything but the values that are known is refused: a soft purge that turns out hard sends all visitors to the origin. */
function isSoft(headers: Headers): Result<boolean, PurgeProblem> {
  let soft = false;
  for (const name of SOFT_HEADERS) {
    const value = headers.get(name)?.trim().toLowerCase() ?? "0";
    if (value !== "0" && value !== "1")
      return fail({ field: name, message: `expected 1 (stale) or 0 (a miss), found ${JSON.stringify(value)}` });
    soft ||= value === "1";
  }
  return ok(soft);
}
