// A frame drawn over the one before it, played on a little terminal that knows the three sequences that frames use.

import fc from "fast-check";
import { expect, test } from "vitest";
import { painter } from "../../../scripts/output/paint.ts";
import { redraw, type TerminalSize } from "../../../scripts/output/redraw.ts";

const SIZE: TerminalSize = { columns: 10, rows: 5 };

/** What is seen after the frames, without colours; every line that a terminal would wrap or scroll away is an error. */
function played(frames: readonly (readonly string[])[], size: TerminalSize): readonly string[] {
  let screen: string[] = [];
  let cursor = 0;
  let drawn = 0;
  for (const lines of frames) {
    const frame = redraw(lines, drawn, size);
    drawn = frame.drawn;
    const [, up = "0", rest = ""] = /^(?:\u001b\[(\d+)F)?\u001b\[0J([^]*)$/.exec(frame.text) ?? [];
    cursor -= Number(up);
    if (cursor < 0) throw new Error("the cursor left the frame");
    screen = screen.slice(0, cursor);
    for (const line of rest.split("\n").slice(0, -1)) {
      const plain = line.replace(/\u001b\[[0-9;]*m/g, "");
      if (Array.from(plain).length > size.columns) throw new Error("a line wraps");
      screen.push(plain);
      cursor += 1;
    }
    if (cursor > size.rows - 1) throw new Error("the frame scrolls");
  }
  return screen;
}

test("a frame takes the place of the one before, longer or shorter", () => {
  expect(played([["a", "b"], ["c", "d", "e"], ["f"]], SIZE)).toEqual(["f"]);
});

test.each<readonly [string, readonly string[], readonly string[]]>([
  ["as many lines as fit", ["1", "2", "3", "4"], ["1", "2", "3", "4"]],
  ["one more", ["1", "2", "3", "4", "5"], ["1", "2", "3", "... 2 more"]],
  ["a line as wide as the window", ["0123456789"], ["0123456789"]],
  ["one wider", ["0123456789x"], ["0123456789"]],
])("%s", (_name, lines, seen) => expect(played([lines], SIZE)).toEqual(seen));

test("colours cost no width, and do not leak out of a line that is cut", () => {
  const red = painter(true);
  expect(redraw([red("red", "0123456789")], 0, SIZE).text).toContain("\u001b[31m0123456789\u001b[39m\n");
  expect(redraw([red("red", "0123456789x")], 0, SIZE).text).toContain("\u001b[31m0123456789\u001b[0m\n");
});

test("whatever is drawn in whatever window, the last frame alone is seen", () => {
  const lines = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "😀", "\u001b[31m", "\u001b[39m"), maxLength: 20 }), {
    maxLength: 12,
  });
  const size = fc.record({ columns: fc.integer({ min: 1, max: 12 }), rows: fc.integer({ min: 2, max: 8 }) });
  fc.assert(
    fc.property(fc.array(lines, { minLength: 1 }), size, (frames, window) => {
      expect(played(frames, window)).toEqual(played(frames.slice(-1), window));
    }),
  );
});
