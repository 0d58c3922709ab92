import { expect, test } from "vitest";
import { INSPECTION_BYTES_ISOLATE_MAX } from "../../../src/limits.ts";
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
  const bytesMax = 65_536;
  inspecting.take(INSPECTION_BYTES_ISOLATE_MAX - bytesMax + less, 1000);
  const { error, giveBack } = await judge(await input({ inspecting }));
  expect(error?.code ?? null).toBe(code);
  giveBack();
  expect(inspecting.inUse(1000)).toBe(INSPECTION_BYTES_ISOLATE_MAX - bytesMax + less);
});

test("a declared length needs no more room than itself", async () => {
  const inspecting = createLeases();
  const facts = factsOf({ url: "http://a.example.com/", method: "POST", hasBody: true, headers: { "content-length": "8" } });
  await judge(await input({ inspecting, facts }));
  expect(inspecting.inUse(1000)).toBe(8);
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
