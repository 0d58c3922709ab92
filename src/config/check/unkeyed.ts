// Placeholders that make an answer depend on who asked, on a route whose answers are stored for everybody: the first visitor's
// would be given to all. A warning, since an origin may well ignore what it is told.

import { parseTemplate } from "../../transform/template.ts";
import type { NormalRoute } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

interface Placed {
  readonly at: Path;
  readonly text: string;
}

/** @param params - Names of the route's parameters, which are part of the key by being part of the path. */
export function checkUnkeyed(context: CheckContext, route: NormalRoute, params: readonly string[], path: Path): void {
  if (route.pool === undefined || route.cache === undefined || route.cache.edge === "bypass" || route.cache.key.country) return;
  for (const { at, text } of askedOfOrigin(route, path)) {
    const template = parseTemplate(text, params);
    if (!template.ok || !template.value.some((part) => typeof part !== "string" && part.ref === "client.country")) continue;
    report(context, at, {
      severity: "warning",
      code: "unkeyed-placeholder",
      message: "The origin is told the visitor's country, but answers are stored for visitors of all countries.",
      found: text,
      fix: "Make it part of the key with `cache: { key: { country: true } }`, or use `cache: bypass`.",
    });
  }
}

/** What reaches the origin: the rewritten path and query, and request headers. */
function askedOfOrigin(route: NormalRoute, path: Path): readonly Placed[] {
  const { request } = route.headers;
  const headers = (["set", "add"] as const).flatMap((verb) =>
    Object.entries(request[verb]).flatMap(([name, value]) =>
      [value].flat().map((text) => ({ at: [...path, "headers", "request", verb, name], text })),
    ),
  );
  const query = Object.entries(route.query?.set ?? {}).map(([name, text]) => ({ at: [...path, "query", "set", name], text }));
  return [...(route.rewrite === undefined ? [] : [{ at: [...path, "rewrite"], text: route.rewrite }]), ...query, ...headers];
}
