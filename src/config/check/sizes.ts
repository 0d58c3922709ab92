// Sizes that are larger than possible: of bodies, of stored objects, of what is held in memory for a request.

import { BODY_BYTES_MAX, CACHE_OBJECT_BYTES_MAX, HOLD_BYTES_MAX_CONFIGURED, REPLAY_BYTES_MAX } from "../../limits.ts";
import type { NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseSizeBytes } from "../units.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

type Sized = Pick<NormalRoute, "cache" | "retry"> & Partial<Pick<NormalRoute, "maxBody">>;

/** @param path - Of the route, or of the rule that replaces its policies. */
export function checkSizes(context: CheckContext, route: Sized, path: Path): void {
  const sizes = [
    [["maxBody"], route.maxBody, BODY_BYTES_MAX],
    [["cache", "maxObject"], route.cache?.maxObject, CACHE_OBJECT_BYTES_MAX],
    [["retry", "replay"], route.retry?.replay, REPLAY_BYTES_MAX],
    [["retry", "hold"], route.retry?.hold, HOLD_BYTES_MAX_CONFIGURED],
  ] as const;
  for (const [where, text, bytesMax] of sizes) {
    if ((parseSizeBytes(text ?? "") ?? 0) <= bytesMax) continue;
    const expected = `at most ${bytesMax / 1024 ** 2}MiB`;
    report(context, [...path, ...where], {
      code: "out-of-range",
      message: `\`${where.at(-1)}\` is larger than possible.`,
      expected,
      found: text ?? "",
      fix: `Write ${bytesMax / 1024 ** 2}MiB or less.`,
    });
  }
}
