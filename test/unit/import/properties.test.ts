// Whatever stands in an export, an import never throws, and says of every rule what became of it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { importRules } from "../../../scripts/import/import-rules.ts";
import { importJson, importLines } from "../../../scripts/import/report.ts";
import { readCloudflare } from "../../../scripts/import/read-cloudflare.ts";
import { rule as ruleSchema } from "../../../src/config/schema/firewall.ts";
import { ruleScheme } from "../../../src/firewall/fields.ts";

const ACTIONS = [
  "block",
  "log",
  "score",
  "skip",
  "redirect",
  "rewrite",
  "set_cache_settings",
  "serve_error",
  "log_custom_field",
  "execute",
  "route",
  "set_config",
];
const PHASES = ["http_request_firewall_custom", "http_ratelimit", "http_response_headers_transform", "http_log_custom_fields"];
const KEYS = [
  "response",
  "status_code",
  "content",
  "ruleset",
  "phases",
  "rules",
  "from_value",
  "target_url",
  "value",
  "expression",
  "uri",
  "path",
  "query",
  "headers",
];
const MORE_KEYS = [
  "edge_ttl",
  "mode",
  "default",
  "status_code_ttl",
  "cache_key",
  "custom_key",
  "request_fields",
  "name",
  "increment",
  "characteristics",
  "period",
];
const TEXTS = ["current", "override_origin", "http.host", "ssl", "http.hoost", "ip.src", "$x", "", "/a b", "é{", "\u0000", "X-A"];

const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, 0, -1, 404, 1e9, ...TEXTS),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS, ...MORE_KEYS), tie("value"), { maxKeys: 5 }),
  ),
})).value;

const rule = fc.record(
  {
    id: fc.constantFrom("1", "2", "3"),
    action: fc.constantFrom(...ACTIONS),
    expression: fc.constantFrom("true", "ssl", "ip.src in $x", "http.hoost eq 1", "("),
    description: fc.constantFrom("", "one", "Über!"),
    action_parameters: json,
    ratelimit: fc.option(json, { nil: undefined }),
    enabled: fc.boolean(),
  },
  { requiredKeys: ["action", "expression"] },
);

test("every rule has an outcome, and every rule that comes out fits the config's schema", () => {
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...PHASES),
      fc.constantFrom("enforce", "log"),
      (rules, phase, mode) => {
        const read = readCloudflare(JSON.stringify({ id: "r", phase, rules }));
        if (!read.ok) throw new Error(read.error);
        const context = { scheme: ruleScheme, challenge: null, existing: [], mode, isFollowed: false, refused: new Map() } as const;
        const imported = importRules(read.value, context);
        expect(imported.outcomes).toHaveLength(rules.length);
        for (const outcome of imported.outcomes) {
          expect(outcome.left === null).toBe(outcome.did !== "left");
          if (outcome.rule !== null) expect(ruleSchema.safeParse(outcome.rule).success).toBe(true);
        }
        const ids = imported.outcomes.flatMap(({ id }) => id ?? []);
        expect(new Set(ids).size).toBe(ids.length);
        // No report moves the cursor of a terminal.
        for (const line of importLines(imported, (_paint, text) => text)) expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
        expect(JSON.parse(JSON.stringify(importJson(imported)))).toBeDefined();
      },
    ),
    { numRuns: 2000 },
  );
});
