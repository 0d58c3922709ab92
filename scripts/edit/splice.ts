// Changes of a YAML (or JSON) text at one place, given the nodes that were parsed from it: an item into a list, an item out of
// it, a boolean of a mapping. Both the block form (`- id: x`) and the flow form (`[{...}]`, JSON) are edited in their own way.
// Everything outside the place stays byte for byte. The caller parses the result again.

import { isCollection, isMap, isPair, isScalar, isSeq, stringify, type Pair, type YAMLMap, type YAMLSeq } from "yaml";

/** A mapping, or a scalar. */
export type Item = Readonly<Record<string, unknown>> | string | number;

/** Start of a node's value and its end, without what follows it; null for a node that was not parsed from text. */
export function itemRange(node: unknown): readonly [from: number, to: number] | null {
  const range = isScalar(node) || isCollection(node) ? node.range : null;
  return range === null || range === undefined ? null : [range[0], range[1]];
}

/** Puts items before the one at `index`, or at the end. The list has at least one item. */
export function insertItem(text: string, list: YAMLSeq, index: number, ...items: readonly Item[]): string | null {
  if (list.flow === true) return insertFlow(text, list, index, items);
  const blank = isSpaced(text, list) ? "\n" : "";
  const anchor = list.items[index];
  if (anchor === undefined) {
    const last = list.items.length - 1;
    const dash = dashOf(list, last);
    const end = lineAfter(text, leafEnd(list.items[last]));
    if (dash === null || end === null) return null;
    const before = text.slice(0, end);
    return `${before}${before.endsWith("\n") ? "" : "\n"}${blank}${blockItems(items, columnOf(text, dash), blank)}${text.slice(end)}`;
  }
  const dash = dashOf(list, index);
  if (dash === null) return null;
  const start = withCommentsAbove(text, lineStart(text, dash), columnOf(text, dash));
  return `${text.slice(0, start)}${blockItems(items, columnOf(text, dash), blank)}${blank}${text.slice(start)}`;
}

/** Takes an item away with the comment lines that stand directly above it. The last item leaves an empty list. */
export function removeItem(text: string, list: YAMLSeq, index: number): string | null {
  if (list.flow === true) return removeFlow(text, list, index);
  const dash = dashOf(list, index);
  const end = lineAfter(text, leafEnd(list.items[index]));
  if (dash === null || end === null) return null;
  let start = withCommentsAbove(text, lineStart(text, dash), columnOf(text, dash));
  let stop = end;
  // Of the blank lines around it one is enough; after the last item the one above goes.
  if (/(^|\n)[ \t]*\r?\n$/.test(text.slice(0, start))) {
    const below = /^[ \t]*\r?\n/.exec(text.slice(stop));
    if (below !== null) stop += below[0].length;
    else if (index === list.items.length - 1) start = text.slice(0, start).replace(/[ \t]*\r?\n$/, "").length;
  }
  if (list.items.length > 1) return text.slice(0, start) + text.slice(stop);
  const colon = text.lastIndexOf(":", dash);
  return colon < 0 ? null : `${text.slice(0, colon + 1)} []${text.slice(colon + 1, start)}${text.slice(stop)}`;
}

/** Writes the first items of a list whose value is empty (`firewall:`, `firewall: []`, `firewall: null`). */
export function fillEmpty(text: string, root: YAMLMap, pair: Pair, ...items: readonly Item[]): string | null {
  const key = itemRange(pair.key);
  if (key === null) return null;
  const value = itemRange(pair.value);
  const [from, to] = value ?? [key[1], key[1]];
  if (root.flow === true) return `${text.slice(0, from)}[${items.map((item) => flowItem(item, "")).join(", ")}]${text.slice(to)}`;
  const colon = text.indexOf(":", key[1]);
  const line = lineAfter(text, Math.max(to, colon + 1));
  if (colon < 0 || line === null) return null;
  const kept = value === null ? text.slice(0, line) : text.slice(0, from).replace(/[ \t]+$/, "") + text.slice(to, line);
  return `${kept}${kept.endsWith("\n") ? "" : "\n"}${blockItems(items, columnOf(text, key[0]) + 2, "")}${text.slice(line)}`;
}

