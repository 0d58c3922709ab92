// YAML (or JSON, which is YAML) to a plain value with positions. All syntax errors are collected; size, depth and the number of
// values after aliases are bounded, so that no file can hang or exhaust the command line. Knows nothing of the schema.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Alias, Document, Node, Pair, YAMLError, YAMLMap } from "yaml";
import { CONFIG_BYTES_MAX, CONFIG_DEPTH_MAX, CONFIG_NODES_MAX } from "../limits.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { createSource, keyText } from "./source.ts";
import type { Source } from "./source.ts";

export interface ParseOutput {
  /** Undefined when there is no value to go on with. */
  readonly value: unknown;
  readonly diagnostics: readonly Diagnostic[];
  readonly source: Source;
}

/**
 * @param file - Name for diagnostics.
 */
export function parseConfig(file: string, text: string): ParseOutput {
  const lines = new LineCounter();
  const bytes = byteLength(text);
  if (bytes > CONFIG_BYTES_MAX) {
    const message = `The file has ${bytes} bytes; ${CONFIG_BYTES_MAX} are read at most.`;
    const fix = "Move long lists to files of their own (`file: ./list.txt`).";
    return refusal(file, { code: "file-too-large", message, found: `${bytes} bytes`, expected: `at most ${CONFIG_BYTES_MAX} bytes`, fix });
  }
  const document = OPENING_RUN.test(text) ? null : parseText(text, lines);
  if (document === null || document.errors.some((error) => STACK_ERROR.test(error.message)))
    return refusal(file, { code: "nested-too-deep", message: "The file is nested too deep to be read.", ...DEPTH_FIX });
  const aliases = new Map<Alias, Node | null>();
  const source = createSource({ file, text, lines, root: document.contents, aliases });
  const diagnostics = withoutRepeats(document.errors.map((error) => syntaxDiagnostic(error, source)));
  if (diagnostics.length > 0) return { value: undefined, diagnostics, source };
  return convertDocument(document, aliases, source);
}

const DEPTH_FIX = { expected: `at most ${CONFIG_DEPTH_MAX} levels`, fix: "Remove the extra brackets or indentation." } as const;

