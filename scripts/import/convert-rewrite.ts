// Rewrites: path and query of the request, headers of the request or of the answer, each a static value or an expression. Headers
// that are not a rule's to change are left out of it, the rest is carried over.

import { FORWARDING } from "../../src/config/check/headers.ts";
import { FRAMING_HEADERS } from "../../src/transform/header-rules.ts";
import { literalText, quoted } from "./answers.ts";
import type { CloudflareRule } from "./cloudflare.ts";
import { carried, left, type ConvertContext, type Converted, type Left } from "./converted.ts";
import { carryValue } from "./expressions.ts";
import { objectOf, textOf, type JsonObject } from "./json.ts";

type Made = string | { readonly expression: string };

interface HeaderChanges {
  readonly remove: string[];
  readonly set: Record<string, Made>;
  readonly add: Record<string, Made>;
}

/** @param phase - Cloudflare's: it says whose headers are meant. */
export function convertRewrite({ parameters }: CloudflareRule, phase: string, context: ConvertContext): Converted {
  const isResponse = phase === "http_response_headers_transform";
  const changes: string[] = [];
  const rewrite: Record<string, unknown> = {};
  const uri = objectOf(parameters["uri"]);
  const refused =
    takeUri({ rewrite, changes, context }, uri) ?? takeHeaders({ rewrite, changes, context, isResponse }, objectOf(parameters["headers"]));
  if (refused !== null) return refused;
  if (Object.keys(rewrite).length === 0)
    return left(`it changes nothing that can be changed here${changes.map((each) => `; ${each}`).join("")}`, "leave it out");
  if ("path" in rewrite || "query" in rewrite)
    changes.push(
      "all other rules of the phase request see the visitor's own path and query; at Cloudflare those of later phases see the rewritten ones",
    );
  return carried(isResponse ? "response" : "request", { rewrite }, changes);
}

interface RewriteParts {
  readonly rewrite: Record<string, unknown>;
  readonly changes: string[];
  readonly context: ConvertContext;
}

function takeUri({ rewrite, changes, context }: RewriteParts, uri: JsonObject): Left | null {
  const path = objectOf(uri["path"]);
  if (path["value"] !== undefined || path["expression"] !== undefined) {
    const made = madeOf(path, changes, context);
    if (isLeft(made)) return made;
    rewrite["path"] = made;
  }
  const query = objectOf(uri["query"]);
  if (query["value"] !== undefined || query["expression"] !== undefined) {
    // The whole query is always an expression in the config.
    const made = typeof query["value"] === "string" ? { expression: quoted(query["value"]) } : madeOf(query, changes, context);
    if (isLeft(made)) return made;
    rewrite["query"] = made;
  }
  return null;
}

interface HeadersInput extends RewriteParts {
  readonly isResponse: boolean;
}

function takeHeaders({ rewrite, changes, context, isResponse }: HeadersInput, headers: JsonObject): Left | null {
  const taken: HeaderChanges = { remove: [], set: {}, add: {} };
  for (const [name, value] of Object.entries(headers)) {
    const why = protectedBecause(name, isResponse);
    if (why !== null) {
      changes.push(`the header ${name} is left out: ${why}`);
      continue;
    }
    const change = objectOf(value);
    const operation = textOf(change["operation"]) ?? "set";
    if (operation === "remove") taken.remove.push(name);
    else {
      const made = madeOf(change, changes, context);
      if (isLeft(made)) return made;
      taken[operation === "add" ? "add" : "set"][name] = made;
    }
  }
  const kept = Object.entries(taken).filter(([, part]) => (Array.isArray(part) ? part.length : Object.keys(part).length) > 0);
  if (kept.length > 0) rewrite["headers"] = Object.fromEntries(kept);
  return null;
}

/** As the config's checks see it. */
function protectedBecause(name: string, isResponse: boolean): string | null {
  const lower = name.toLowerCase();
  if (FRAMING_HEADERS.has(lower)) return "it belongs to the connection";
  if (isResponse) return null;
  if (lower === "host") return "the platform sends the host of the origin's URL; see `host: preserve` of a route";
  return FORWARDING.has(lower) ? "Breakwater sets it from the connection" : null;
}

function madeOf(source: JsonObject, changes: string[], { scheme }: ConvertContext): Made | Left {
  const expression = textOf(source["expression"]);
  if (expression === null) return literalText(typeof source["value"] === "string" ? source["value"] : "");
  const value = carryValue(expression, scheme);
  if (value.kind === "left") return value;
  changes.push(...value.changes);
  return { expression: value.text };
}

function isLeft(value: Made | Left): value is Left {
  return typeof value === "object" && "kind" in value;
}
