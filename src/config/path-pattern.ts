// A route's path as written, parsed to segments in the canonical encoding that requests are matched in. Pure; made at publish.

import { ROUTE_SEGMENTS_MAX } from "../limits.ts";
import { TEMPLATE_REFS } from "../transform/template.ts";
import { fail, ok } from "../result.ts";
import type { Result } from "../result.ts";
import type { PathSnapshot, SegmentSnapshot } from "./snapshot.ts";

export interface PathProblem {
  /** UTF-16 units from the start of the text. */
  readonly index: number;
  readonly message: string;
  readonly fix: string;
}

/**
 * @param source - `/exact`, `/prefix/*`, `/users/:id`, `/a/*\/b`, `/img/*.png`, or `=/anything:literal*`.
 */
export function parsePathPattern(source: string): Result<PathSnapshot, PathProblem> {
  const isLiteral = source.startsWith("=");
  const parts = source.slice(isLiteral ? 2 : 1).split("/");
  const rest = !isLiteral && parts.at(-1) === "*";
  if (rest) parts.pop();
  if (parts.length > ROUTE_SEGMENTS_MAX) {
    return fail({
      index: 0,
      message: `The path has ${parts.length} segments; ${ROUTE_SEGMENTS_MAX} are possible.`,
      fix: "End it with `/*` earlier.",
    });
  }
  const segments: SegmentSnapshot[] = [];
  let index = isLiteral ? 2 : 1;
  for (const [position, part] of parts.entries()) {
    const isLast = position === parts.length - 1 && !rest;
    const segment = isLiteral ? literal(part, isLast) : parseSegment(part, isLast);
    if (!segment.ok) return fail({ index, ...segment.error });
    if (repeatsName(segments, segment.value)) {
      return fail({ index, message: `The parameter ${part} stands twice in the path.`, fix: "Give each parameter its own name." });
    }
    segments.push(segment.value);
    index += part.length + 1;
  }
  return ok({ source, segments, rest });
}

/** Names that a template of the route may use besides the general ones. */
export function paramNames(pattern: PathSnapshot): readonly string[] {
  const names = pattern.segments.flatMap((segment) => (segment.kind === "param" && segment.name !== null ? [segment.name] : []));
  return pattern.rest ? [...names, "rest"] : names;
}

type Segment = Result<SegmentSnapshot, Omit<PathProblem, "index">>;

function parseSegment(part: string, isLast: boolean): Segment {
  if (part === "*") return ok({ kind: "param", name: null });
  if (part.startsWith(":")) return parseParam(part);
  const star = part.indexOf("*");
  if (star === -1) return literal(part, isLast);
  if (part.includes("*", star + 1))
    return fail({ message: `"${part}" has more than one \`*\`.`, fix: "Use one `*` in a segment, or `/*` at the end." });
  return ok({ kind: "glob", prefix: canonicalText(part.slice(0, star)), suffix: canonicalText(part.slice(star + 1)) });
}

function parseParam(part: string): Segment {
  const name = part.slice(1);
  if (name === "rest") return fail({ message: "`rest` is the name of what `/*` matches.", fix: "Use another name." });
  if ((TEMPLATE_REFS as readonly string[]).includes(name)) {
    return fail({ message: `\`{${name}}\` stands for the request's ${name} in every template.`, fix: "Use another name." });
  }
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return ok({ kind: "param", name });
  return fail({
    message: `"${part}" is not a parameter: a name of letters, digits and \`_\` that takes the whole segment.`,
    fix: "Write `:name` alone between slashes, or start the path with `=` to mean it literally.",
  });
}

/** Requests are matched in canonical form, which has no dot segments and no empty ones but at the end: such a route never matches. */
function literal(part: string, isLast: boolean): Segment {
  const text = canonicalText(part);
  if (text === "." || text === "..") return fail({ message: `A request's path never has the segment "${part}".`, fix: "Remove it." });
  if (text === "" && !isLast)
    return fail({ message: "A request's path never has an empty segment: `//` is read as `/`.", fix: "Write one `/`." });
  return ok({ kind: "literal", text });
}

function repeatsName(segments: readonly SegmentSnapshot[], segment: SegmentSnapshot): boolean {
  return (
    segment.kind === "param" && segment.name !== null && segments.some((other) => other.kind === "param" && other.name === segment.name)
  );
}

/** RFC 3986 2.3 and 3.3: what a path segment holds without escapes. */
const UNRESERVED = /[A-Za-z0-9._~-]/;
const NOT_PCHAR = /[^A-Za-z0-9._~!$&'()*+,;=:@%-]/gu;

/** Characters outside a path's alphabet escaped, unreserved ones not, escapes in upper case (RFC 3986 6.2.2). */
export function canonicalText(text: string): string {
  const escaped = text.replace(NOT_PCHAR, (character) => encodeURIComponent(character.isWellFormed() ? character : "\ufffd"));
  return escaped.replace(/%([0-9A-Fa-f]{2})/g, (escape, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
}
