// The numbers that bound an expression. They live here and not in the Worker's table since this folder stands by itself.

/** Characters of an expression: what Cloudflare accepts, so that a rule can move in both directions. */
export const EXPRESSION_LENGTH_MAX = 4_096;

/** Parentheses, negations and calls inside each other: keeps the recursion of parser, checker and closures shallow. */
export const NESTING_DEPTH_MAX = 128;

/** `*` in one wildcard pattern. Matching is linear in the value for each of them; Cloudflare's engine has a bound too. */
export const WILDCARD_STARS_MAX = 16;

/** States of one compiled regular expression: bounds its memory, and the work of loading it. */
export const REGEX_STATES_MAX = 2_000;

/** Operations for each byte of a value in the linear engine: up to 20 ms for a value of 8 KB. */
export const REGEX_BYTE_COST_MAX = 500;

/** States of a pattern whose groups the linear engine must find, as in `regex_replace`: keeping track of them takes longer. */
export const REGEX_FIND_STATES_MAX = 250;

/** Steps of backtracking from one position up to which V8 runs a pattern without loops: up to 20 ms for a value of 8 KB. */
export const REGEX_STEPS_MAX = 250;

/** Rounds of recursive URL decoding; a value that is still encoded after them stays as it is. */
export const URL_DECODE_ROUNDS_MAX = 16;

/** Elements that `split` may return: Cloudflare's bound. */
export const SPLIT_PARTS_MAX = 128;

/** Documents longer than this are not looked into by `lookup_json_*`: parsing costs CPU time on every request. */
export const JSON_LENGTH_MAX = 1_048_576;
