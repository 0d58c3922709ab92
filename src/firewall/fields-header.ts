// Fields of headers and cookies. The runtime hands header values over as text that was decoded from UTF-8; rules see its bytes.
// It joins repeated headers with commas before a Worker sees them, so an array of values has one element.

import { bytesOfText } from "../expression/bytes.ts";
import { urlDecode } from "../expression/functions-url.ts";
import { trimSpace } from "../http/list.ts";
import { addTo, once } from "./derive.ts";
import type { Field } from "../expression/scheme.ts";
import type { Facts } from "../facts.ts";
import type { RuleContext } from "./context.ts";

const pairs = once(({ facts }) => readHeaders(facts));
const headerMap = once((context) => {
  const map = new Map<string, string[]>();
  for (const [name, value] of pairs(context)) addTo(map, name, value);
  return map;
});

const named =
  (name: string) =>
  ({ facts }: RuleContext): string =>
    bytesOfText(facts.headers.get(name) ?? "");

export const HEADER_FIELDS: readonly Field<RuleContext>[] = [
  {
    name: "http.request.headers",
    type: { map: { array: "Bytes" } },
    description: "Headers by name, in lower case. Repeated headers are joined by the platform.",
    get: headerMap,
    lowerCaseKeys: true,
    always: true,
  },
  {
    name: "http.request.headers.names",
    type: { array: "Bytes" },
    description: "Names of the headers, in lower case.",
    get: once((context) => pairs(context).map(([name]) => name)),
    always: true,
  },
  {
    name: "http.request.headers.values",
    type: { array: "Bytes" },
    description: "Values of the headers.",
    get: once((context) => pairs(context).map(([, value]) => value)),
    always: true,
  },
  {
    name: "http.request.headers.truncated",
    type: "Bool",
    description: "Always false: a request with too many headers is refused, not cut.",
    get: () => false,
    always: true,
  },
  {
    name: "http.request.cookies",
    type: { map: { array: "Bytes" } },
    description: "Cookies by name; names are URL-decoded, values as received.",
    get: once((context) => readCookies(named("cookie")(context))),
    always: true,
  },
  {
    name: "http.request.accepted_languages",
    type: { array: "Bytes" },
    description: "Language tags of Accept-Language, the preferred first.",
    get: once((context) => readLanguages(named("accept-language")(context))),
    always: true,
  },
  {
    name: "http.user_agent",
    type: "Bytes",
    description: "The User-Agent header; empty when there is none.",
    get: named("user-agent"),
    always: true,
  },
  {
    name: "http.referer",
    type: "Bytes",
    description: "The Referer header; empty when there is none.",
    get: named("referer"),
    always: true,
  },
  { name: "http.cookie", type: "Bytes", description: "The Cookie header; empty when there is none.", get: named("cookie"), always: true },
  {
    name: "http.x_forwarded_for",
    type: "Bytes",
    description: "The X-Forwarded-For header as received; empty when there is none. Anyone can write it: use `ip.src`.",
    get: named("x-forwarded-for"),
    always: true,
  },
];

function readHeaders(facts: Facts): readonly (readonly [name: string, value: string])[] {
  // In production the platform rewrites Accept-Encoding; the facts know what the visitor sent.
  return Array.from(
    facts.headers,
    ([name, value]) => [name, bytesOfText(name === "accept-encoding" ? facts.client.acceptEncoding : value)] as const,
  );
}

function readCookies(header: string): ReadonlyMap<string, readonly string[]> {
  const cookies = new Map<string, string[]>();
  // Two Cookie lines arrive joined by a comma: what stands behind one is a cookie too, or a rule could be passed by sending two.
  const parts = header.split(";");
  const whole = new Set(parts);
  const behindCommas = header.includes(",") ? header.split(/[;,]/).filter((part) => !whole.has(part)) : [];
  for (const part of [...parts, ...behindCommas]) {
    const equals = part.indexOf("=");
    const name = trimSpace(equals === -1 ? part : part.slice(0, equals));
    if (name !== "") addTo(cookies, urlDecode(name), equals === -1 ? "" : trimSpace(part.slice(equals + 1)));
  }
  return cookies;
}

function readLanguages(header: string): readonly string[] {
  return header
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.split(";").map((piece) => piece.trim());
      const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return { tag, weight: weight === undefined ? 1 : Number(weight) || 0 };
    })
    .filter(({ tag, weight }) => tag !== "" && weight > 0)
    .toSorted((left, right) => right.weight - left.weight)
    .map(({ tag }) => tag);
}
