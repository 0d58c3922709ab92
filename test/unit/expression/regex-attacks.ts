// Regular expressions that are known to hang backtracking engines, each with a value that makes it so. Small pieces are repeated
// ("pumped") until the value has the length of a long request line. Used by the tests of bounded work and by the bench.

export interface Attack {
  readonly kind: string;
  readonly pattern: string;
  readonly value: string;
}

/** Length of every value. */
export const ATTACK_BYTES = 8_192;

/** Pattern, what is before the pump, the pump, what is after it. */
type Row = readonly [pattern: string, pump: string, suffix?: string, prefix?: string];

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  "nested quantifier": [
    ["^(a+)+$", "a", "!"],
    ["^([a-z]+)+$", "a", "!"],
    ["^(a*)*$", "a", "!"],
    ["^((a+)+)+$", "a", "!"],
    ["^(\\w+\\s?)+$", "a", "!"],
    ["(x+x+)+y", "x"],
    ["^(?:[a-z0-9]+\\.?)+@$", "a", "!"],
    ["^(([a-z])+.)+[A-Z]([a-z])+$", "a", "!"],
    ["(?:a+){2,}b", "a"],
    ["^(?:\\d+,?)*;$", "1,"],
  ],
  "overlapping alternation": [
    ["^(a|a)*$", "a", "!"],
    ["^(a|aa)+$", "a", "!"],
    ["^(a|ab|b)*c$", "ab"],
    ["^(?:\\w|_)+$", "_", "!"],
    ["^(.|\\n)*x$", "\n"],
    ["^(?:[a-z]|[a-m]|x)*!$", "a"],
    ["^(?:ab|a|b)+$", "ab", "!"],
    ["<(?:[^>]|[a-z]|\\s)*/>", "a", "", "<"],
    ["^(?:a|b|ab|ba)*$", "ab", "!"],
  ],
  quadratic: [
    ["a*b", "a"],
    ["\\s+$", " ", "x"],
    ["[a-z]+@", "a"],
    ["\\d+\\.\\d+\\.", "1"],
    [".*=.*", "a"],
    ["(?:[^=]*)=x", "a"],
    ["\\w+://", "a"],
    ["'[^']*'$", "'"],
    ["[\\w.-]+\\.[a-z]{2,}/", "a."],
    ["/\\*.*\\*/", "/*"],
  ],
  cubic: [
    [".*a.*b", "a"],
    ["\\s*\\s*x", " "],
    ["a*a*b", "a"],
    ["[a-z]*[a-z0-9]*!", "a"],
    [".*.*=.*", "a"],
    ["^.*,.*,.*,x$", ","],
    ["(?:a*)(?:a*)(?:a*)b", "a"],
    ["\\d*\\d*\\d*x", "1"],
    ["<.*<.*<.*>x", "<"],
  ],
  "adjacent stars": [
    ["^a*a*a*a*a*b$", "a"],
    ["^.*.*.*.*$x", "a"],
    ["^\\w*\\d*\\w*\\d*!$", "1"],
    ["^[ab]*[bc]*[cd]*[ab]*!$", "b"],
    ["^\\s*\\n*\\s*\\n*x$", "\n"],
    ["^(?:a*)(?:b*)(?:a*)(?:b*)(?:a*)!$", "a"],
    ["^a+a+a+a+a+a+b$", "a"],
    [".*.*.*.*.*.*!", "a"],
  ],
  "bounded repeat": [
    ["^(a{1,30}){1,30}$", "a"],
    ["(a{1,30}){1,30}b", "a"],
    ["^(?:a?){400}a{400}$", "a"],
    ["(?:a|a){10}b", "a"],
    ["(?:a|a){8}a{900}b", "a"],
    ["^(?:[a-z]{0,20}){20}!$", "a"],
    ["(?:.{0,40}a){10}b", "a"],
    ["[^b]{0,900}b", "a"],
    ["a{900}b", "a"],
    ["^.*a{900}b", "a"],
    ["(?:a{0,9}){0,9}{0,9}!", "a"],
    ["a.{400}b", "a"],
  ],
  "case-insensitive": [
    ["(?i)^(a+)+$", "aA", "!"],
    ["(?i)(?:select|sel.*ect)+x", "SELect"],
    ["(?i)^(?:[A-Z]+\\s?)+$", "aB", "1"],
    ["(?i)on[a-z]*\\s*=\\s*x", "onON"],
    ["(?i)<script[^>]*>.*</script", "<SCript>"],
    ["(?i)^(k|K|\u212a)*!$", "kK"],
    ["(?i)union.*select.*from", "UNION select "],
    ["(?i)(?:x|X)*y", "xX"],
  ],
  "anchored at the end": [
    ["[a-z]+$", "a", "1"],
    [".*,$", "a", "x"],
    ["(?:[a-z]+-?)+$", "a", "_"],
    ["\\s*$", " ", "x"],
    ["(?:\\r?\\n)+$", "\r\n", "x"],
    ["([^/]+/)*$", "a/", "a"],
    ["=*$", "=", "x"],
    ["\\.[^.]*$", ".", "."],
  ],
  "bytes of characters": [
    ["^(\u00e9+)+$", "\u00c3\u00a9", "!"],
    ["^(?:[\\x80-\\xff]+)+$", "\u00c3\u00a9", "!"],
    ["^([^\\x00-\\x7f]|.)*$", "\u00ff", "\n"],
    ["(?:\u65e5|\u672c)+$", "\u00e6\u0097\u00a5", "x"],
    ["^(?:[\\xc0-\\xdf][\\x80-\\xbf]|.)*!$", "\u00c3\u00a9"],
    ["(?:\\xff|\\xff\\xff)*x", "\u00ff"],
    ["[\\x00-\\x1f]+[\\x00-\\x0f]+!", "\u0001"],
    ["^(?:\\W+\\w?)+$", "\u00c3", "a1"],
  ],
  "empty loops": [
    ["^(a*|b)*$", "a", "!"],
    ["^(a?)*b$", "a"],
    ["(a*)+$", "a", "!"],
    ["^(?:a*?)*!$", "a"],
    ["^(?:|a)+b$", "a"],
    ["(?:\\b|a)*!", "a"],
    ["^((a*)*)*b$", "a"],
    ["(?:a{0,3})*b", "a"],
    ["(?m)(?:^|a)*!", "a\n"],
  ],
  "many words": [
    [`(?:${words(180, "a")})x`, "a"],
    [`\\b(?:${words(180, "ab")})\\b`, "ab"],
    [`(?:${words(120, "a")})+!`, "a"],
    [`^(?:${words(60, "ab")})*!$`, "ab"],
    [`(?i)(?:${words(150, "q")})\\s*=`, "Q"],
    [`${words(100, "a")}|^b`, "a"],
    [`[^a](?:${words(150, "a")})`, "ba"],
    ["(?:a|aa|aaa|aaaa|aaaaa|aaaaaa|aaaaaaa|aaaaaaaa)+b", "a"],
  ],
};

/** All attacks, values in their full length. */
export const ATTACKS: readonly Attack[] = Object.entries(ROWS).flatMap(([kind, rows]) =>
  rows.map(([pattern, pump, suffix = "", prefix = ""]) => {
    const times = Math.floor((ATTACK_BYTES - prefix.length - suffix.length) / pump.length);
    return { kind, pattern, value: (prefix + pump.repeat(times)).padEnd(ATTACK_BYTES - suffix.length, pump) + suffix };
  }),
);

/** Words that differ late: `a1`, `aa2`, `aaa3`, ... up to nine letters. */
function words(count: number, letters: string): string {
  return Array.from({ length: count }, (_, index) => `${letters.repeat(9).slice(0, 1 + (index % 9))}${index}`).join("|");
}
