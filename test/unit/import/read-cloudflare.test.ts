// The shapes in which Cloudflare's JSON comes.

import fc from "fast-check";
import { expect, test } from "vitest";
import { readCloudflare } from "../../../scripts/import/read-cloudflare.ts";

const RULE = { id: "1", action: "block", expression: "ssl" };
const RULESET = { id: "r", kind: "zone", phase: "http_request_firewall_custom", rules: [RULE] };
const LEGACY = { id: "1", action: "block", filter: { id: "f", expression: "ssl" } };

const SHAPES: readonly (readonly [name: string, value: unknown, phases: readonly string[]])[] = [
  ["a bare ruleset", RULESET, ["http_request_firewall_custom"]],
  ["the API's envelope", { result: RULESET, success: true }, ["http_request_firewall_custom"]],
  [
    "a list of rulesets",
    { result: [RULESET, { ...RULESET, phase: "http_ratelimit" }] },
    ["http_request_firewall_custom", "http_ratelimit"],
  ],
  [
    "in the order of the phases",
    [
      { ...RULESET, phase: "http_ratelimit" },
      { ...RULESET, phase: "http_request_transform" },
    ],
    ["http_request_transform", "http_ratelimit"],
  ],
  [
    "a zone's export",
    { zone: "example.com", settings: { ssl: "full" }, waf: { rulesets: [{ result: RULESET }] } },
    ["http_request_firewall_custom"],
  ],
  [
    "rules under the name of their phase",
    { http_ratelimit: [RULE], http_request_transform: { rules: [RULE] } },
    ["http_request_transform", "http_ratelimit"],
  ],
  [
    "rules alone",
    [RULE, { id: "2", action: "redirect", expression: "ssl" }],
    ["http_request_dynamic_redirect", "http_request_firewall_custom"],
  ],
  ["one rule alone", RULE, ["http_request_firewall_custom"]],
  ["an unknown phase stands last", [{ ...RULESET, phase: "http_new" }, RULESET], ["http_request_firewall_custom", "http_new"]],
  ["firewall rules", { result: [LEGACY] }, ["http_request_firewall_custom"]],
  ["rate limits", { result: [{ id: "1", match: { request: { url: "*" } }, threshold: 5, period: 60 }] }, ["http_ratelimit"]],
];

test.each(SHAPES)("%s", (_name, value, phases) => {
  const read = readCloudflare(JSON.stringify(value));
  expect(read.ok && read.value.rulesets.map(({ phase }) => phase)).toEqual(phases);
});

test("a filter is found by its id, inside or outside of the rule", () => {
  const rules = [
    { id: "1", action: "block", filter: { id: "f" } },
    { id: "2", action: "block", filter_id: "f" },
  ];
  const read = readCloudflare(JSON.stringify({ rules, filters: [{ id: "f", expression: "not ssl", paused: true }] }));
  const found = read.ok ? read.value.rulesets.flatMap((ruleset) => ruleset.rules) : [];
  expect(found.map(({ expression, enabled }) => [expression, enabled])).toEqual([
    ["not ssl", false],
    ["not ssl", false],
  ]);
});

test("firewall rules run by priority, then by action", () => {
  const row = (id: string, action: string, priority?: number) => ({
    ...LEGACY,
    id,
    action,
    ...(priority === undefined ? {} : { priority }),
  });
  const read = readCloudflare(
    JSON.stringify([row("a", "block"), row("b", "allow"), row("c", "log"), row("d", "block", 9), row("e", "block", 2)]),
  );
  expect(read.ok && read.value.rulesets[0]?.rules.map(({ id }) => id)).toEqual(["e", "d", "c", "b", "a"]);
});

test("a list of rulesets without their rules says how to get them", () => {
  const read = readCloudflare(JSON.stringify({ result: [{ id: "r", name: "default", phase: "http_ratelimit", kind: "zone" }] }));
  expect(read.ok && read.value.notes.join()).toContain("fetch each ruleset by its id");
});

const REFUSED: readonly (readonly [name: string, text: string, reason: RegExp])[] = [
  ["no JSON", "rules:", /not JSON/],
  ["nothing", "", /not JSON/],
  ["an error of the API", '{"success":false,"errors":[{"message":"Authentication error"}]}', /Authentication error/],
  ["another document", '{"a":[1,"x",null,{"b":true}]}', /no ruleset/],
  ["a number", "5", /no ruleset/],
];

test.each(REFUSED)("refused: %s", (_name, text, reason) => {
  const read = readCloudflare(text);
  expect(read.ok ? "" : read.error).toMatch(reason);
});

test("never throws, whatever the JSON", () => {
  const key = fc.constantFrom(
    "result",
    "rules",
    "phase",
    "id",
    "action",
    "expression",
    "filter",
    "match",
    "threshold",
    "ratelimit",
    "success",
    "errors",
    "targets",
  );
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 1, "", "x", "http_ratelimit"),
      fc.array(tie("value")),
      fc.dictionary(key, tie("value")),
    ),
  })).value;
  fc.assert(
    fc.property(json, (value) => {
      const read = readCloudflare(JSON.stringify(value));
      expect(typeof read.ok).toBe("boolean");
    }),
  );
});
