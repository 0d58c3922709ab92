import { expect, test } from "vitest";
import { RULE_FIELDS } from "../../../src/firewall/fields.ts";
import { FUNCTIONS } from "../../../src/expression/functions.ts";
import { bench } from "./harness.ts";

const { run } = bench();

interface Words {
  readonly fields: readonly { readonly name: string; readonly type: string; readonly phase: string; readonly meaning: string }[];
  readonly functions: readonly { readonly name: string }[];
}

async function words(...args: readonly string[]): Promise<Words> {
  const { code, stdout } = await run(["rule", "fields", ...args, "--json"]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Words;
}

test("without a text all fields and functions are listed", async () => {
  const { fields, functions } = await words();
  expect([fields.length, functions.length]).toEqual([RULE_FIELDS.length, FUNCTIONS.length]);
});

test("a text finds names and meanings that contain it, whatever its case; several must all be there", async () => {
  const { fields, functions } = await words("BODY", "multipart", "names");
  expect(fields.map(({ name, phase }) => [name, phase])).toContainEqual(["http.request.body.multipart.names", "all, reads the body"]);
  expect(functions).toEqual([]);
  expect((await words("base64")).functions.map(({ name }) => name)).toEqual(["decode_base64", "encode_base64", "is_timed_hmac_valid_v0"]);
});

test.each([
  ["cf.waf.score.class", "never"],
  ["http.response.code", "response, log"],
  ["bw.score", "all"],
])("%s is known in the phases: %s", async (name, phase) => {
  expect((await words(name)).fields.find((field) => field.name === name)?.phase).toBe(phase);
});

test("people get a table, or a sentence when there is nothing", async () => {
  const { stdout } = await run(["rule", "fields", "ip.src.country"]);
  expect(stdout).toMatch(/^NAME +TYPE +PHASES +MEANING\nip\.geoip\.country/);
  expect((await run(["rule", "fields", "nothing like it"])).stdout).toBe('No field and no function has "nothing like it" in it.\n');
});
