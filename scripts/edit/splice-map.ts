// A new key in a mapping of a YAML (or JSON) text, with a mapping as its value: written in the form that the mapping has, everything
// else byte for byte as it was. The caller parses the result again. Its counterpart for lists is splice.ts.

import { isMap, isScalar, stringify, type Pair, type YAMLMap } from "yaml";
import { columnOf, flowItem, flowLayout, itemRange, leafEnd, lineAfter } from "./splice.ts";

type Value = Readonly<Record<string, unknown>>;

/** Adds `key: value` to the mapping under `name` at the top of the file, and that mapping when there is none. */
export function addToMapping(text: string, root: YAMLMap, name: string, added: readonly [key: string, value: Value]): string | null {
  const pair = root.items.find((item) => isScalar(item.key) && item.key.value === name);
  if (pair === undefined) return appendMapping(text, root, name, added);
  const map = pair.value;
  if (isMap(map) && map.items.length > 0) return map.flow === true ? insertFlow(text, map, added) : insertBlock(text, map, added);
  return fillEmpty(text, root, pair, added);
}

function insertBlock(text: string, map: YAMLMap, [key, value]: readonly [string, Value]): string | null {
  const first = itemRange(map.items[0]?.key);
  const end = lineAfter(text, leafEnd(map.items.at(-1)));
  if (first === null || end === null) return null;
  const before = text.slice(0, end);
  return `${before}${before.endsWith("\n") ? "" : "\n"}${blockPair(key, value, columnOf(text, first[0]))}${text.slice(end)}`;
}

function insertFlow(text: string, map: YAMLMap, [key, value]: readonly [string, Value]): string | null {
  const open = itemRange(map)?.[0];
  const end = leafEnd(map.items.at(-1));
  if (open === undefined || end === null) return null;
  const layout = flowLayout(text, open + 1);
  return `${text.slice(0, end)},${layout}${JSON.stringify(key)}: ${flowItem(value, layout)}${text.slice(end)}`;
}

/** `lists:`, `lists: {}`, `lists: null`. */
function fillEmpty(text: string, root: YAMLMap, pair: Pair, [key, value]: readonly [string, Value]): string | null {
  const name = itemRange(pair.key);
  if (name === null) return null;
  const old = itemRange(pair.value);
  const [from, to] = old ?? [name[1], name[1]];
  if (root.flow === true) return `${text.slice(0, from)}{ ${JSON.stringify(key)}: ${flowItem(value, "")} }${text.slice(to)}`;
  const colon = text.indexOf(":", name[1]);
  const line = lineAfter(text, Math.max(to, colon + 1));
  if (colon < 0 || line === null) return null;
  const kept = old === null ? text.slice(0, line) : text.slice(0, from).replace(/[ \t]+$/, "") + text.slice(to, line);
  return `${kept}${kept.endsWith("\n") ? "" : "\n"}${blockPair(key, value, columnOf(text, name[0]) + 2)}${text.slice(line)}`;
}

/** At the end of the file. */
function appendMapping(text: string, root: YAMLMap, name: string, [key, value]: readonly [string, Value]): string | null {
  const range = itemRange(root);
  if (range === null) return null;
  if (root.flow !== true) return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}\n${name}:\n${blockPair(key, value, 2)}`;
  const last = root.items.at(-1);
  const end = last === undefined ? range[0] + 1 : leafEnd(last);
  if (end === null) return null;
  const layout = flowLayout(text, range[0] + 1);
  return `${text.slice(0, end)}${last === undefined ? "" : ","}${layout}${JSON.stringify(name)}: ${flowItem({ [key]: value }, layout)}${text.slice(end)}`;
}

function blockPair(key: string, value: Value, column: number): string {
  const lines = stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .split("\n");
  return lines.map((line) => `${" ".repeat(column)}${line}\n`).join("");
}
