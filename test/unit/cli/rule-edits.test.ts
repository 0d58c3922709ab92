import fc from "fast-check";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { editRules, ruleIds, type RuleEdit } from "../../../scripts/edit/rules.ts";

const NEW_RULE = { id: "new", when: 'http.host eq "x"', action: "block" };
const ADD: RuleEdit = { kind: "add", rule: NEW_RULE, before: null };

function edited(text: string, edit: RuleEdit): string {
  const result = editRules(text, edit);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const COMMENTED = `# Our config.
sites:   {shop: {hosts: [a.example]}}   # spaces   stay

firewall:        # every rule has an owner
  # WordPress is not here.
  - id: wp   # the oldest
    when: >-
      http.request.uri.path
      contains "/wp-"
    action: block

  # Scrapers, watched first.
  - {id: scrapers, when: 'http.user_agent contains "x"', action: block, mode: log}
  # the end of the list

pools: {}      # none
# the end
`;

describe("adding a rule", () => {
  test("the new rule stands at the end of the list and nothing else changes", () => {
    expect(edited(COMMENTED, ADD)).toBe(
      COMMENTED.replace(
        "  # the end of the list\n",
        `\n  - id: new\n    when: http.host eq "x"\n    action: block\n  # the end of the list\n`,
      ),
    );
  });

  test("with --before it stands above the comment that belongs to the other rule", () => {
    const text = edited(COMMENTED, { kind: "add", rule: NEW_RULE, before: "scrapers" });
    expect(text).toContain(`  - id: new\n    when: http.host eq "x"\n    action: block\n\n  # Scrapers, watched first.\n`);
    expect(ruleIds(text)).toEqual(["wp", "new", "scrapers"]);
  });

  const layouts: readonly (readonly [name: string, before: string, after: string])[] = [
    ["no list yet", "sites: {}\n", `sites: {}\n\nfirewall:\n  - id: new\n    when: http.host eq "x"\n    action: block\n`],
    ["no line break at the end", "sites: {}", `sites: {}\n\nfirewall:\n  - id: new\n    when: http.host eq "x"\n    action: block\n`],
    [
      "an empty list in brackets",
      "firewall: []   # none yet\npools: {}\n",
      `firewall:   # none yet\n  - id: new\n    when: http.host eq "x"\n    action: block\npools: {}\n`,
    ],
    [
      "a key without a value",
      "firewall:\npools: {}\n",
      `firewall:\n  - id: new\n    when: http.host eq "x"\n    action: block\npools: {}\n`,
    ],
    [
      "a dash at the margin",
      "firewall:\n- id: a\n  when: x\npools: {}\n",
      `firewall:\n- id: a\n  when: x\n- id: new\n  when: http.host eq "x"\n  action: block\npools: {}\n`,
    ],
    [
      "the last rule ends in a block of text without a line break after it",
      "firewall:\n  - id: a\n    when: |\n      x",
      `firewall:\n  - id: a\n    when: |\n      x\n  - id: new\n    when: http.host eq "x"\n    action: block\n`,
    ],
    [
      "JSON over several lines",
      `{\n  "firewall": [\n    {\n      "id": "a"\n    }\n  ]\n}\n`,
      `{\n  "firewall": [\n    {\n      "id": "a"\n    },\n    {\n      "id": "new",\n      "when": "http.host eq \\"x\\"",\n      "action": "block"\n    }\n  ]\n}\n`,
    ],
    [
      "JSON without a list",
      `{\n  "sites": {}\n}\n`,
      `{\n  "sites": {},\n  "firewall": [\n    {\n      "id": "new",\n      "when": "http.host eq \\"x\\"",\n      "action": "block"\n    }\n  ]\n}\n`,
    ],
  ];
  test.each(layouts)("%s", (_name, before, after) => {
    const text = edited(before, ADD);
    expect(text).toBe(after);
  });

  test("JSON stays JSON", () => {
    const rules = [{ id: "a", when: "x" }];
    for (const space of [0, 2, 4])
      expect(JSON.parse(edited(JSON.stringify({ firewall: rules }, null, space), ADD))).toEqual({ firewall: [...rules, NEW_RULE] });
    expect(JSON.parse(edited(JSON.stringify({ sites: {} }, null, 2), ADD))).toEqual({ sites: {}, firewall: [NEW_RULE] });
    expect(JSON.parse(edited(JSON.stringify({ firewall: [] }), ADD))).toEqual({ firewall: [NEW_RULE] });
  });

  test("an id that is taken is refused", () => {
    expect(editRules(COMMENTED, { kind: "add", rule: { ...NEW_RULE, id: "wp" }, before: null })).toEqual({
      ok: false,
      error: { kind: "exists", id: "wp" },
    });
  });

  test("an unknown place is refused with the rules that there are", () => {
    expect(editRules(COMMENTED, { kind: "add", rule: NEW_RULE, before: "nope" })).toEqual({
      ok: false,
      error: { kind: "unknown-rule", id: "nope", known: ["wp", "scrapers"] },
    });
  });
});

describe("removing a rule", () => {
  test("its own comment goes, all others stay", () => {
    const text = edited(COMMENTED, { kind: "remove", id: "scrapers" });
    expect(text).not.toContain("Scrapers");
    for (const comment of ["# Our config.", "# spaces   stay", "# WordPress", "# the oldest", "# the end of the list", "# none"])
      expect(text).toContain(comment);
  });

  test("the last one leaves an empty list", () => {
    expect(edited("firewall:   # rules\n  - id: a\n    when: x\npools: {}\n", { kind: "remove", id: "a" })).toBe(
      "firewall: []   # rules\npools: {}\n",
    );
    expect(edited('{"firewall":[{"id":"a"}]}', { kind: "remove", id: "a" })).toBe('{"firewall":[]}');
  });
});

describe("switching a rule", () => {
  test("disabling adds one line below the id, enabling again changes that line", () => {
    const off = edited(COMMENTED, { kind: "set", id: "wp", key: "enabled", value: false });
    expect(off).toBe(COMMENTED.replace("  - id: wp   # the oldest\n", "  - id: wp   # the oldest\n    enabled: false\n"));
    expect(edited(off, { kind: "set", id: "wp", key: "enabled", value: true })).toBe(off.replace("enabled: false", "enabled: true"));
  });

  test("a rule in braces is changed inside them", () => {
    expect(edited(COMMENTED, { kind: "set", id: "scrapers", key: "enabled", value: false })).toBe(
      COMMENTED.replace("mode: log}", "mode: log, enabled: false}"),
    );
  });

  test("a rule that is so already leaves the text as it is", () => {
    expect(edited(COMMENTED, { kind: "set", id: "wp", key: "enabled", value: true })).toBe(COMMENTED);
    expect(edited(COMMENTED, { kind: "set", id: "wp", key: "mode", value: "enforce" })).toBe(COMMENTED);
  });

  test("the mode is switched where it is written, and written where it is not", () => {
    expect(edited(COMMENTED, { kind: "set", id: "scrapers", key: "mode", value: "enforce" })).toBe(
      COMMENTED.replace("mode: log}", "mode: enforce}"),
    );
    const watched = edited(COMMENTED, { kind: "set", id: "wp", key: "mode", value: "log" });
    expect(watched).toBe(COMMENTED.replace("  - id: wp   # the oldest\n", "  - id: wp   # the oldest\n    mode: log\n"));
  });
});

test("a list that is an alias is refused, never rewritten", () => {
  const result = editRules("x: &rules\n  - id: a\nfirewall: *rules\n", ADD);
  expect(result).toMatchObject({ ok: false, error: { kind: "form" } });
});

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const comment = fc.option(fc.stringMatching(/^# [a-z: \-[\]{}'"]{0,12}[a-z]$/), { nil: undefined });

interface RuleLayout {
  readonly id: string;
  readonly above: string | undefined;
  readonly beside: string | undefined;
  readonly flow: boolean;
  readonly folded: boolean;
  readonly blank: boolean;
}

const rules: fc.Arbitrary<readonly RuleLayout[]> = fc.uniqueArray(
  fc.record({ id: word, above: comment, beside: comment, flow: fc.boolean(), folded: fc.boolean(), blank: fc.boolean() }),
  { selector: (rule) => rule.id, maxLength: 5 },
);

function layOut(layouts: readonly RuleLayout[], indent: number): string {
  const space = " ".repeat(indent);
  const lines = layouts.flatMap((rule) => {
    const tail = rule.beside === undefined ? "" : ` ${rule.beside}`;
    const body = rule.flow
      ? [`${space}- {id: "${rule.id}", when: 'a eq "b"', action: block}${tail}`]
      : [
          `${space}- id: "${rule.id}"${tail}`,
          ...(rule.folded ? [`${space}  when: >-`, `${space}    a`, `${space}    eq "b"`] : [`${space}  when: 'a eq "b"'`]),
          `${space}  action: block`,
        ];
    return [...(rule.blank ? [""] : []), ...(rule.above === undefined ? [] : [space + rule.above]), ...body];
  });
  return ["# top", "sites: {}", layouts.length === 0 ? "firewall: []" : "firewall:", ...lines, "# tail", "pools: {}  # last", ""].join(
    "\n",
  );
}

/** True when `part`'s lines are all in `whole`, in that order. */
function isSubsequence(part: string, whole: string): boolean {
  const lines = whole.split("\n");
  let at = 0;
  for (const line of part.split("\n")) {
    at = lines.indexOf(line, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

test("adding a rule to any layout keeps every line that was there", () => {
  fc.assert(
    fc.property(rules, fc.constantFrom(0, 2, 4), fc.nat(), (layouts, indent, choice) => {
      const before = layouts.length === 0 ? null : (layouts[choice % (layouts.length + 1)]?.id ?? null);
      const text = layOut(layouts, indent);
      const result = edited(text, { kind: "add", rule: { ...NEW_RULE, id: "NEW" }, before });
      expect(isSubsequence(layouts.length === 0 ? text.replace("firewall: []", "firewall:") : text, result)).toBe(true);
      expect(ruleIds(result).filter((id) => id !== "NEW")).toEqual(layouts.map((rule) => rule.id));
    }),
  );
});

test("removing what was added gives the same rules, and keeps every other line", () => {
  fc.assert(
    fc.property(rules, fc.constantFrom(0, 2, 4), (layouts, indent) => {
      const text = layOut(layouts, indent);
      const back = edited(edited(text, { kind: "add", rule: { ...NEW_RULE, id: "NEW" }, before: null }), { kind: "remove", id: "NEW" });
      expect(parse(back)).toEqual(parse(text));
      expect(back.split("\n").filter((line) => line !== "")).toEqual(text.split("\n").filter((line) => line !== ""));
    }),
  );
});

test("switching a rule changes or adds exactly one line", () => {
  fc.assert(
    fc.property(
      rules.filter((layouts) => layouts.length > 0),
      fc.constantFrom(0, 2, 4),
      fc.nat(),
      (layouts, indent, choice) => {
        const rule = layouts[choice % layouts.length];
        const text = layOut(layouts, indent);
        const off = edited(text, { kind: "set", id: rule?.id ?? "", key: "enabled", value: false });
        const [was, is] = [text.split("\n"), off.split("\n")];
        expect(is.filter((line) => !was.includes(line))).toHaveLength(1);
        expect(is.length - was.length).toBe(rule?.flow === true ? 0 : 1);
        expect(parse(edited(off, { kind: "set", id: rule?.id ?? "", key: "enabled", value: true }))).toEqual({
          ...(parse(text) as object),
          firewall: (parse(text) as { firewall: { id: string }[] }).firewall.map((entry) =>
            entry.id === rule?.id ? { ...entry, enabled: true } : entry,
          ),
        });
      },
    ),
  );
});
