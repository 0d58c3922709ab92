// The numbers that bound an expression. They live here and not in the Worker's table since this folder stands by itself.

/** Characters of an expression: what Cloudflare accepts, so that a rule can move in both directions. */
export const EXPRESSION_LENGTH_MAX = 4_096;

/** Parentheses, negations and calls inside each other: keeps the recursion of parser, checker and closures shallow. */
export const NESTING_DEPTH_MAX = 128;

/** `*` in one wildcard pattern. Matching is linear in the value for each of them; Cloudflare's engine has a bound too. */
export const WILDCARD_STARS_MAX = 16;

/** States of one compiled regular expression: bounds the work of the linear engine for each byte of a value. */
export const REGEX_STATES_MAX = 2_000;

/** Ways through a pattern up to which backtracking over it counts as harmless, see `regex-cost.ts`. */
export const REGEX_PATHS_MAX = 256;

/** Rounds of recursive URL decoding; a value that is still encoded after them stays as it is. */
export const URL_DECODE_ROUNDS_MAX = 16;

/** Elements that `split` may return: Cloudflare's bound. */
export const SPLIT_PARTS_MAX = 128;

/** Documents longer than this are not looked into by `lookup_json_*`: parsing costs CPU time on every request. */
export const JSON_LENGTH_MAX = 65_536;
