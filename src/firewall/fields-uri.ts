// Fields of method and URL. `http.request.uri...` has the canonical path, so that `/%61dmin` and `//admin` cannot slip past a
// rule on `/admin`; `raw.http.request.uri...` has what was received.

import { lowerAscii } from "../expression/bytes.ts";
import { addUnderNames } from "./body-form.ts";
import { addTo, once } from "./derive.ts";
import { doubtExtension, doubtFullUri, doubtHost, doubtMethod, doubtPath, doubtQuery } from "./doubts.ts";
import type { ValueType } from "../expression/ast.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuntimeValue } from "../expression/types.ts";
import type { RuleContext } from "./context.ts";

const target = (path: string, query: string): string => (query === "" ? path : `${path}?${query}`);

const uri = once(({ facts }) => target(facts.path, facts.query));
const fullUri = once((context) => `${context.facts.scheme}://${context.facts.host}${uri(context)}`);
const rawUri = once(({ facts }) => target(facts.rawPath, facts.query));
const args = once(({ facts }) => parseArgs(facts.query));
const argMap = once((context) => mapOf(args(context), addUnderNames));
const rawArgMap = once((context) => mapOf(args(context), addTo));
const argNames = once((context) => args(context).map(([name]) => name));
const argValues = once((context) => args(context).map(([, value]) => value));

const TEXTS: ValueType = { array: "Bytes" };

const always = (name: string, type: ValueType, description: string, get: (context: RuleContext) => RuntimeValue): Field<RuleContext> => ({
  name,
  type,
  description,
  get,
  always: true,
});

export const URI_FIELDS: readonly Field<RuleContext>[] = [
  { ...always("http.request.method", "Bytes", "The method, such as `GET`.", ({ facts }) => facts.method), doubt: doubtMethod },
  {
    ...always("http.host", "Bytes", "The host name of the request, in lower case and without a port.", ({ facts }) => facts.hostname),
    doubt: doubtHost,
  },
  always("http.request.uri", "Bytes", "Canonical path and query.", uri),
  { ...always("http.request.full_uri", "Bytes", "Scheme, host, canonical path and query.", fullUri), doubt: doubtFullUri },
  {
    ...always(
      "http.request.uri.path",
      "Bytes",
      "The canonical path: dot segments and empty segments resolved, needless escapes decoded.",
      ({ facts }) => facts.path,
    ),
    doubt: doubtPath,
  },
  {
    ...always(
      "http.request.uri.path.extension",
      "Bytes",
      "The extension of the last path segment, in lower case and without the dot; empty when there is none.",
      once(({ facts }) => extensionOf(facts.path)),
    ),
    doubt: doubtExtension,
  },
  {
    ...always("http.request.uri.query", "Bytes", "The query as received, without the `?`.", ({ facts }) => facts.query),
    doubt: doubtQuery,
  },
  always(
    "http.request.uri.args",
    { map: TEXTS },
    "Query arguments by name, as received (not decoded); by the decoded name too where that is another.",
    argMap,
  ),
  always("http.request.uri.args.names", TEXTS, "Names of the query arguments, in order, as received.", argNames),
  always("http.request.uri.args.values", TEXTS, "Values of the query arguments, in order, as received.", argValues),
  always("raw.http.request.uri", "Bytes", "Path and query as received.", rawUri),
  { ...always("raw.http.request.full_uri", "Bytes", "The URL as received.", ({ facts }) => facts.rawUrl), doubt: doubtFullUri },
  { ...always("raw.http.request.uri.path", "Bytes", "The path as received.", ({ facts }) => facts.rawPath), doubt: doubtPath },
  {
    ...always(
      "raw.http.request.uri.path.extension",
      "Bytes",
      "The extension of the path as received, in lower case.",
      once(({ facts }) => extensionOf(facts.rawPath)),
    ),
    doubt: doubtExtension,
  },
  { ...always("raw.http.request.uri.query", "Bytes", "The query as received.", ({ facts }) => facts.query), doubt: doubtQuery },
  always("raw.http.request.uri.args", { map: TEXTS }, "Query arguments by name, as received.", rawArgMap),
  always("raw.http.request.uri.args.names", TEXTS, "Names of the query arguments, as received.", argNames),
  always("raw.http.request.uri.args.values", TEXTS, "Values of the query arguments, as received.", argValues),
];

function mapOf(
  pairs: readonly (readonly [name: string, value: string])[],
  add: (map: Map<string, string[]>, name: string, value: string) => void,
): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, string[]>();
  for (const [name, value] of pairs) add(map, name, value);
  return map;
}

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