/** Adds a list at the end of the file. */
export function appendTopLevel(text: string, root: YAMLMap, key: string, ...items: readonly Item[]): string | null {
  const range = itemRange(root);
  if (range === null) return null;
  if (root.flow !== true) return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}\n${key}:\n${blockItems(items, 2, "")}`;
  const last = root.items.at(-1);
  const end = last === undefined ? range[0] + 1 : leafEnd(last);
  if (end === null) return null;
  const layout = flowLayout(text, range[0] + 1);
  const deeper = layout.includes("\n") ? `${layout}  ` : "";
  const list = `[${deeper}${items.map((item) => flowItem(item, deeper)).join(deeper === "" ? ", " : `,${deeper}`)}${deeper === "" ? "" : layout}]`;
  return `${text.slice(0, end)}${last === undefined ? "" : ","}${layout}${JSON.stringify(key)}: ${list}${text.slice(end)}`;
}

/** Sets a boolean of a mapping: over its old value, or on a line of its own below the first key. */
export function setScalar(text: string, map: YAMLMap, key: string, value: boolean | string): string | null {
  const old = map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
  const oldRange = itemRange(old?.value);
  if (oldRange !== null) return `${text.slice(0, oldRange[0])}${value}${text.slice(oldRange[1])}`;
  const first = map.items[0];
  const last = map.items.at(-1);
  const firstKey = itemRange(first?.key);
  if (first === undefined || last === undefined || firstKey === null || old !== undefined) return null;
  if (map.flow === true) {
    const end = leafEnd(last);
    const name = /["']/.test(text[firstKey[0]] ?? "") ? JSON.stringify(key) : key;
    return end === null ? null : `${text.slice(0, end)},${flowLayout(text, lineOrBrace(text, map))}${name}: ${value}${text.slice(end)}`;
  }
  const end = lineAfter(text, leafEnd(first));
  if (end === null) return null;
  const before = text.slice(0, end);
  return `${before}${before.endsWith("\n") ? "" : "\n"}${" ".repeat(columnOf(text, firstKey[0]))}${key}: ${value}\n${text.slice(end)}`;
}

function lineOrBrace(text: string, map: YAMLMap): number {
  return (itemRange(map)?.[0] ?? text.length) + 1;
}

function insertFlow(text: string, list: YAMLSeq, index: number, items: readonly Item[]): string | null {
  const open = itemRange(list)?.[0];
  const anchor = itemRange(list.items[Math.min(index, list.items.length - 1)]);
  if (open === undefined || anchor === null) return null;
  const layout = flowLayout(text, open + 1);
  const inserted = items.map((item) => flowItem(item, layout)).join(`,${layout}`);
  if (index >= list.items.length) return `${text.slice(0, anchor[1])},${layout}${inserted}${text.slice(anchor[1])}`;
  return `${text.slice(0, anchor[0])}${inserted},${layout}${text.slice(anchor[0])}`;
}

function removeFlow(text: string, list: YAMLSeq, index: number): string | null {
  const own = itemRange(list.items[index]);
  const next = itemRange(list.items[index + 1]);
  const previous = itemRange(list.items[index - 1]);
  if (own === null) return null;
  if (next !== null) return text.slice(0, own[0]) + text.slice(next[0]);
  if (previous !== null) return text.slice(0, previous[1]) + text.slice(own[1]);
  const open = itemRange(list);
  return open === null ? null : `${text.slice(0, open[0])}[]${text.slice(open[1])}`;
}

/** What separates the items of a flow collection: a space, or the line break and indentation that its first item has. */
export function flowLayout(text: string, afterBracket: number): string {
  return /^\r?\n[ \t]*/.exec(text.slice(afterBracket, afterBracket + 200))?.[0] ?? " ";
}

/** JSON is YAML's flow form. Over several lines where the list is. */
export function flowItem(item: Item, layout: string): string {
  if (typeof item !== "object") return JSON.stringify(item);
  if (!layout.includes("\n"))
    return `{ ${Object.entries(item)
      .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(", ")} }`;
  return JSON.stringify(item, null, 2).replaceAll("\n", layout);
}

function blockItems(items: readonly Item[], column: number, blank: string): string {
  return items.map((item) => blockItem(item, column)).join(blank);
}

/** `- id: x` and its further lines, with the dash at `column`; ends in a line break. */
function blockItem(item: Item, column: number): string {
  const indent = " ".repeat(column);
  const lines = stringify(item, { lineWidth: 0 }).trimEnd().split("\n");
  return lines.map((line, index) => `${indent}${index === 0 ? "- " : "  "}${line}\n`).join("");
}

/** Offset of an item's dash. */
function dashOf(list: YAMLSeq, index: number): number | null {
  const token = list.srcToken;
  if (token?.type !== "block-seq") return null;
  return token.items[index]?.start.find((part) => part.type === "seq-item-ind")?.offset ?? null;
}

/** Where the text of a node ends, taken from its last scalar: the range of a block collection may go on over what follows it. */
export function leafEnd(node: unknown): number | null {
  if (isPair(node)) return leafEnd(node.value) ?? itemRange(node.key)?.[1] ?? null;
  if ((isMap(node) || isSeq(node)) && node.flow !== true) return leafEnd(node.items.at(-1));
  return itemRange(node)?.[1] ?? null;
}

/** Offset of the line after the one that `offset` is in. */
export function lineAfter(text: string, offset: number | null): number | null {
  if (offset === null) return null;
  if (offset > 0 && text[offset - 1] === "\n") return offset;
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** Start of the comment lines directly above a line, at the same column: they are about what follows. */
function withCommentsAbove(text: string, start: number, column: number): number {
  let above = start;
  while (above > 0) {
    const from = lineStart(text, above - 1);
    const line = text.slice(from, above);
    if (!/^[ \t]*#/.test(line) || line.indexOf("#") !== column) break;
    above = from;
  }
  return above;
}

/** Whether a blank line separates the last two items: a new one is then set apart as well. */
function isSpaced(text: string, list: YAMLSeq): boolean {
  const last = dashOf(list, list.items.length - 1);
  const end = lineAfter(text, leafEnd(list.items.at(-2)));
  return list.items.length > 1 && last !== null && end !== null && /^[ \t]*\r?\n/.test(text.slice(end, last));
}
