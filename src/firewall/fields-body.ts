// Fields of the request's body, as far as it was read. Missing while it was not read, or where a longer one is to be passed over. The
// parsers run when a rule first asks, once for each context.

import { bytesOfText, lowerAscii } from "../expression/bytes.ts";
import { parseForm, type FormFields } from "./body-form.ts";
import { sniffMediaType } from "./body-mime.ts";
import { parseMultipart, type Multipart, type Part } from "./body-multipart.ts";
import { once } from "./derive.ts";
import { doubtMediaType } from "./doubts.ts";
import type { ValueType } from "../expression/ast.ts";
import type { Field } from "../expression/scheme.ts";
import type { RuntimeValue } from "../expression/types.ts";
import type { Facts } from "../facts.ts";
import { ruleContext, type BodyFacts, type RuleContext } from "./context.ts";

const NO_BODY: BodyFacts = { bytes: "", truncated: false };

/** A request that has no body needs no reading. */
function bodyOf({ facts, body }: RuleContext): BodyFacts | null {
  if (body === null) return facts.hasBody ? null : NO_BODY;
  return body.passedOver === true ? null : body;
}

const contentType = ({ facts }: RuleContext): string => bytesOfText(facts.headers.get("content-type") ?? "");

/** Servers end the type at whatever follows it: `application/x-www-form-urlencoded, text/html` is a form to some. */
const mediaType = (context: RuleContext): string => lowerAscii(/^[^;,\s]*/.exec(contentType(context))?.[0] ?? "");

const form = once<FormFields | undefined>((context) => {
  const body = bodyOf(context);
  return body === null ? undefined : parseForm(mediaType(context) === "application/x-www-form-urlencoded" ? body.bytes : "");
});

const multipart = once<Multipart | undefined>((context) => {
  const body = bodyOf(context);
  return body === null ? undefined : parseMultipart(mediaType(context).startsWith("multipart/") ? body.bytes : "", contentType(context));
});

/** Whether there are more fields or parts than rules see. */
export function isBodyCut(facts: Facts, body: BodyFacts): boolean {
  const context = ruleContext({ facts, body });
  return form(context)?.cut === true || multipart(context)?.cut === true;
}

/** Readings behind the first are also rows of their own, at the end: `[*][0]` sees all of them, whichever the origin takes. */
const ofParts = (get: (part: Part) => readonly string[]): ((context: RuleContext) => RuntimeValue | undefined) =>
  once((context) => {
    const rows = multipart(context)?.parts.map(get);
    return rows && [...rows, ...rows.flatMap((readings) => readings.slice(1).map((reading) => [reading]))];
  });

const TEXTS: ValueType = { array: "Bytes" };
/** One array for each part: a part may repeat a header. */
const TEXTS_OF_PARTS: ValueType = { array: TEXTS };

type Row = readonly [name: string, type: ValueType, description: string, get: (context: RuleContext) => RuntimeValue | undefined];

const ROWS: readonly Row[] = [
  [
    "raw",
    "Bytes",
    "The body, or its beginning up to `inspection.bytes`. `lookup_json_string(http.request.body.raw, ...)` reads JSON.",
    (context) => bodyOf(context)?.bytes,
  ],
  [
    "truncated",
    "Bool",
    "Whether there is more of the body than rules see: more bytes, or more fields or parts than are looked at.",
    (context) => {
      const body = bodyOf(context);
      return body === null ? undefined : body.truncated || form(context)?.cut === true || multipart(context)?.cut === true;
    },
  ],
  [
    "size",
    "Int",
    "The size of the body by Content-Length. Without one: the bytes that were read, so at least as many as there are when it is truncated.",
    (context) => context.facts.contentLength ?? bodyOf(context)?.bytes.length,
  ],
  [
    "mime",
    "Bytes",
    "The media type by the body's first bytes, whatever Content-Type says: `image/png`. Missing when it is none of the common ones.",
    once((context) => sniffMediaType(bodyOf(context)?.bytes ?? "")),
  ],
  [
    "form",
    { map: TEXTS },
    "Fields of an `application/x-www-form-urlencoded` body by name, as received (not decoded); by the decoded name too where that is another.",
    (context) => form(context)?.map,
  ],
  ["form.names", TEXTS, "Names of the form's fields, in order, as received.", (context) => form(context)?.names],
  ["form.values", TEXTS, "Values of the form's fields, in order, as received.", (context) => form(context)?.values],
  ["multipart", { map: TEXTS }, "Values of a `multipart/...` body by the name of the part.", (context) => multipart(context)?.map],
  [
    "multipart.names",
    TEXTS_OF_PARTS,
    'For each part, its name: `any(http.request.body.multipart.names[*][0] eq "file")`.',
    ofParts(({ names }) => names),
  ],
  ["multipart.values", TEXTS, "For each part, its value.", once((context) => multipart(context)?.parts.map(({ value }) => value))],
  [
    "multipart.filenames",
    TEXTS_OF_PARTS,
    "For each part, its file name; a part without one has none.",
    ofParts(({ filenames }) => filenames),
  ],
  ["multipart.content_types", TEXTS_OF_PARTS, "For each part, its Content-Type.", ofParts(({ types }) => types)],
  [
    "multipart.content_dispositions",
    TEXTS_OF_PARTS,
    "For each part, its Content-Disposition.",
    ofParts(({ dispositions }) => dispositions),
  ],
  [
    "multipart.content_transfer_encodings",
    TEXTS_OF_PARTS,
    "For each part, its Content-Transfer-Encoding. Values are not decoded by it.",
    ofParts(({ encodings }) => encodings),
  ],
];

export const BODY_FIELDS: readonly Field<RuleContext>[] = ROWS.map(([name, type, description, get]) => ({
  name: `http.request.body.${name}`,
  type,
  description,
  get,
  later: "body",
  ...(name === "mime" ? { doubt: doubtMediaType } : {}),
}));
