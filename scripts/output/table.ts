// Tables of plain text with aligned columns. Widths are those of the visible text, so painted cells align as well. Used by the
// commands that list things.

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

const ESCAPES = /\u001b\[[0-9;]*m/g;

/** Lines without trailing spaces, the titles first. Cells beyond the columns are ignored, missing ones are empty. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const all = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_column, index) => Math.max(...all.map((row) => width(row[index] ?? ""))));
  return all.map((row) =>
    columns
      .map((column, index) => pad(row[index] ?? "", widths[index] ?? 0, column.align ?? "left"))
      .join("  ")
      .trimEnd(),
  );
}

function pad(text: string, wanted: number, align: "left" | "right"): string {
  const fill = " ".repeat(Math.max(0, wanted - width(text)));
  return align === "left" ? text + fill : fill + text;
}

function width(text: string): number {
  return Array.from(text.replace(ESCAPES, "")).length;
}
