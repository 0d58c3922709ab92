// `auth` of a pool: headers that are not free to be taken, and secrets that would cross the internet in the open.

import type { NormalPool } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { isLoopback } from "./origin-url.ts";
import { checkSharedSecret } from "./secrets.ts";

/** Why a header cannot carry it. */
const TAKEN: readonly (readonly [names: RegExp, why: string])[] = [
  [/^(host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*)$/, "it belongs to the connection"],
  [/^(cf-.*|cdn-loop|true-client-ip)$/, "the platform sets it"],
  [/^(x-forwarded-.*|x-real-ip|forwarded|via|x-request-id|x-request-timeout-ms|x-device-class)$/, "Breakwater sets it for every origin"],
  [/^(authorization|cookie)$/, "visitors log in with it"],
  [
    /^(accept|accept-.*|range|if-.*|cache-control|pragma|content-.*|origin|user-agent|date|idempotency-key|sec-.*)$/,
    "it has a meaning of its own in HTTP",
  ],
];

/**
 * @param path - Of the pool.
 */
export function checkAuth(context: CheckContext, { auth, origins }: NormalPool, path: Path): void {
  if (auth === undefined) return;
  const at = [...path, "auth"];
  checkSharedSecret(context, auth.secret, [...at, "secret"]);
  const lower = auth.header.toLowerCase();
  const why = TAKEN.find(([names]) => names.test(lower))?.[1];
  if (why !== undefined) {
    report(context, [...at, "header"], {
      code: "protected-header",
      message: `${auth.header} cannot show the origin who asks: ${why}.`,
      found: auth.header,
      fix: "Use a header of your own, such as X-Breakwater-Auth.",
    });
  }
  if (context.mode === "local") return;
  const open = origins.filter(({ url, service }) => service === undefined && isPlainHttp(url));
  if (open.length === 0) return;
  const hosts = open.map(({ url }) => new URL(url).hostname).join(", ");
  const loss = auth.kind === "shared" ? "The secret itself crosses" : "A signature that is good for some minutes crosses";
  report(context, at, {
    severity: "warning",
    code: "plain-http-auth",
    message: `${loss} the internet unencrypted on the way to ${hosts}.`,
    fix: "Use https: origins.",
  });
}

/** Of a URL that a deployed Worker reaches; others are reported already. */
function isPlainHttp(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && url.protocol === "http:" && !isLoopback(url.hostname);
}
