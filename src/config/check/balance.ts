// How a pool chooses: that what its origins say of themselves (`serves`, `at`) is what its `balance` looks at. An origin without
// coordinates would silently get nothing by distance, and a pool whose origins name nobody would not be geographic at all.

import type { NormalPool } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report, reportKey } from "./context.ts";
import type { CheckContext } from "./context.ts";

type Origin = NormalPool["origins"][number];

/** @param path - Of the pool. */
export function checkBalance(context: CheckContext, pool: NormalPool, path: Path): void {
  const { balance, origins } = pool;
  const at = [...path, "balance"];
  if (balance === "geo" && !origins.some(servesSomebody)) {
    report(context, at, {
      severity: "warning",
      code: "geo-nobody",
      message: "No origin of the pool says whom it serves, so all take turns.",
      fix: "Give origins `serves`, such as { countries: [DE, AT] }, or use `balance: round-robin`.",
    });
  }
  for (const [index, origin] of origins.entries()) {
    const where = [...path, "origins", index];
    if (balance === "nearest" && origin.at === undefined) reportNowhere(context, where);
    if (balance !== "geo" && servesSomebody(origin)) reportUnused(context, [...where, "serves"], "geo");
    if (balance !== "nearest" && origin.at !== undefined) reportUnused(context, [...where, "at"], "nearest");
  }
}

function servesSomebody({ serves }: Origin): boolean {
  return [serves.colos, serves.regions, serves.countries, serves.continents].some((codes) => codes.length > 0);
}

function reportNowhere(context: CheckContext, where: Path): void {
  report(context, where, {
    code: "nearest-nowhere",
    message: "`balance: nearest` needs to know where the origin stands.",
    expected: "`at` with latitude and longitude",
    fix: "Add `at: [50.11, 8.68]` with the origin's own degrees.",
  });
}

function reportUnused(context: CheckContext, where: Path, balance: "geo" | "nearest"): void {
  const key = String(where.at(-1));
  reportKey(context, where, {
    severity: "warning",
    code: "unused-place",
    message: `Only \`balance: ${balance}\` looks at \`${key}\`; here it has no effect.`,
    fix: `Write \`balance: ${balance}\`, or remove \`${key}\`.`,
  });
}
