import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unifiedDiff } from "../../../scripts/output/lines.ts";
import { painter, printable, wantsColour } from "../../../scripts/output/paint.ts";
import { table } from "../../../scripts/output/table.ts";
import { formatDuration, formatTime, parseDuration } from "../../../scripts/output/time.ts";

const plain = painter(false);

describe("durations", () => {
  test.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["3650d", 315_360_000_000],
  ])("%s", (text, ms) => expect(parseDuration(text)).toEqual({ ok: true, value: ms }));

  test.each(["", "30", "m", "1.5h", "-1s", "1w", "0s", "3651d", "1 h", "1H"])("%j is refused with a sentence", (text) => {
    expect(parseDuration(text)).toMatchObject({ ok: false, error: expect.stringContaining(text) });
  });

  test.each([
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [86_400_000, "1 d"],
    [90_000_000, "1 d 1 h"],
  ])("%d ms read as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  test("times are in UTC", () => expect(formatTime(0)).toBe("1970-01-01 00:00:00 UTC"));
});

describe("tables", () => {
  test("columns align by what is seen, not by what is written", () => {
    const red = painter(true);
    expect(
      table(
        [{ title: "A" }, { title: "B", align: "right" }],
        [
          [red("red", "xyz"), "1"],
          ["x", "100"],
        ],
      ),
    ).toEqual(["A      B", "\u001b[31mxyz\u001b[39m    1", "x    100"]);
  });
});

describe("colours", () => {
  test.each<readonly [boolean, Record<string, string>, boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
  ])("terminal %s with %j", (isTTY, env, wanted) => expect(wantsColour({ isTTY }, env)).toBe(wanted));

  test("text of others keeps line breaks and tabs and loses what commands a terminal", () => {
    expect(printable("a\tb\n\u001b[2J\u202e\u0007")).toBe("a\tb\n\ufffd[2J\ufffd\ufffd");
  });
});

/** Applies a unified diff: what `patch` does. */
function patched(before: string, diff: readonly string[]): string {
  const lines = before.split("\n").slice(0, -1);
  const result: string[] = [];
  let at = 0;
  for (const line of diff) {
    const hunk = /^@@ -(\d+),(\d+) /.exec(line);
    if (hunk !== null) {
      const from = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
      while (at < from) result.push(lines[at++] ?? "");
    } else if (line.startsWith(" ") || line.startsWith("-")) {
      if (lines[at] !== line.slice(1)) throw new Error(`line ${at + 1} is not "${line.slice(1)}"`);
      if (line.startsWith(" ")) result.push(line.slice(1));
      at += 1;
    } else result.push(line.slice(1));
  }
  return [...result, ...lines.slice(at)].map((line) => `${line}\n`).join("");
}

describe("line diffs", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 30 }).map((lines) => lines.map((line) => `${line}\n`).join(""));

  test("a diff applied to the old text gives the new one", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(patched(before, unifiedDiff(before, after, plain))).toBe(after);
      }),
    );
  });

  test("equal texts have no diff, and unequal ones have one", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(unifiedDiff(before, after, plain).length > 0).toBe(before !== after);
      }),
    );
  });

  test("a missing line break at the end is a difference that is shown", () => {
    expect(unifiedDiff("a\n", "a", plain)).toContain("+a\n\\ No newline at end of file");
  });

  test("long texts without a common line are shown as replaced", () => {
    const before = Array.from({ length: 3000 }, (_, index) => `old ${index}\n`).join("");
    const after = Array.from({ length: 3000 }, (_, index) => `new ${index}\n`).join("");
    expect(patched(before, unifiedDiff(before, after, plain))).toBe(after);
  });
});
