// The cells of the health table that say why, and the operator's word.

import { expect, test } from "vitest";
import { overrideText, whyText } from "../../../scripts/health/table.ts";
import { originHealth, override } from "../origin/fixtures.ts";

test.each([
  [originHealth({ passes: 9 }), "ok: status 200"],
  [originHealth({ detail: "" }), "ok"],
  [originHealth({ why: "status", detail: "status 503", passes: 0, failures: 2 }), "status: status 503, 2 failed in a row"],
  [
    originHealth({ state: "down", why: "timeout", detail: "no answer in 2000 ms", passes: 0, failures: 4 }),
    "timeout: no answer in 2000 ms",
  ],
  [originHealth({ state: "down", passes: 1 }), "ok: status 200, 1 passed in a row"],
])("%j reads %s", (health, text) => expect(whyText(health)).toBe(text));

test.each([
  [override({ state: "drain", untilMs: 95_000 }), "drain for 1 min more, by kim: disk"],
  [override({ state: "weight", weight: 0.5, reason: "" }), "weight 0.5, by kim"],
  [override({ state: "up", by: "", reason: "" }), "up"],
  [override({ by: "\u001b[2J" }), "down, by \ufffd[2J: disk"],
])("%j reads %s", (word, text) => expect(overrideText(word, 0)).toBe(text));
