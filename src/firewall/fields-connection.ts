// Fields of the connection, the time and the data centre.

import { doubtUnless } from "./doubts.ts";
import type { Field } from "../expression/scheme.ts";
import type { Facts } from "../facts.ts";
import type { RuleContext } from "./context.ts";

const VERSIONS = ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"];
const TLS_VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

export const CONNECTION_FIELDS: readonly Field<RuleContext>[] = [
  {
    name: "ssl",
    type: "Bool",
    description: "Whether the visitor's connection is encrypted.",
    get: ({ facts }) => facts.scheme === "https",
    always: true,
  },
  {
    name: "http.request.version",
    type: "Bytes",
    description: "`HTTP/1.0`, `HTTP/1.1`, `HTTP/2` or `HTTP/3`.",
    get: ({ facts }) => facts.protocol,
    always: true,
    doubt: doubtUnless(VERSIONS, "the version of HTTP"),
  },
  {
    name: "http.request.timestamp.sec",
    type: "Int",
    description: "When the request was received, in seconds since 1970.",
    get: ({ facts }) => Math.floor(facts.receivedAtMs / 1_000),
    always: true,
  },
  {
    name: "http.request.timestamp.msec",
    type: "Int",
    description: "The milliseconds within that second, 0 to 999.",
    get: ({ facts }) => Math.floor(facts.receivedAtMs) % 1_000,
    always: true,
  },
  {
    name: "cf.tls_version",
    type: "Bytes",
    description: "`TLSv1.3`; missing without TLS.",
    get: ({ facts }) => facts.client.tlsVersion ?? undefined,
    doubt: doubtUnless(["", ...TLS_VERSIONS], "the version of TLS"),
  },
  {
    name: "cf.tls_cipher",
    type: "Bytes",
    description: "The cipher suite; missing without TLS.",
    get: ({ facts }) => facts.client.tlsCipher ?? undefined,
  },
  {
    name: "cf.edge.server_port",
    type: "Int",
    description: "The port that the visitor connected to.",
    get: ({ facts }) => portOf(facts),
    always: true,
  },
  {
    name: "cf.edge.client_tcp",
    type: "Bool",
    description: "Whether the visitor's connection is TCP, so not HTTP/3.",
    get: ({ facts }) => facts.protocol !== "HTTP/3",
    always: true,
  },
  {
    name: "cf.colo.name",
    type: "Bytes",
    description: "The data centre's code: `FRA`.",
    get: ({ facts }) => facts.client.colo ?? undefined,
    doubt: (bytes) =>
      /^[A-Z]{3}$/.test(bytes)
        ? null
        : { message: "this field is an airport's code of three capital letters, so this never matches", fix: 'write it like "FRA"' },
  },
  {
    name: "cf.ray_id",
    type: "Bytes",
    description: "The platform's id of the request, from the CF-Ray header.",
    get: ({ facts }) => facts.headers.get("cf-ray")?.split("-", 1)[0],
  },
  {
    name: "cf.worker.upstream_zone",
    type: "Bytes",
    description: "The zone of the Worker that sent the request; empty when none did.",
    get: ({ facts }) => facts.headers.get("cf-worker") ?? "",
    always: true,
  },
];

function portOf(facts: Facts): number {
  const port = /:(\d+)$/.exec(facts.host)?.[1];
  return port === undefined ? (facts.scheme === "https" ? 443 : 80) : Number(port);
}
