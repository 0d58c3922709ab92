// docs/config.md: every key of the config with type, default, meaning and example, from the JSON Schema. Pure.

import { table } from "./markdown.ts";

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
  readonly const?: string | number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SchemaNode>>;
}

interface Section {
  readonly title: string;
  /** Keys of the top level that lead there. */
  readonly steps: readonly string[];
  readonly intro: string;
}

const SECTIONS: readonly Section[] = [
  {
    title: "sites",
    steps: ["sites", "[]"],
    intro:
      "A list. Each site answers for its hosts; an exact host beats a wildcard, the longer wildcard the shorter, and `*` takes what is left.",
  },
  {
    title: "sites: routes",
    steps: ["sites", "[]", "routes", "[]"],
    intro:
      "A list in any order: the most specific route wins. Paths are compared segment by segment from the left: literal, then glob (`*.png`), then parameter (`:id`), then rest (`/*`); " +
      "then more conditions; then methods named before any. Each route has one of `pool`, `redirect` and `respond`.",
  },
  { title: "pools", steps: ["pools", "NAME"], intro: "A mapping by name. Each pool is a set of servers that serve the same." },
  { title: "lists", steps: ["lists", "NAME"], intro: "A mapping by name. Rules name a list as `$name`." },
  {
    title: "firewall",
    steps: ["firewall", "[]"],
    intro: "A list of rules, which run in this order. The language of `when` is described in [rules.md](rules.md).",
  },
  { title: "client", steps: ["client"], intro: "" },
  { title: "alerts", steps: ["alerts"], intro: "What is sent, and how it is verified: [alerts](alerts.md)." },
];

const HEAD = `# Config

<!-- Generated from src/config/schema.ts by \`npm run docs\`. Do not edit. -->

One YAML file (JSON works too). For completion and checks while you type, begin it with

\`\`\`yaml
# yaml-language-server: $schema=./breakwater.schema.json
\`\`\`

\`npm run breakwater -- validate FILE\` shows everything that is wrong with it, with line, column and fix. Unknown keys are errors.
A dot stands for a key inside a mapping, \`[]\` for each entry of a list, \`NAME\` for a key that you choose.

| kind of value | written as |
| --- | --- |
| duration | \`500ms\` \`10s\` \`5m\` \`2h\` \`30d\` |
| size | \`64KiB\` \`10MB\` \`1GiB\` |
| status | \`503\`, class \`5xx\`, range \`200-399\` |
| placeholder | \`{rest}\` and \`{name}\` from the route's path; \`{scheme}\` \`{host}\` \`{hostname}\` \`{path}\` \`{query}\` \`{method}\` \`{client.address}\` \`{client.country}\` \`{request.id}\`; \`{{\` and \`}}\` are braces |
`;

/**
 * @param schema - The config's JSON Schema.
 */
export function configPage(schema: Readonly<Record<string, unknown>>): string {
  const root = schema as SchemaNode;
  const parts = SECTIONS.map((section) => {
    const node = section.steps.reduce((at, step) => follow(at, step), root);
    const rows = keyRows(node, "", section.title === "sites" ? ["routes"] : []);
    return [`## ${section.title}`, section.intro, table(["key", "type", "default", "meaning", "example"], rows)]
      .filter((text) => text !== "")
      .join("\n\n");
  });
  return `${[HEAD.trim(), ...parts].join("\n\n")}\n`;
}

function follow(node: SchemaNode, step: string): SchemaNode {
  const next = step === "[]" ? node.items : step === "NAME" ? node.additionalProperties : node.properties?.[step];
  if (next === undefined || typeof next === "boolean") throw new Error(`The schema has no ${step} there.`);
  return next;
}

/** One row for each key, those of inner mappings below their own. */
function keyRows(node: SchemaNode, prefix: string, stopAt: readonly string[]): readonly (readonly string[])[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const row = [
      `\`${prefix}${name}\``,
      typeText(child),
      defaultText(child, node.required?.includes(name) ?? false),
      child.description ?? "",
      exampleText(child),
    ];
    return stopAt.includes(name) ? [row] : [row, ...innerRows(child, `${prefix}${name}`)];
  });
}

function innerRows(node: SchemaNode, prefix: string): readonly (readonly string[])[] {
  const own = node.properties === undefined ? [] : keyRows(node, `${prefix}.`, []);
  const items = node.items === undefined ? [] : innerRows(node.items, `${prefix}[]`);
  const values = typeof node.additionalProperties === "object" ? innerRows(node.additionalProperties, `${prefix}.NAME`) : [];
  return [...own, ...items, ...values, ...(node.anyOf ?? []).flatMap((branch) => innerRows(branch, prefix))];
}

function typeText(node: SchemaNode): string {
  // A definition without a name of ours is that of any JSON value, which contains itself.
  if (node.$ref !== undefined) return node.$ref.includes("__schema") ? "anything" : node.$ref.replace("#/$defs/", "");
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(typeText))].join(" or ");
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(" ");
  if (node.const !== undefined) return `\`${node.const}\``;
  switch (node.type) {
    case "array":
      return `list of ${node.items === undefined ? "anything" : typeText(node.items)}`;
    case "object":
      return node.properties === undefined && typeof node.additionalProperties === "object"
        ? `mapping to ${typeText(node.additionalProperties)}`
        : "mapping";
    case "string":
      return "text";
    case "integer":
      return "whole number";
    case "number":
      return "number";
    case "boolean":
      return "true, false";
    default:
      return "anything";
  }
}

function defaultText(node: SchemaNode, isRequired: boolean): string {
  if (isRequired) return "required";
  if (node.default === undefined) return "none";
  return isEmptyMapping(node.default) && node.properties !== undefined ? "see below" : `\`${inline(node.default)}\``;
}

function isEmptyMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

function exampleText(node: SchemaNode): string {
  const [example] = node.examples ?? [];
  return example === undefined ? "" : `\`${inline(example)}\``;
}

/** YAML's flow style, as one would write it in a line. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${(value as unknown[]).map(inline).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([name, member]) => `${name}: ${inline(member)}`);
    return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
  }
  if (typeof value !== "string") return JSON.stringify(value);
  if (/^(true|false|null|~|-?[0-9.]+)$/.test(value)) return JSON.stringify(value);
  return value === "" || /^[\s*&!%@`"'#|>{[]|[:#,[\]{}]\s|[,[\]{}]/.test(value) ? JSON.stringify(value) : value;
}
