// Names of secrets and bindings that a config must not use: what is Breakwater's own would be sent to an origin.

import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

const OWN_SECRETS: ReadonlySet<string> = new Set(["ADMIN_TOKEN"]);

/** Signs drills and sticky cookies: whoever outside had it could make both. */
const SIGNING_SECRET = "SIGNING_KEY";

const OWN_BINDINGS: ReadonlySet<string> = new Set(["CONFIG", "PURGE_LEDGER"]);

/**
 * @param path - Of the name. An undefined name is none.
 */
export function checkSecretName(context: CheckContext, name: string | undefined, path: Path): void {
  if (name === undefined || !OWN_SECRETS.has(name)) return;
  report(context, path, {
    code: "reserved-name",
    message: `${name} opens the control path; it is kept from everything that a config can name.`,
    found: name,
    fix: "Make another secret: openssl rand -hex 32 | npx wrangler secret put ORIGIN_SECRET",
  });
}

/**
 * A secret that others outside have too: origins, receivers of alerts.
 *
 * @param path - Of the name. An undefined name is none.
 */
export function checkSharedSecret(context: CheckContext, name: string | undefined, path: Path): void {
  checkSecretName(context, name, path);
  if (name !== SIGNING_SECRET) return;
  report(context, path, {
    code: "reserved-name",
    message: `${name} signs drills and sticky cookies; whoever is outside and has it could make them.`,
    found: name,
    fix: "Make another secret: openssl rand -hex 32 | npx wrangler secret put ORIGIN_SECRET",
  });
}

/**
 * @param path - Of the name. An undefined name is none.
 */
export function checkServiceName(context: CheckContext, name: string | undefined, path: Path): void {
  if (name === undefined || !(OWN_BINDINGS.has(name) || OWN_SECRETS.has(name))) return;
  report(context, path, {
    code: "reserved-name",
    message: `${name} is Breakwater's own and not another Worker.`,
    found: name,
    fix: "Bind the other Worker under a name of its own: [[services]] in wrangler.toml.",
  });
}
