// Origins over TLS: the real handshake of workerd with a server whose certificate it trusts, with a port and a base path, and with one
// whose certificate is for another name. The key pair in tls/ is for these tests alone and opens nothing.

import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startEdge, type Edge } from "./harness.ts";

// Read when the local runtime is loaded, so before the imports.
vi.hoisted(() => {
  process.env["NODE_EXTRA_CA_CERTS"] = new URL("tls/localhost-cert.pem", import.meta.url).pathname;
});

const TLS = join(import.meta.dirname, "tls");
const seen: { readonly url: string | undefined; readonly host: string | undefined; readonly encrypted: boolean }[] = [];
let server: Server;
let edge: Edge;

beforeAll(async () => {
  const pair = { cert: readFileSync(join(TLS, "localhost-cert.pem")), key: readFileSync(join(TLS, "localhost-key.pem")) };
  server = createServer(pair, (request, response) => {
    seen.push({ url: request.url, host: request.headers.host, encrypted: "encrypted" in request.socket });
    response.end("over tls");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  edge = await startEdge({
    origins: 0,
    config: () => `sites:
  - { name: good, hosts: [good.test], routes: [{ path: /*, pool: good }] }
  - { name: both, hosts: [both.test], routes: [{ path: /*, pool: both }] }
pools:
  good: { origins: [https://localhost:${port}/base] }
  # The certificate is for localhost: here the handshake fails.
  both: { origins: [https://127.0.0.1:${port}, { url: https://localhost:${port}/base, backup: true }] }
`,
  });
});

afterAll(async () => {
  await edge?.stop();
  server.closeAllConnections();
  server.close();
});

test("a request goes over TLS, to the port and below the base path", async () => {
  const answer = await edge.get("/x?y=1", { headers: [["Host", "good.test"]] });
  expect([answer.status, answer.text()]).toEqual([200, "over tls"]);
  const { port } = server.address() as AddressInfo;
  expect(seen.splice(0)).toEqual([{ url: "/base/x?y=1", host: `localhost:${port}`, encrypted: true }]);
});

test("a server whose certificate is for another name is never asked, and visitors do not notice", async () => {
  for (let n = 0; n < 3; n += 1) expect((await edge.get(`/${n}`, { headers: [["Host", "both.test"]] })).text()).toBe("over tls");
  expect(seen.splice(0).map(({ url }) => url)).toEqual(["/base/0", "/base/1", "/base/2"]);
});
