// Fields of the answer, known in the phases response and log, whoever made it: an origin, the cache, or Breakwater itself.

import { bytesOfText } from "../expression/bytes.ts";
import { parseMediaType } from "../http/media-type.ts";
import { addTo, once } from "./derive.ts";
import { doubtMediaType, doubtUnless } from "./doubts.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuleContext } from "./context.ts";

const pairs = once(({ response }) =>
  response === null ? undefined : Array.from(response.headers, ([name, value]) => [name, bytesOfText(value)] as const),
);
const headerMap = once((context) => {
  const map = new Map<string, string[]>();
  for (const [name, value] of pairs(context) ?? []) addTo(map, name, value);
  return pairs(context) === undefined ? undefined : map;
});
const names = once((context) => pairs(context)?.map(([name]) => name));
const values = once((context) => pairs(context)?.map(([, value]) => value));

const CACHE_STATUSES = ["HIT", "MISS", "STALE", "EXPIRED", "UPDATING", "REVALIDATED", "BYPASS", "DYNAMIC", "NONE"];

/** `raw.` is the answer before rules changed it; rules of one phase all see it as it was when the phase began. */
const headerFields = (prefix: "" | "raw.", note: string): readonly Field<RuleContext>[] => [
  {
    name: `${prefix}http.response.headers`,
    type: { map: { array: "Bytes" } },
    description: `Headers of the answer by name, in lower case${note}. Repeated ones are joined, but for Set-Cookie.`,
    get: headerMap,
    lowerCaseKeys: true,
    later: "response",
  },
  {
    name: `${prefix}http.response.headers.names`,
    type: { array: "Bytes" },
    description: `Names of the answer's headers, in lower case${note}.`,
    get: names,
    later: "response",
  },
  {
    name: `${prefix}http.response.headers.values`,
    type: { array: "Bytes" },
    description: `Values of the answer's headers${note}.`,
    get: values,
    later: "response",
  },
];

export const RESPONSE_FIELDS: readonly Field<RuleContext>[] = [
  {
    name: "http.response.code",
    type: "Int",
    description: "Status of the answer, such as 404.",
    get: ({ response }) => response?.status,
    later: "response",
  },
  {
    name: "http.response.content_type.media_type",
    type: "Bytes",
    description: "Media type of the answer in lower case, without parameters: `text/html`. Empty when there is none.",
    get: once(({ response }) => (response === null ? undefined : (parseMediaType(response.headers.get("content-type"))?.essence ?? ""))),
    later: "response",
    doubt: doubtMediaType,
  },
  ...headerFields("", ""),
  ...headerFields("raw.", ", before rules changed them"),
  {
    name: "bw.cache.status",
    type: "Bytes",
    description:
      "What the cache did, as in the X-Cache header: `HIT`, `MISS`, `STALE` and so on. Missing for an answer of Breakwater's own.",
    get: ({ response }) => response?.cacheStatus ?? undefined,
    later: "response",
    doubt: doubtUnless(CACHE_STATUSES, "a value of X-Cache"),
  },
];