/** As many opening brackets or dashes in a row are an attack: the parser would spend a second for each megabyte of them. */
const OPENING_RUN = /(?:(?:[[{]|-[ \t])[ \t]*){64}/;

/** The parser reports a part of a file that is nested too deep for its stack in these words. */
const STACK_ERROR = /call stack|stack overflow/i;

function byteLength(text: string): number {
  return text.length > CONFIG_BYTES_MAX ? text.length : new TextEncoder().encode(text).length;
}

/** Null when the parser, which is recursive, ran out of stack: only thousands of nested brackets do that. */
function parseText(text: string, lines: LineCounter): Document | null {
  try {
    // Duplicate keys are looked for below: the parser compares every key with every other.
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: false, logLevel: "error" });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function refusal(file: string, problem: Omit<Diagnostic, "severity" | "path" | "file" | "line" | "column">): ParseOutput {
  const source = createSource({ file, text: "", lines: new LineCounter(), root: null, aliases: new Map() });
  return { value: undefined, diagnostics: [{ severity: "error", path: [], file, line: 1, column: 1, ...problem }], source };
}

function syntaxDiagnostic(error: YAMLError, source: Source): Diagnostic {
  const words = error.message
    .replace(/\s+/g, " ")
    .replace(/\.$/, "")
    .replace(/closing (["'])quote/, "closing $1");
  const message = `${error.code === "MULTIPLE_DOCS" ? "The file has several documents" : words}.`;
  return source.diagnosticAt(error.pos[0], { severity: "error", code: "syntax", path: [], message, fix: syntaxFix(error) });
}

/** The parser says the same thing once for each bracket that one mistake leaves open. */
function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const byText = new Map(diagnostics.map((diagnostic) => [`${diagnostic.line}:${diagnostic.column}:${diagnostic.message}`, diagnostic]));
  return [...byText.values()];
}

function syntaxFix(error: YAMLError): string {
  switch (error.code) {
    case "TAB_AS_INDENT":
      return "Indent with spaces.";
    case "BAD_INDENT":
      if (error.message.includes("end with")) return "Close the bracket, or indent what is inside it.";
      return "Give entries of one mapping or list the same indentation.";
    case "MISSING_CHAR":
      return "Close the quote or bracket, or put a space after the colon.";
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return "Put text with a colon and a space in single quotes, or on a line of its own below `>-`; put each key on its own line.";
    case "MULTIPLE_DOCS":
      return "Keep one document: remove what follows `---`.";
    default:
      return "Put text with special characters in quotes.";
  }
}

interface Conversion {
  readonly source: Source;
  readonly aliases: Map<Alias, Node | null>;
  readonly anchors: Map<string, Node>;
  readonly diagnostics: Diagnostic[];
  nodes: number;
  /** Set once a limit is passed: conversion ends quickly, one diagnostic is enough. */
  stopped: boolean;
}

function convertDocument(document: Document, aliases: Map<Alias, Node | null>, source: Source): ParseOutput {
  const run: Conversion = { source, aliases, anchors: new Map(), diagnostics: [], nodes: 0, stopped: false };
  const value = convert(document.contents, [], run);
  if (document.contents === null || value === null) {
    run.diagnostics.push(
      source.diagnosticAt(0, {
        severity: "error",
        code: "empty-file",
        path: [],
        message: "The file is empty.",
        fix: "Start with `sites:`, or run `breakwater init`.",
      }),
    );
  }
  const isUsable = !run.stopped && value !== null && !run.diagnostics.some(({ code }) => code === "syntax");
  return { value: isUsable ? value : undefined, diagnostics: run.diagnostics, source };
}

type Path = readonly (string | number)[];

function convert(node: unknown, path: Path, run: Conversion): unknown {
  if (run.stopped || node === null || node === undefined) return null;
  run.nodes += 1;
  const offset = (node as Node).range?.[0] ?? 0;
  if (run.nodes > CONFIG_NODES_MAX)
    return stop(run, offset, {
      code: "too-many-values",
      message: `The file has more than ${CONFIG_NODES_MAX} values once its aliases are expanded.`,
      fix: "Use fewer aliases, or list files.",
    });
  if (path.length > CONFIG_DEPTH_MAX)
    return stop(run, offset, {
      code: "nested-too-deep",
      message: `More than ${CONFIG_DEPTH_MAX} levels inside each other.`,
      fix: DEPTH_FIX.fix,
    });
  const { anchor, tag } = node as { readonly anchor?: string; readonly tag?: string };
  if (tag?.startsWith("!") === true) run.diagnostics.push(tagDiagnostic(tag, offset, path, run.source));
  if (anchor !== undefined && anchor !== "") run.anchors.set(anchor, node as Node);
  if (isAlias(node)) return convertAlias(node, path, run);
  if (isMap(node)) return convertMap(node, path, run);
  if (isSeq(node)) return node.items.map((item, index) => convert(item, [...path, index], run));
  return isScalar(node) ? plainScalar(node.value) : null;
}

/** To YAML, `! ssl` is `ssl` with a tag: read on, a rule would say the opposite. The parser's offset is behind the tag. */
function tagDiagnostic(tag: string, offset: number, path: Path, source: Source): Diagnostic {
  const at = Math.max(0, source.lastBefore("!", offset));
  const message = `A value that begins with ! is a tag to YAML (${tag}), which takes it off the value.`;
  return source.diagnosticAt(at, {
    severity: "error",
    code: "syntax",
    path,
    message,
    fix: "In an expression write `not`; put any other text that begins with ! in quotes.",
  });
}

/** Dates and binary data do not exist in YAML's core schema; a big integer is shown to the schema as text, which refuses it. */
function plainScalar(value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function stop(run: Conversion, offset: number, problem: { readonly code: string; readonly message: string; readonly fix: string }): null {
  run.stopped = true;
  run.diagnostics.push(run.source.diagnosticAt(offset, { severity: "error", path: [], ...problem }));
  return null;
}

function convertAlias(alias: Alias, path: Path, run: Conversion): unknown {
  const target = run.anchors.get(alias.source) ?? null;
  run.aliases.set(alias, target);
  if (target !== null) return convert(target, path, run);
  const message = `The alias *${alias.source} stands before its anchor, or has none.`;
  run.diagnostics.push(
    run.source.diagnosticAt(alias.range?.[0] ?? 0, {
      severity: "error",
      code: "unknown-alias",
      path,
      message,
      fix: `Write &${alias.source} at the value meant, above this line.`,
    }),
  );
  return null;
}

function convertMap(map: YAMLMap, path: Path, run: Conversion): unknown {
  const entries = new Map<string, unknown>();
  const merged: Record<string, unknown>[] = [];
  for (const pair of map.items) {
    const name = keyText(pair.key);
    if (name === "<<") merged.push(...mergeSources(convert(pair.value, [...path, name], run)));
    else if (entries.has(name) || name === "__proto__") run.diagnostics.push(badKey(pair, name, path, run));
    else entries.set(name, convert(pair.value, [...path, name], run));
  }
  for (const source of merged) for (const [name, value] of Object.entries(source)) if (!entries.has(name)) entries.set(name, value);
  return Object.fromEntries(entries);
}

/** `<<: *a` and `<<: [*a, *b]`: keys that are not there yet are taken over, the first source first. */
function mergeSources(value: unknown): Record<string, unknown>[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
    (item): item is Record<string, unknown> => typeof item === "object" && item !== null && !Array.isArray(item),
  );
}

function badKey(pair: Pair, name: string, path: Path, run: Conversion): Diagnostic {
  const offset = (pair.key as Node | null)?.range?.[0] ?? 0;
  if (name === "__proto__")
    return run.source.diagnosticAt(offset, {
      severity: "error",
      code: "unknown-key",
      path: [...path, name],
      message: "`__proto__` is not a key.",
      fix: "Remove it.",
    });
  const message = `The key "${name}" stands twice in this mapping.`;
  return run.source.diagnosticAt(offset, {
    severity: "error",
    code: "duplicate-key",
    path: [...path, name],
    message,
    fix: "Remove one of them, or put their contents together.",
  });
}
