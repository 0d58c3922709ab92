// The faults that a drill can put on one request, as text and as data: `pool=eu:down`, `origin=web/a:slow=3s`, `kv=down`. A closed
// list. Pure; the command line reads what an operator wrote with it, the Worker what was signed.

import { DRILL_FAULT_CHARS_MAX, DRILL_SLOW_MS_MAX } from "../limits.ts";
import { fail, ok, type Result } from "../result.ts";

export type Fault =
  /** Every origin of the pool refuses. */
  | { readonly kind: "pool"; readonly pool: string }
  /** pool: null is the origin of that name in whatever pool. */
  | { readonly kind: "origin"; readonly pool: string | null; readonly origin: string; readonly how: OriginFault }
  /** No document can be read from KV. */
  | { readonly kind: "kv" }
  /** Nothing is found in the data centre's cache. */
  | { readonly kind: "cache" };

/** down: no connection. slow: silent for so long, then as always. status: answers with it. reset: breaks off in mid-body. */
export type OriginFault =
  | { readonly kind: "down" | "reset" }
  | { readonly kind: "slow"; readonly ms: number }
  | { readonly kind: "status"; readonly status: number };

export interface FaultProblem {
  readonly message: string;
  readonly fix: string;
}

/** All forms, for messages and help. */
export const FAULT_FORMS = [
  "pool=NAME:down",
  "origin=[POOL/]ID:down",
  "origin=[POOL/]ID:slow=3s",
  "origin=[POOL/]ID:status=503",
  "origin=[POOL/]ID:reset",
  "kv=down",
  "cache=off",
] as const;

const ANY_FORM = `write one of: ${FAULT_FORMS.join(", ")}`;

export function parseFault(text: string): Result<Fault, FaultProblem> {
  if (text.length > DRILL_FAULT_CHARS_MAX) return problem(`a fault has ${DRILL_FAULT_CHARS_MAX} characters at most`, ANY_FORM);
  const equals = text.indexOf("=");
  const [subject, rest] = equals === -1 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
  switch (subject) {
    case "kv":
      return rest === "down" ? ok({ kind: "kv" }) : problem(`"${text}": KV can only be down`, "write kv=down");
    case "cache":
      return rest === "off" ? ok({ kind: "cache" }) : problem(`"${text}": the cache can only be off`, "write cache=off");
    case "pool":
      return parsePool(text, rest);
    case "origin":
      return parseOrigin(text, rest);
    default:
      return problem(`"${text}" is not a fault`, ANY_FORM);
  }
}

/** As `parseFault` reads it. */
export function printFault(fault: Fault): string {
  switch (fault.kind) {
    case "pool":
      return `pool=${fault.pool}:down`;
    case "origin":
      return `origin=${fault.pool === null ? "" : `${fault.pool}/`}${fault.origin}:${printHow(fault.how)}`;
    case "kv":
      return "kv=down";
    case "cache":
      return "cache=off";
    default:
      return fault satisfies never;
  }
}

function parsePool(text: string, rest: string): Result<Fault, FaultProblem> {
  const { name, what } = atLastColon(rest);
  if (!isName(name)) return problem(`"${text}" names no pool`, "write pool=NAME:down, such as pool=web:down");
  return what === "down"
    ? ok({ kind: "pool", pool: name })
    : problem(`"${text}": a pool can only be down`, `write pool=${name}:down; an origin can be slow: origin=${name}/ID:slow=3s`);
}

function parseOrigin(text: string, rest: string): Result<Fault, FaultProblem> {
  // The name of an origin may have a port.
  const { name, what } = atLastColon(rest);
  const slash = name.indexOf("/");
  const pool = slash === -1 ? null : name.slice(0, slash);
  const origin = name.slice(slash + 1);
  if (!isName(origin) || (pool !== null && !isName(pool)))
    return problem(
      `"${text}" names no origin`,
      "write origin=POOL/ID:down, such as origin=web/web-1:down; breakwater origin list shows the names",
    );
  const how = parseHow(text, what);
  return how.ok ? ok({ kind: "origin", pool, origin, how: how.value }) : how;
}

function parseHow(text: string, what: string): Result<OriginFault, FaultProblem> {
  if (what === "down" || what === "reset") return ok({ kind: what });
  const [kind, value = ""] = what.split("=", 2);
  if (kind === "slow") {
    const ms = milliseconds(value);
    if (ms !== null && ms > 0 && ms <= DRILL_SLOW_MS_MAX) return ok({ kind, ms });
    return problem(
      `"${text}": "${value}" is no time for an origin to be slow`,
      `write slow=500ms or slow=3s, ${DRILL_SLOW_MS_MAX / 1000}s at most`,
    );
  }
  if (kind === "status") {
    // Only failures: anything else would be an answer that no origin gave.
    if (/^[45]\d\d$/.test(value)) return ok({ kind, status: Number(value) });
    return problem(`"${text}": "${value}" is not the status of an error`, "write a status from 400 to 599, such as status=503");
  }
  return problem(`"${text}": an origin cannot be "${what}"`, "write down, slow=3s, status=503 or reset behind the last colon");
}

function printHow(how: OriginFault): string {
  switch (how.kind) {
    case "slow":
      return `slow=${how.ms % 1000 === 0 ? `${how.ms / 1000}s` : `${how.ms}ms`}`;
    case "status":
      return `status=${how.status}`;
    case "down":
    case "reset":
      return how.kind;
    default:
      return how satisfies never;
  }
}

function atLastColon(text: string): { readonly name: string; readonly what: string } {
  const colon = text.lastIndexOf(":");
  return colon === -1 ? { name: text, what: "" } : { name: text.slice(0, colon), what: text.slice(colon + 1) };
}

/** What stands in a header and in a line of the log. */
function isName(text: string): boolean {
  return /^[A-Za-z0-9._:[\]-]{1,160}$/.test(text);
}

function milliseconds(text: string): number | null {
  const match = /^(\d{1,6})(ms|s)$/.exec(text);
  return match === null ? null : Number(match[1]) * (match[2] === "s" ? 1000 : 1);
}

function problem(message: string, fix: string): Result<never, FaultProblem> {
  return fail({ message, fix });
}
