// Typical slips in what a field is compared with: values that the field never has. Used by the tables of fields; shown as warnings.

import { lowerAscii, upperAscii } from "../expression/bytes.ts";

export interface Doubt {
  readonly message: string;
  readonly fix: string;
}

export type Doubter = (bytes: string) => Doubt | null;

/** The field has one of these values; something close to one is a slip of the pen. */
export function doubtUnless(values: readonly string[], what: string): Doubter {
  return (bytes) => {
    if (values.includes(bytes)) return null;
    const meant = values.find((value) => bare(value) === bare(bytes));
    const fix = meant === undefined ? `write one of ${values.map((value) => `"${value}"`).join(", ")}` : `write "${meant}"`;
    return { message: `this field is ${what}, so this never matches`, fix };
  };
}

function bare(text: string): string {
  return lowerAscii(text).replaceAll(/[^a-z0-9]/g, "");
}

export const doubtCode: Doubter = (bytes) =>
  /^[A-Z0-9]{2}$/.test(bytes)
    ? null
    : {
        message: "this field is a code of two capital letters, so this never matches",
        fix: bytes.length === 2 ? `write "${upperAscii(bytes)}"` : 'write the code, such as "DE"',
      };

export const doubtRegion: Doubter = (bytes) => {
  const match = /^[A-Za-z]{2}-(.+)$/.exec(bytes);
  if (match === null) return null;
  return { message: "this field is the code without the country, so this never matches", fix: `write "${upperAscii(match[1] ?? "")}"` };
};

export const doubtSubdivision: Doubter = (bytes) =>
  bytes === "" || /^[A-Z]{2}-[A-Z0-9]{1,3}$/.test(bytes)
    ? null
    : {
        message: "this field is a code with its country, in capital letters, so this never matches",
        fix: bytes.includes("-") ? `write "${upperAscii(bytes)}"` : 'write it like "US-TX"',
      };

export const doubtMediaType: Doubter = (bytes) => {
  const plain = lowerAscii(bytes.split(";", 1)[0] ?? "").trim();
  if (bytes === "" || (plain === bytes && bytes.includes("/"))) return null;
  const fix = plain.includes("/") ? `write "${plain}"` : 'write it like "text/html"';
  return { message: "this field is a media type in lower case, without parameters, so this never matches", fix };
};

export const doubtPath: Doubter = (bytes) => {
  if (!bytes.startsWith("/")) return { message: "a path starts with /, so this never matches", fix: `write "/${bytes}"` };
  return bytes.includes("?") ? { message: "the path has no query, so this never matches", fix: "compare http.request.uri" } : null;
};

export const doubtExtension: Doubter = (bytes) =>
  /^\.|[A-Z]/.test(bytes)
    ? {
        message: "the extension is in lower case and has no dot, so this never matches",
        fix: `write "${lowerAscii(bytes).replace(/^\./, "")}"`,
      }
    : null;

export const doubtMethod: Doubter = (bytes) =>
  /[a-z]/.test(bytes) ? { message: "methods are in upper case, so this never matches", fix: `write "${upperAscii(bytes)}"` } : null;

export const doubtQuery: Doubter = (bytes) =>
  bytes.startsWith("?") ? { message: "the query has no ?, so this never matches", fix: `write "${bytes.slice(1)}"` } : null;

export const doubtFullUri: Doubter = (bytes) =>
  /^https?:\/\/[^/]/.test(bytes)
    ? null
    : {
        message: "this field begins with the scheme, so this never matches",
        fix: "compare http.request.uri, or write https:// and the host before it",
      };

export const doubtHost: Doubter = (bytes) => {
  if (/[A-Z]/.test(bytes))
    return { message: "host names are in lower case here, so this never matches", fix: `write "${lowerAscii(bytes)}"` };
  if (!/[/:]/.test(bytes) || bytes.startsWith("[")) return null;
  const host = /^(?:https?:\/\/)?([^/:]+)/.exec(bytes)?.[1];
  return {
    message: "this field is the host name alone, so this never matches",
    fix: host === undefined ? "write the host name" : `write "${host}"`,
  };
};
