// Fields of a body of the type application/x-www-form-urlencoded, as the rules language gives them: split, not decoded. Linear in
// the body; never throws. A body that was cut gives what is whole and the cut rest.

import { urlDecode } from "../expression/functions-url.ts";
import { BODY_FIELDS_MAX } from "../limits.ts";
import { addTo } from "./derive.ts";

export interface FormFields {
  /** In order, as received; repeated ones are repeated. */
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** Values by name as received, and by the decoded name where that is another: servers decode names, so `%75ser` is `user` to them. */
  readonly map: ReadonlyMap<string, readonly string[]>;
  /** There are more fields than were read. */
  readonly cut: boolean;
}

/** @param bytes - A byte string. */
export function parseForm(bytes: string): FormFields {
  const names: string[] = [];
  const values: string[] = [];
  const map = new Map<string, string[]>();
  let start = 0;
  while (start < bytes.length) {
    if (names.length === BODY_FIELDS_MAX) return { names, values, map, cut: true };
    const ampersand = bytes.indexOf("&", start);
    const end = ampersand === -1 ? bytes.length : ampersand;
    if (end > start) {
      const field = bytes.slice(start, end);
      const equals = field.indexOf("=");
      const name = equals === -1 ? field : field.slice(0, equals);
      const value = equals === -1 ? "" : field.slice(equals + 1);
      names.push(name);
      values.push(value);
      addUnderNames(map, name, value);
    }
    start = end + 1;
  }
  return { names, values, map, cut: false };
}

/** Under the name as received, as servers decode it, and as PHP makes a variable of that. */
export function addUnderNames(map: Map<string, string[]>, name: string, value: string): void {
  addTo(map, name, value);
  const decoded = urlDecode(name);
  if (decoded !== name) addTo(map, decoded, value);
  const variable = phpName(decoded);
  if (variable !== decoded && variable !== name) addTo(map, variable, value);
}

/** Spaces in front go, a zero ends it, and dots and spaces are underscores: `+role%00x` is `role`. What stands in brackets stays. */
function phpName(name: string): string {
  if (!/[\0 .]/.test(name)) return name;
  const [ended = ""] = name.replace(/^ +/, "").split("\0", 1);
  const bracket = ended.indexOf("[");
  const plain = bracket === -1 ? ended : ended.slice(0, bracket);
  return plain.replaceAll(/[ .]/g, "_") + ended.slice(plain.length);
}
