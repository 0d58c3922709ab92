// Drawing over what was drawn before, on a terminal: a table that changes in its place. Pure: it makes the text, the caller writes
// it. A frame never has more lines than the window, so that it can always be found again above the cursor.

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface Frame {
  /** To be written as it is. */
  readonly text: string;
  /** Lines that the cursor is now below; pass it to the next call. */
  readonly drawn: number;
}

const TOKENS = /\u001b\[[0-9;]*m|[\s\S]/gu;

/** @param drawn - Of the frame before; 0 for the first. */
export function redraw(lines: readonly string[], drawn: number, size: TerminalSize): Frame {
  const fitting = fit(lines, size);
  const up = drawn === 0 ? "" : `\u001b[${drawn}F`;
  return { text: `${up}\u001b[0J${fitting.map((line) => `${line}\n`).join("")}`, drawn: fitting.length };
}

/** One row is left for the cursor. */
function fit(lines: readonly string[], { columns, rows }: TerminalSize): readonly string[] {
  const rowsMax = Math.max(1, rows - 1);
  const shown = lines.length <= rowsMax ? lines : [...lines.slice(0, rowsMax - 1), `... ${lines.length - rowsMax + 1} more lines`];
  return shown.map((line) => cut(line, columns));
}

/** A line that wraps would take two rows. Colours stay whole, and are ended where the line is cut. */
function cut(line: string, columns: number): string {
  let width = 0;
  let text = "";
  let coloured = false;
  for (const [token] of line.matchAll(TOKENS)) {
    if (token.length > 1 && token.startsWith("\u001b")) coloured = true;
    else if (width === columns) return coloured ? `${text}\u001b[0m` : text;
    else width += 1;
    text += token;
  }
  return text;
}
