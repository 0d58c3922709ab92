// Markdown tables, and placing them in a page between markers. Pure.

/** Cells may hold Markdown; pipes and line breaks in them are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), `|${head.map(() => " --- ").join("|")}|`, ...rows.map(line)].join("\n");
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** Replaces what stands between `<!-- generated:NAME -->` and `<!-- /generated -->` for each name. */
export function fillTables(page: string, tables: Readonly<Record<string, string>>): string {
  return page.replace(
    /(<!-- generated:([a-z]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (whole, start: string, name: string, end: string) => {
      const text = tables[name];
      return text === undefined ? whole : `${start}\n${text}\n\n${end}`;
    },
  );
}
