// Fields of method and URL. `http.request.uri...` has the canonical path, so that `/%61dmin` and `//admin` cannot slip past a
// rule on `/admin`; `raw.http.request.uri...` has what was received.

import { lowerAscii } from "../expression/bytes.ts";
import { addTo, oncePerRequest } from "./derive.ts";
import type { Field } from "../expression/scheme.ts";
import type { Facts } from "../facts.ts";

const target = (path: string, query: string): string => (query === "" ? path : `${path}?${query}`);

const uri = oncePerRequest((facts) => target(facts.path, facts.query));
const fullUri = oncePerRequest((facts) => `${facts.scheme}://${facts.host}${uri(facts)}`);
const rawUri = oncePerRequest((facts) => target(facts.rawPath, facts.query));
const args = oncePerRequest((facts) => parseArgs(facts.query));
const argMap = oncePerRequest((facts) => {
  const map = new Map<string, string[]>();
  for (const [name, value] of args(facts)) addTo(map, name, value);
  return map;
});
const argNames = oncePerRequest((facts) => args(facts).map(([name]) => name));
const argValues = oncePerRequest((facts) => args(facts).map(([, value]) => value));

const doubtPath = (bytes: string): { readonly message: string; readonly fix: string } | null => {
  if (!bytes.startsWith("/")) return { message: "a path starts with /, so this never matches", fix: `write "/${bytes}"` };
  return bytes.includes("?") ? { message: "the path has no query, so this never matches", fix: "compare http.request.uri" } : null;
};

const doubtExtension = (bytes: string): { readonly message: string; readonly fix: string } | null =>
  /^\.|[A-Z]/.test(bytes)
    ? {
        message: "the extension is in lower case and has no dot, so this never matches",
        fix: `write "${lowerAscii(bytes).replace(/^\./, "")}"`,
      }
    : null;

export const URI_FIELDS: readonly Field<Facts>[] = [
  {
    name: "http.request.method",
    type: "Bytes",
    description: "The method, such as `GET`.",
    get: (facts) => facts.method,
    doubt: (bytes) =>
      /[a-z]/.test(bytes) ? { message: "methods are in upper case, so this never matches", fix: `write "${bytes.toUpperCase()}"` } : null,
  },
  {
    name: "http.host",
    type: "Bytes",
    description: "The host name of the request, in lower case and without a port.",
    get: (facts) => facts.hostname,
    doubt: (bytes) => {
      if (/[A-Z]/.test(bytes))
        return { message: "host names are in lower case here, so this never matches", fix: `write "${lowerAscii(bytes)}"` };
      const host = /^(?:https?:\/\/)?([^/:]+)/.exec(bytes)?.[1];
      return /[/:]/.test(bytes) && !bytes.startsWith("[")
        ? {
            message: "this field is the host name alone, so this never matches",
            fix: host === undefined ? "write the host name" : `write "${host}"`,
          }
        : null;
    },
  },
  { name: "http.request.uri", type: "Bytes", description: "Canonical path and query.", get: uri },
  { name: "http.request.full_uri", type: "Bytes", description: "Scheme, host, canonical path and query.", get: fullUri },
  {
    name: "http.request.uri.path",
    type: "Bytes",
    description: "The canonical path: dot segments and empty segments resolved, needless escapes decoded.",
    get: (facts) => facts.path,
    doubt: doubtPath,
  },
  {
    name: "http.request.uri.path.extension",
    type: "Bytes",
    description: "The extension of the last path segment, in lower case and without the dot; empty when there is none.",
    get: oncePerRequest((facts) => extensionOf(facts.path)),
    doubt: doubtExtension,
  },
  {
    name: "http.request.uri.query",
    type: "Bytes",
    description: "The query as received, without the `?`.",
    get: (facts) => facts.query,
    doubt: (bytes) =>
      bytes.startsWith("?") ? { message: "the query has no ?, so this never matches", fix: `write "${bytes.slice(1)}"` } : null,
  },
  {
    name: "http.request.uri.args",
    type: { map: { array: "Bytes" } },
    description: "Query arguments by name, as received (not decoded).",
    get: argMap,
  },
  { name: "http.request.uri.args.names", type: { array: "Bytes" }, description: "Names of the query arguments, in order.", get: argNames },
  {
    name: "http.request.uri.args.values",
    type: { array: "Bytes" },
    description: "Values of the query arguments, in order.",
    get: argValues,
  },
  { name: "raw.http.request.uri", type: "Bytes", description: "Path and query as received.", get: rawUri },
  { name: "raw.http.request.full_uri", type: "Bytes", description: "The URL as received.", get: (facts) => facts.rawUrl },
  {
    name: "raw.http.request.uri.path",
    type: "Bytes",
    description: "The path as received.",
    get: (facts) => facts.rawPath,
    doubt: doubtPath,
  },
  {
    name: "raw.http.request.uri.path.extension",
    type: "Bytes",
    description: "The extension of the path as received, in lower case.",
    get: oncePerRequest((facts) => extensionOf(facts.rawPath)),
    doubt: doubtExtension,
  },
  { name: "raw.http.request.uri.query", type: "Bytes", description: "The query as received.", get: (facts) => facts.query },
  {
    name: "raw.http.request.uri.args",
    type: { map: { array: "Bytes" } },
    description: "Query arguments by name, as received.",
    get: argMap,
  },
  {
    name: "raw.http.request.uri.args.names",
    type: { array: "Bytes" },
    description: "Names of the query arguments, as received.",
    get: argNames,
  },
  {
    name: "raw.http.request.uri.args.values",
    type: { array: "Bytes" },
    description: "Values of the query arguments, as received.",
    get: argValues,
  },
];

/** A leading dot starts a hidden file's name and no extension. */
function extensionOf(path: string): string {
  const segment = path.slice(path.lastIndexOf("/") + 1);
  const dot = segment.lastIndexOf(".");
  return dot <= 0 ? "" : lowerAscii(segment.slice(dot + 1));
}

function parseArgs(query: string): readonly (readonly [name: string, value: string])[] {
  if (query === "") return [];
  return query
    .split("&")
    .filter((argument) => argument !== "")
    .map((argument) => {
      const equals = argument.indexOf("=");
      return equals === -1 ? [argument, ""] : [argument.slice(0, equals), argument.slice(equals + 1)];
    });
}
