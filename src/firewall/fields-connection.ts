// Fields of the connection, the time and the data centre.

import type { Field } from "../expression/scheme.ts";
import type { Facts } from "../facts.ts";

export const CONNECTION_FIELDS: readonly Field<Facts>[] = [
  { name: "ssl", type: "Bool", description: "Whether the visitor's connection is encrypted.", get: (facts) => facts.scheme === "https" },
  { name: "http.request.version", type: "Bytes", description: "`HTTP/1.1`, `HTTP/2` or `HTTP/3`.", get: (facts) => facts.protocol },
  {
    name: "http.request.timestamp.sec",
    type: "Int",
    description: "When the request was received, in seconds since 1970.",
    get: (facts) => Math.floor(facts.receivedAtMs / 1_000),
  },
  {
    name: "http.request.timestamp.msec",
    type: "Int",
    description: "The milliseconds within that second, 0 to 999.",
    get: (facts) => Math.floor(facts.receivedAtMs) % 1_000,
  },
  {
    name: "http.request.body.size",
    type: "Int",
    description: "The size of the body by Content-Length; missing for a body of unknown length.",
    get: (facts) => facts.contentLength ?? (facts.hasBody ? undefined : 0),
  },
  {
    name: "cf.tls_version",
    type: "Bytes",
    description: "`TLSv1.3`; missing without TLS.",
    get: (facts) => facts.client.tlsVersion ?? undefined,
  },
  {
    name: "cf.tls_cipher",
    type: "Bytes",
    description: "The cipher suite; missing without TLS.",
    get: (facts) => facts.client.tlsCipher ?? undefined,
  },
  { name: "cf.edge.server_port", type: "Int", description: "The port that the visitor connected to.", get: portOf },
  { name: "cf.colo.name", type: "Bytes", description: "The data centre's code: `FRA`.", get: (facts) => facts.client.colo ?? undefined },
  {
    name: "cf.ray_id",
    type: "Bytes",
    description: "The platform's id of the request, from the CF-Ray header.",
    get: (facts) => facts.headers.get("cf-ray")?.split("-", 1)[0],
  },
  {
    name: "cf.worker.upstream_zone",
    type: "Bytes",
    description: "The zone of the Worker that sent the request, when one did.",
    get: (facts) => facts.headers.get("cf-worker") ?? "",
  },
];

function portOf(facts: Facts): number {
  const port = /:(\d+)$/.exec(facts.host)?.[1];
  return port === undefined ? (facts.scheme === "https" ? 443 : 80) : Number(port);
}
