// The fault table as it is printed: in columns for people, as Markdown for the docs, and its last line.

import { expect, test } from "vitest";

import { worst } from "../../faults/explain.ts";
import { figuresOf } from "../../faults/figures.ts";
import type { Figures } from "../../faults/figures.ts";
import type { Sent } from "../../faults/load.ts";
import { asMarkdown, asText, inFull, LEGEND, verdict } from "../../faults/report.ts";
import type { Report } from "../../faults/report.ts";
import { planned } from "../../faults/traffic.ts";

function figures(more: Partial<Figures>): Figures {
  return { ...figuresOf({ sent: [], seen: [], beganAtMs: 0, endedAtMs: 1, backAtMs: null }), ...more };
}

const REPORT: Report = {
  subjects: ["Breakwater", "nginx default"],
  results: [
    {
      title: "SIGKILL",
      goal: "0 failed",
      missed: [],
      countsExecutions: false,
      figures: [figures({ p99Ms: 11.4, load: 1.004 }), figures({ failed: 2, slow: 3, p99Ms: 900, load: 3 })],
    },
    {
      title: "POST",
      goal: "at most 2 failed",
      missed: ["at most 2 failed: failed is 3"],
      countsExecutions: true,
      figures: [figures({ failed: 3, twice: 1, p99Ms: 7, load: 1 }), null],
    },
  ],
};

test("as text: columns of equal width", () => {
  expect(asText(REPORT)).toBe(
    [
      LEGEND,
      "",
      "fault    Breakwater    nginx default  goal              reached",
      "SIGKILL  0/0/11/1.00   2/3/900/3.00   0 failed          yes",
      "POST     3/0/7/1.00/1                 at most 2 failed  no",
    ].join("\n"),
  );
});

test("as Markdown: a table that ends with a line break", () => {
  expect(asMarkdown(REPORT)).toBe(
    [
      LEGEND,
      "",
      "| fault | Breakwater | nginx default | goal | reached |",
      "| --- | --- | --- | --- | --- |",
      "| SIGKILL | 0/0/11/1.00 | 2/3/900/3.00 | 0 failed | yes |",
      "| POST | 3/0/7/1.00/1 |  | at most 2 failed | no |",
      "",
    ].join("\n"),
  );
});

test("a bar in a text does not end a cell of Markdown", () => {
  const [result] = REPORT.results;
  if (result === undefined) throw new Error("no result");
  expect(asMarkdown({ ...REPORT, results: [{ ...result, title: "a|b" }] })).toContain("| a\\|b |");
});

test("the last line counts rows", () => {
  expect(verdict(REPORT)).toBe("1 of 2 rows at goal");
  expect(verdict({ subjects: [], results: [] })).toBe("0 of 0 rows at goal");
});

test("a row in full: how many requests, and what was before and after only where it is worth a word", () => {
  const some = { requests: 300, p99Ms: 9, load: 1, p99BeforeMs: 5 };
  expect(inFull(figures(some), false)).toBe("0/0/9/1.00 of 300; p99 before 5 ms");
  expect(inFull(figures({ ...some, failedOutside: 2 }), false)).toBe("0/0/9/1.00 of 300; p99 before 5 ms; 2 failed before or after");
  expect(inFull(figures({ ...some, p99BeforeMs: Number.NaN }), false)).toBe("0/0/9/1.00 of 300");
});

test("examples of what went wrong: failed requests first, then the slowest, each with its line of the access log", () => {
  const sent = (number: number, more: Partial<Sent>): Sent => ({
    ...planned("small", "row", number),
    atMs: number * 100,
    ms: 5,
    status: 200,
    intact: true,
    hasRetryAfter: false,
    error: null,
    requestId: null,
    ...more,
  });
  const all = [sent(0, {}), sent(1, { ms: 700 }), sent(10, { status: 502, intact: false, requestId: "abc" })];
  const log = [
    '{"id":"other","url":"http://faults.test/fresh/1024/row-10","status":200}',
    '{"id":"abc","url":"http://faults.test/fresh/1024/row-10","status":502,"ms":4,"attempts":[]}',
    '{"url":"http://faults.test/fresh/1024/row-1","status":200,"ms":699}',
  ];
  expect(worst({ noted: all, log, beganAtMs: 50 })).toEqual([
    '0.95 s into the fault /fresh/1024/row-10: 502 after 5 ms; logged: {"status":502,"ms":4,"attempts":[]}',
    '0.05 s into the fault /fresh/1024/row-1: 200 after 700 ms; logged: {"status":200,"ms":699}',
    "-0.05 s into the fault /fresh/1024/row-0: 200 after 5 ms; not in the access log",
  ]);
});
