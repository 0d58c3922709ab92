// A list by the name that somebody typed.

import { nearestName } from "../../src/expression/diagnostics.ts";
import { counted } from "../output/diagnostics.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure } from "../output/failure.ts";
import type { WrittenList } from "./read.ts";

/** A list by its name, or a failure that names those that there are. */
export function requireList(lists: readonly WrittenList[], name: string): WrittenList {
  const list = lists.find((one) => one.name === name);
  if (list !== undefined) return list;
  const names = lists.map((one) => one.name);
  const near = nearestName(name, names);
  throw failure({
    what: `there is no list "${name}"`,
    why:
      names.length === 0
        ? "there are no lists"
        : `there ${names.length === 1 ? "is" : "are"} ${counted(names.length, "list")}: ${names.join(", ")}`,
    fix: near === null ? `make it: breakwater list create ${name} --kind ip` : `did you mean ${near}?`,
    exit: EXIT.usage,
  });
}
