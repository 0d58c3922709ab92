// A drill as a header's value: `<payload>.<signature>`, both base64url; the payload is JSON, the signature HMAC-SHA256 with the
// Worker's secret. The command line signs, the Worker verifies. Whatever is wrong with a value, the answer is the same: none.

import { hmacOf, importHmacKey, isHmacOf, utf8 } from "../hmac.ts";
import { isRecord, parseJson } from "../json-document.ts";
import { DRILL_CLOCK_SKEW_MS_MAX, DRILL_FAULTS_MAX, DRILL_HEADER_CHARS_MAX, DRILL_VALID_MS_MAX } from "../limits.ts";
import { parseFault, printFault, type Fault } from "./faults.ts";

export interface Drill {
  /** None at all is an ordinary request that shows which origins it came to. */
  readonly faults: readonly Fault[];
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
}

/** The same secret may sign other things: a signature of those is none of a drill. */
const PURPOSE = "breakwater drill\n";

export async function signDrill({ faults, untilMs }: Drill, key: string): Promise<string> {
  const payload = toBase64url(utf8(JSON.stringify({ faults: faults.map(printFault), untilMs })));
  return `${payload}.${toBase64url(await hmacOf(await importHmacKey(key), PURPOSE + payload))}`;
}

/** Null for a value that is not signed with this key, not valid now, or not a drill. */
export async function verifyDrill(value: string, key: string, nowMs: number): Promise<Drill | null> {
  if (value.length > DRILL_HEADER_CHARS_MAX) return null;
  const [payload = "", signature = "", ...more] = value.trim().split(".");
  const bytes = fromBase64url(signature);
  if (bytes === null || more.length > 0) return null;
  if (!(await isHmacOf(await importHmacKey(key), bytes, PURPOSE + payload))) return null;
  const drill = decode(payload);
  if (drill === null || drill.untilMs <= nowMs) return null;
  return drill.untilMs - nowMs <= DRILL_VALID_MS_MAX + DRILL_CLOCK_SKEW_MS_MAX ? drill : null;
}

function decode(payload: string): Drill | null {
  const bytes = fromBase64url(payload);
  const value = bytes === null ? null : parseJson(new TextDecoder().decode(bytes));
  if (!isRecord(value)) return null;
  const { faults, untilMs } = value;
  if (!Array.isArray(faults) || faults.length > DRILL_FAULTS_MAX || typeof untilMs !== "number") return null;
  const parsed = faults.map((text) => (typeof text === "string" ? parseFault(text) : null));
  const good = parsed.flatMap((fault) => (fault?.ok === true ? [fault.value] : []));
  return good.length === faults.length ? { faults: good, untilMs } : null;
}

function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}
