// Which host the others of a site are redirected to. Pure; asked by the check (for its problem) and the compiler (for its value).

import { fail, ok } from "../result.ts";
import type { Result } from "../result.ts";

export interface CanonicalProblem {
  readonly message: string;
  readonly fix: string;
}

/** Null when the site has none. */
export function canonicalHostOf(site: {
  readonly canonical?: string | undefined;
  readonly hosts: readonly string[];
}): Result<string | null, CanonicalProblem> {
  const { canonical, hosts } = site;
  if (canonical === undefined) return ok(null);
  const exact = hosts.filter((host) => !host.includes("*"));
  if (canonical === "www" || canonical === "apex") return fromPair(canonical, exact);
  if (exact.includes(canonical)) return ok(canonical);
  const fix = canonical.includes("*") ? "Name one host without `*`." : `Add ${canonical} to the site's hosts.`;
  return fail({ message: `The canonical host ${canonical} is not one of the site's exact hosts.`, fix });
}

function fromPair(which: "www" | "apex", exact: readonly string[]): Result<string, CanonicalProblem> {
  const pairs = exact.filter((host) => exact.includes(`www.${host}`));
  const [apex, second] = pairs;
  if (apex === undefined) {
    return fail({
      message: `\`canonical: ${which}\` needs a host and the same with \`www.\` among the site's hosts.`,
      fix: "Add both, or name the canonical host itself.",
    });
  }
  if (second !== undefined) {
    return fail({
      message: `\`canonical: ${which}\` is not clear: the site has the pairs ${pairs.join(" and ")}.`,
      fix: "Name the canonical host itself, or make a site for each pair.",
    });
  }
  return ok(which === "www" ? `www.${apex}` : apex);
}
