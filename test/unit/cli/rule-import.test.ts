// `rule import` as its users run it: a real config in a store, standard input, and what is in force afterwards.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CONFIG, fixture } from "../import/harness.ts";
import { bench } from "./harness.ts";

const { folder, write, published: publish, run } = bench();

async function published(): Promise<void> {
  write("breakwater.yaml", CONFIG);
  await publish();
}

async function idsInForce(): Promise<readonly string[]> {
  const listed = await run(["rule", "list", "--json"]);
  return (listed.json()["rules"] as readonly { id: string }[]).map(({ id }) => id);
}

test("rules go into the release in force, and each is told", async () => {
  await published();
  write("zone.json", fixture("zone-export.json"));
  const ran = await run(["rule", "import", "zone.json", "--mode", "log"]);
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stderr).toContain('carried over geo-fence  "Geo fence"');
  expect(ran.stderr).toContain("breakwater list create office_ips --kind ip");
  expect(ran.stderr).toContain("They only watch");
  expect((await idsInForce()).slice(0, 3)).toEqual(["ours", "monitoring-passes", "block_wp"]);
  const again = await run(["rule", "import", "zone.json", "--mode", "log"]);
  expect(again).toMatchObject({ code: 0, stderr: "" });
  expect(again.stdout).toContain("Nothing was added.");
});

test("a file is edited and published, with the rules before one of its own", async () => {
  write("breakwater.yaml", CONFIG);
  const ran = await run(["rule", "import", "-", "--config", "breakwater.yaml", "--before", "ours"], {}, fixture("legacy.json"));
  expect(ran).toMatchObject({ code: 0 });
  const ids = await idsInForce();
  expect(ids[0]).toBe("partner");
  expect(ids.at(-1)).toBe("ours");
  expect(readFileSync(join(folder(), "breakwater.yaml"), "utf8")).toContain("  # Ours, first.\n  - id: ours");
});

test("--dry-run and --json change nothing and say everything", async () => {
  await published();
  write("zone.json", fixture("zone-export.json"));
  const ran = await run(["rule", "import", "zone.json", "--dry-run", "--json"]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  const told = ran.json()["import"] as { readonly rules: readonly { readonly did: string; readonly reason: string | null }[] };
  expect(told.rules).toHaveLength(15);
  for (const { did, reason } of told.rules) expect(reason === null).toBe(did !== "left");
  expect(await idsInForce()).toEqual(["ours"]);
});

test("its help", async () => {
  const ran = await run(["rule", "import", "--help"]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  await expect(ran.stdout).toMatchFileSnapshot(join(import.meta.dirname, "golden", "help-rule-import.txt"));
});

const REFUSED: readonly (readonly [name: string, args: readonly string[], input: string, message: string])[] = [
  ["no JSON", [], "block everything", "it is not JSON"],
  [
    "an error of the API",
    [],
    '{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"result":null}',
    "Authentication error",
  ],
  ["nothing that is known", [], '{"result":[]}', "it holds no ruleset"],
  ["an unknown place", ["--before", "our"], '[{"id":"1","action":"block","expression":"ssl"}]', "did you mean ours?"],
  ["an unknown mode", ["--mode", "watch"], "{}", "give log or enforce"],
  ["an unknown choice", ["--challenge", "captcha"], "{}", "give block, log, or skip"],
];

test.each(REFUSED)("%s is refused with a reason, and nothing is published", async (_name, args, input, message) => {
  await published();
  const ran = await run(["rule", "import", "-", ...args], {}, input);
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(ran.stderr).toContain(message);
  expect(await idsInForce()).toEqual(["ours"]);
});
