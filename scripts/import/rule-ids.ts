// Names for imported rules: the one that its owner gave it (`ref`), else its description as a slug, else `cf-` and the beginning of
// its id. Unique among the rules of the config and of the import; a rule that was imported before keeps its name.

import type { CloudflareRule } from "./cloudflare.ts";

export interface ExistingRule {
  readonly id: string;
  readonly when: string;
}

export interface RuleId {
  readonly id: string;
  /** The config has this rule already, by name and expression. */
  readonly isThere: boolean;
}

/** Room for `-2` and the like within the 63 characters of a name. */
const SLUG_CHARS_MAX = 48;

/** As the config's schema wants it. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,55}$/;

/**
 * @param when - Its expression as it would be written into the config.
 * @param taken - Names given so far in this import; the new one is added.
 */
export function chooseId(rule: CloudflareRule, when: string, existing: readonly ExistingRule[], taken: Set<string>): RuleId {
  const base = baseOf(rule);
  for (let count = 1; ; count += 1) {
    const id = count === 1 ? base : `${base}-${count}`;
    if (taken.has(id)) continue;
    const other = existing.find((each) => each.id === id);
    if (other !== undefined && other.when.trim() !== when.trim()) continue;
    taken.add(id);
    return { id, isThere: other !== undefined };
  }
}

function baseOf({ ref, id, description }: CloudflareRule): string {
  // Without a name of its own a rule's ref is its id.
  if (ref !== id && NAME.test(ref) && !/^[0-9a-f]{32}$/.test(ref)) return ref;
  const slug = slugOf(description);
  if (slug !== "") return slug;
  const start = id.replaceAll(/[^A-Za-z0-9]/g, "").slice(0, 8);
  return start === "" ? "cf-rule" : `cf-${start}`;
}

/** `Block WP (login)` is `block-wp-login`. */
function slugOf(text: string): string {
  const plain = text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (plain.length <= SLUG_CHARS_MAX) return plain;
  // Whole words where there are some.
  return plain
    .slice(0, SLUG_CHARS_MAX + 1)
    .replace(/-[^-]*$/, "")
    .slice(0, SLUG_CHARS_MAX);
}
