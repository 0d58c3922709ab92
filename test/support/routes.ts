// Routes for tests that need no whole config: a path pattern and what differs from a plain proxied route.

import type { ConditionSnapshot, PathSnapshot, RouteSnapshot, SegmentSnapshot } from "../../src/config/snapshot.ts";

export interface RouteInput {
  readonly methods?: readonly string[];
  readonly conditions?: readonly ConditionSnapshot[];
}

export function routeOf(path: string, input: RouteInput = {}): RouteSnapshot {
  return {
    id: `${input.methods?.join(",") ?? "*"} ${path} ${JSON.stringify(input.conditions ?? [])}`,
    path: pathOf(path),
    methods: input.methods ?? null,
    conditions: input.conditions ?? [],
    requestHeaders: { remove: [], set: [], add: [] },
    responseHeaders: { remove: [], set: [], add: [] },
    bodyBytesMax: 1000,
    action: { kind: "respond", status: 200, contentType: "text/plain", body: path },
  };
}

/** `/a/:b/*.png`, `/a/*`: the notation of the config, without its checks. */
export function pathOf(source: string): PathSnapshot {
  const parts = source.slice(1).split("/");
  const rest = parts.at(-1) === "*";
  if (rest) parts.pop();
  return { source, segments: parts.map(segmentOf), rest };
}

function segmentOf(text: string): SegmentSnapshot {
  if (text === "*") return { kind: "param", name: null };
  if (text.startsWith(":")) return { kind: "param", name: text.slice(1) };
  const star = text.indexOf("*");
  if (star !== -1) return { kind: "glob", prefix: text.slice(0, star), suffix: text.slice(star + 1) };
  return { kind: "literal", text };
}
