import { expect, test, vi } from "vitest";
import { BODY_FIELDS_MAX, BODY_FIRST_READ_BYTES, INSPECTION_BYTES_ISOLATE_MAX } from "../../../src/limits.ts";
import { createLeases } from "../../../src/origin/leases.ts";
import { judge, type JudgeInput } from "../../../src/stages/judge.ts";
import { factsOf } from "../../support/facts.ts";
import { rulesetOf } from "../firewall/decided.ts";

const RULES = [{ id: "evil", when: 'http.request.body.raw contains "evil"', action: "block" }];

async function input(more: Partial<JudgeInput> = {}): Promise<JudgeInput> {
  return {
    id: "id",
    request: { body: new Response("all evil").body },
    facts: factsOf({ url: "http://a.example.com/", method: "POST", hasBody: true }),
    ruleset: await rulesetOf(RULES),
    ports: { clock: { nowMs: () => 1000 } } as JudgeInput["ports"],
    holder: { loadLists: () => expect.unreachable("no rule looks into a list") },
    inspecting: createLeases(),
    ...more,
  };
}

test("a body that a rule wants is read, judged on, and handed on whole", async () => {
  const { decision, body, seen, error } = await judge(await input());
  expect(decision.outcome).toMatchObject({ kind: "answer", stage: "protect" });
  expect([seen?.bytes, error]).toEqual(["all evil", null]);
  expect(await new Response(body).text()).toBe("all evil");
});

test("a body that no rule can want is not touched", async () => {
  const request = { body: new Response("x").body };
  const judged = await judge(await input({ ruleset: await rulesetOf([]), request }));
  expect([judged.body, judged.seen]).toEqual([request.body, null]);
  expect(request.body?.locked).toBe(false);
});

test.each([
  [0, null],
  [1, "busy"],
])("with room for one body, less %i bytes, the error is %s", async (less, code) => {
  const inspecting = createLeases();
  const bytes = BODY_FIRST_READ_BYTES;
  inspecting.take(INSPECTION_BYTES_ISOLATE_MAX - bytes + less, 1000);
  const request = { body: new Response("x").body };
  const { error, giveBack } = await judge(await input({ inspecting, request }));
  expect(error?.code ?? null).toBe(code);
  giveBack();
  expect(inspecting.inUse(1000)).toBe(INSPECTION_BYTES_ISOLATE_MAX - bytes + less);
});

test("who announces much and sends little holds no more room than it fills", async () => {
  const inspecting = createLeases();
  const headers = { "content-length": "60000" };
  const facts = factsOf({ url: "http://a.example.com/", method: "POST", hasBody: true, headers });
  const slow = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
  void judge(await input({ inspecting, facts, request: { body: slow } }));
  await vi.waitFor(() => expect(inspecting.inUse(1000)).toBeGreaterThan(0));
  expect(inspecting.inUse(1000)).toBeLessThanOrEqual(BODY_FIRST_READ_BYTES);
});

test.each([
  ["block", BODY_FIELDS_MAX, undefined],
  ["block", BODY_FIELDS_MAX + 1, "body-too-large"],
  ["prefix", BODY_FIELDS_MAX + 1, undefined],
] as const)("over: %s, a form of %i fields: the error is %s", async (over, count, code) => {
  const ruleset = await rulesetOf(RULES);
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const facts = factsOf({ url: "http://a.example.com/", method: "POST", hasBody: true, headers });
  const request = { body: new Response("a&".repeat(count)).body };
  const { error } = await judge(await input({ ruleset: { ...ruleset, inspection: { ...ruleset.inspection, over } }, facts, request }));
  expect(error?.code).toBe(code);
});

test("a list that is not loaded is asked for, once, and the request is decided with it", async () => {
  const ruleset = await rulesetOf([{ id: "office", when: "ip.src in $office", action: "block" }]);
  let loaded = false;
  const lists = { ...ruleset.lists, isLoaded: () => loaded };
  const asked: string[][] = [];
  const loadLists: JudgeInput["holder"]["loadLists"] = (_lists, names) => {
    asked.push([...names]);
    loaded = true;
    return Promise.resolve();
  };
  const facts = factsOf({ url: "http://a.example.com/", address: "203.0.113.9" });
  const { decision } = await judge(await input({ ruleset: { ...ruleset, lists }, facts, holder: { loadLists } }));
  expect(asked).toEqual([["office"]]);
  expect(decision.verdict.matched).toEqual([{ id: "office", did: "block" }]);
});

test("a rule whose list cannot be had is passed over and told; the others hold", async () => {
  const ruleset = await rulesetOf([
    { id: "not-office", when: "not ip.src in $office", action: "block" },
    { id: "log", when: "not ssl", action: "log" },
  ]);
  const lists = { ...ruleset.lists, isLoaded: () => false };
  const { decision } = await judge(await input({ ruleset: { ...ruleset, lists }, holder: { loadLists: () => Promise.resolve() } }));
  expect(decision.outcome.kind).toBe("proxy");
  expect(decision.verdict.matched).toEqual([
    { id: "not-office", did: "no-list" },
    { id: "log", did: "log" },
  ]);
});

test("a body that only a later rule wants, of the request as this phase has changed it, is read", async () => {
  const ruleset = await rulesetOf([
    { id: "move", when: 'http.request.uri.path eq "/a"', action: { rewrite: { path: "/b" } } },
    { id: "evil", phase: "origin", when: 'http.request.uri.path eq "/b" and http.request.body.raw contains "evil"', action: "block" },
  ]);
  const facts = factsOf({ url: "http://a.example.com/a", method: "POST", hasBody: true });
  const { seen } = await judge(await input({ ruleset, facts }));
  expect(seen?.bytes).toBe("all evil");
});

test("of a request whose body broke off, nothing counts as done by a rule", async () => {
  const ruleset = await rulesetOf([
    { id: "tag", when: "not ssl", action: { rewrite: { path: "/moved" } } },
    { id: "empty", when: 'not http.request.body.raw contains "evil"', action: "block" },
  ]);
  const facts = factsOf({ url: "http://a.example.com/", method: "POST", hasBody: true, headers: { "content-length": "99" } });
  const { decision, error } = await judge(await input({ ruleset, facts }));
  expect(error?.code).toBe("body-incomplete");
  expect([decision.verdict.matched, decision.facts]).toEqual([[], facts]);
});
