// The origin of the benchmark, a process of its own: answers of a fixed size whose path says how they may be cached. Prints its
// address and ends with its parent.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const BODIES = new Map([
  ["1k", Buffer.alloc(1024, "a")],
  ["100k", Buffer.alloc(100 * 1024, "b")],
]);

const POLICIES: Readonly<Record<string, string>> = { cached: "max-age=3600", checked: "max-age=0", dynamic: "no-store" };

const server = createServer((request, response) => {
  const [, policy = "", size = ""] = (request.url ?? "").split(/[/?]/);
  response.setHeader("Cache-Control", POLICIES[policy] ?? "no-store");
  if (policy === "checked") response.setHeader("ETag", '"fixed"');
  if (request.headers["if-none-match"] === '"fixed"') {
    response.writeHead(304).end();
    return;
  }
  response.setHeader("Content-Type", "application/octet-stream");
  response.end(BODIES.get(size) ?? BODIES.get("1k"));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => console.log(`http://localhost:${(server.address() as AddressInfo).port}`));
process.stdin.resume().on("end", () => process.exit(0));
