// Edits of the rules in a user's config as text: add, remove, enable, disable, watch, enforce. The Document API finds the places, the text is
// changed only there, so that comments, order and layout of everything else stay as they are. The result is parsed again and
// compared with what was meant; nothing is returned that says something else.

import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, isSeq, parse, parseDocument, type Document, type YAMLMap, type YAMLSeq } from "yaml";
import { fail, ok, type Result } from "../../src/result.ts";
import { appendTopLevel, fillEmpty, insertItem, itemRange, removeItem, setScalar } from "./splice.ts";

/** A rule as the user's file has it. */
export type RuleText = Readonly<Record<string, unknown>>;

export type NewRule = RuleText & { readonly id: string };

export type RuleEdit =
  | { readonly kind: "add"; readonly rule: NewRule; readonly before: string | null }
  /** In their order. */
  | { readonly kind: "add-all"; readonly rules: readonly NewRule[]; readonly before: string | null }
  | { readonly kind: "remove"; readonly id: string }
  | ({ readonly kind: "set"; readonly id: string } & RuleSwitch);

/** A key of a rule that is switched, and the word for it, which needs no quotes. */
export type RuleSwitch = { readonly key: "enabled"; readonly value: boolean } | { readonly key: "mode"; readonly value: "enforce" | "log" };

/** What holds where the key is not written. */
const DEFAULTS: Readonly<Record<RuleSwitch["key"], boolean | string>> = { enabled: true, mode: "enforce" };

export type RuleEditError =
  | { readonly kind: "not-yaml"; readonly message: string }
  | { readonly kind: "unknown-rule"; readonly id: string; readonly known: readonly string[] }
  | { readonly kind: "exists"; readonly id: string }
  /** The file has the rules in a form that cannot be edited safely: an alias, a merge, several documents. */
  | { readonly kind: "form"; readonly message: string };

const RULES_KEY = "firewall";

/** The file's text after the edit; the same text when there is nothing to do. */
export function editRules(text: string, edit: RuleEdit): Result<string, RuleEditError> {
  const document = parseDocument(text, { keepSourceTokens: true });
  const [problem] = document.errors;
  if (problem !== undefined) return fail({ kind: "not-yaml", message: problem.message });
  if (!isMap(document.contents)) return fail({ kind: "form", message: "the file is not a mapping of sites, pools and firewall" });
  const meant = meantRules(document, edit);
  if (!meant.ok) return meant;
  if (meant.value === null) return ok(text);
  const edited = spliceText(text, document, document.contents, edit);
  const expected = { ...(document.toJS() as Record<string, unknown>), [RULES_KEY]: meant.value };
  if (edited === null || !isDeepStrictEqual(parseQuietly(edited), expected)) {
    return fail({
      kind: "form",
      message: `the list under "${RULES_KEY}" is written in a form that cannot be edited without rewriting the file`,
    });
  }
  return ok(edited);
}

/** Ids of the rules in the order of the file. */
export function ruleIds(text: string): readonly string[] {
  return rulesOf(parseDocument(text).toJS()).map(idOf);
}

/** The rules as plain values after the edit; null when they are that way already. */
function meantRules(document: Document, edit: RuleEdit): Result<readonly unknown[] | null, RuleEditError> {
  const rules = rulesOf(document.toJS());
  const position = (id: string) => rules.findIndex((rule) => idOf(rule) === id);
  const unknown = (id: string) => fail<RuleEditError>({ kind: "unknown-rule", id, known: rules.map(idOf) });
  switch (edit.kind) {
    case "add":
    case "add-all": {
      const added = addedBy(edit);
      const taken = takenId(rules.map(idOf), added);
      if (taken !== null) return fail({ kind: "exists", id: taken });
      const at = edit.before === null ? rules.length : position(edit.before);
      if (at < 0) return unknown(edit.before ?? "");
      return ok(added.length === 0 ? null : rules.toSpliced(at, 0, ...added));
    }
    case "remove": {
      const at = position(edit.id);
      return at < 0 ? unknown(edit.id) : ok(rules.toSpliced(at, 1));
    }
    case "set": {
      const at = position(edit.id);
      if (at < 0) return unknown(edit.id);
      const rule = rules[at] as Record<string, unknown>;
      return ok((rule[edit.key] ?? DEFAULTS[edit.key]) === edit.value ? null : rules.with(at, { ...rule, [edit.key]: edit.value }));
    }
    default:
      return edit satisfies never;
  }
}

function addedBy(edit: Extract<RuleEdit, { readonly kind: "add" | "add-all" }>): readonly NewRule[] {
  return edit.kind === "add" ? [edit.rule] : edit.rules;
}

/** The first id that a rule of the file, or another new one, has already. */
function takenId(ids: readonly string[], added: readonly NewRule[]): string | null {
  const seen = new Set(ids);
  for (const { id } of added) {
    if (seen.has(id)) return id;
    seen.add(id);
  }
  return null;
}

function spliceText(text: string, document: Document, root: YAMLMap, edit: RuleEdit): string | null {
  const node: unknown = document.get(RULES_KEY, true);
  if (!isSeq(node)) {
    if (edit.kind !== "add" && edit.kind !== "add-all") return null;
    if (!document.has(RULES_KEY)) return appendTopLevel(text, root, RULES_KEY, ...addedBy(edit));
    const pair = root.items.find((item) => isScalar(item.key) && item.key.value === RULES_KEY);
    return pair === undefined ? null : fillEmpty(text, root, pair, ...addedBy(edit));
  }
  const index = (id: string) => node.items.findIndex((item) => isMap(item) && item.get("id") === id);
  switch (edit.kind) {
    case "add":
    case "add-all": {
      const added = addedBy(edit);
      const pair = root.items.find((item) => item.value === node);
      if (node.items.length === 0) return pair === undefined ? null : fillEmpty(text, root, pair, ...added);
      return insertItem(text, node, edit.before === null ? node.items.length : index(edit.before), ...added);
    }
    case "remove":
      return removeItem(text, node, index(edit.id));
    case "set":
      return setKey(text, node, index(edit.id), edit);
    default:
      return edit satisfies never;
  }
}

function setKey(text: string, rules: YAMLSeq, index: number, { key, value }: RuleSwitch): string | null {
  const rule = rules.items[index];
  return isMap(rule) && itemRange(rule) !== null ? setScalar(text, rule, key, value) : null;
}

function rulesOf(root: unknown): readonly unknown[] {
  const rules: unknown = typeof root === "object" && root !== null ? (root as Record<string, unknown>)[RULES_KEY] : undefined;
  return Array.isArray(rules) ? rules : [];
}

function idOf(rule: unknown): string {
  const id: unknown = typeof rule === "object" && rule !== null ? (rule as Record<string, unknown>)["id"] : undefined;
  return typeof id === "string" ? id : "";
}

function parseQuietly(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return null;
  }
}
