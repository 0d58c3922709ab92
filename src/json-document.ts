// JSON text from outside (KV, the store, the admin API) to checked data, by hand: the Worker's bundle has no schema library. One
// form of error for all documents, so that a reader can keep its last good one and say what was wrong with the new one, and
// where. Pure; what the fields mean is the affair of each document's own module.

import { fail, ok, type Result } from "./result.ts";

/** Why a text is not the document that it should be. `path` names the place, `/` for the whole. */
export interface DocumentError {
  readonly kind: "too-large" | "not-json" | "unknown-format" | "bad-field";
  readonly path: string;
  readonly message: string;
}

/** One field that is not as it should be. `message` goes on after the path: `is not a string`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface DocumentForm<T> {
  /** What messages call it: `health document`. */
  readonly name: string;
  readonly format: number;
  readonly charsMax: number;
  /** Reads the fields; `format` has been looked at. */
  readonly read: (fields: Fields) => Result<T, FieldError>;
}

export type Fields = Readonly<Record<string, unknown>>;

export function parseDocument<T>(text: string, form: DocumentForm<T>): Result<T, DocumentError> {
  const { name, format, charsMax } = form;
  const refuse = (kind: DocumentError["kind"], path: string, message: string): Result<T, DocumentError> =>
    fail({ kind, path, message: `${name}: ${path} ${message}` });
  if (text.length > charsMax) return refuse("too-large", "/", `has ${text.length} characters, at most ${charsMax} are read`);
  const value = parseJson(text);
  if (value === undefined) return refuse("not-json", "/", "is not JSON");
  if (!isRecord(value)) return refuse("bad-field", "/", "is not an object");
  if (value["format"] !== format) return refuse("unknown-format", "/format", `is ${shown(value["format"])}, this Worker reads ${format}`);
  const parsed = form.read(value);
  return parsed.ok ? parsed : refuse("bad-field", parsed.error.path, parsed.error.message);
}

export function badField(path: string, message: string): { readonly ok: false; readonly error: FieldError } {
  return fail({ path, message });
}

/** An object by names of the operator's own choice, each value read by `read`; the first that is bad is the error. */
export function parseEntries<T>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => Result<T, FieldError>,
): Result<Readonly<Record<string, T>>, FieldError> {
  if (!isRecord(value)) return badField(path, "is not an object");
  const entries: [string, T][] = [];
  for (const [key, entry] of Object.entries(value)) {
    const parsed = read(entry, `${path}/${key}`);
    if (!parsed.ok) return parsed;
    entries.push([key, parsed.value]);
  }
  // fromEntries defines own properties, so a key of `__proto__` is a name like any other.
  return ok(Object.fromEntries(entries));
}

/** Undefined, which no JSON text means, when it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A whole number of 0 or more that is exact: a count, a version, a time in milliseconds. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** A value for a message: as JSON, cut to 60 characters. */
export function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 60);
}
