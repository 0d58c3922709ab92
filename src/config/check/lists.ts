// Lists: where the entries come from, and each entry by the list's kind. Compiles what is good, so that rules can be tested on it.

import { compileList } from "../../firewall/lists.ts";
import type { ListSnapshot } from "../snapshot.ts";
import type { NormalList } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report, reportKey, sentence } from "./context.ts";
import type { CheckContext } from "./context.ts";

export function checkLists(context: CheckContext): ReadonlyMap<string, ListSnapshot> {
  const lists = new Map<string, ListSnapshot>();
  for (const [name, list] of Object.entries(context.config.lists)) {
    const path = ["lists", name];
    checkOrigin(context, list, path);
    const entries = context.resources.lists.get(name) ?? [];
    const compiled = compileList(
      list.kind,
      entries.map((entry) => entry.value),
    );
    lists.set(name, compiled.list);
    for (const { index, message } of compiled.problems) {
      const finding = { code: "invalid-entry", message: sentence(message), fix: "Correct or remove the entry." };
      const line = entries[index]?.line ?? null;
      if (line === null) report(context, [...path, "entries", index], finding);
      else context.diagnostics.push({ severity: "error", ...finding, path: [...path, "file"], file: list.file ?? "", line, column: 1 });
    }
  }
  return lists;
}

function checkOrigin(context: CheckContext, list: NormalList, path: Path): void {
  if (list.entries !== undefined && list.file !== undefined) {
    reportKey(context, [...path, "file"], {
      code: "conflicting-options",
      message: "The list has both `entries` and `file`.",
      fix: "Keep one of them.",
    });
  } else if (list.entries === undefined && list.file === undefined) {
    report(context, path, {
      code: "missing-key",
      message: `The list "${String(path[1])}" has no entries.`,
      expected: "`entries` or `file`",
      fix: "Add `entries: [...]`, or `file: ./list.txt`.",
    });
  }
}
