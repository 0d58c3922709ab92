// What the Worker was deployed with, looked up by the names that a config uses: secrets and service bindings. A name that a
// config must not reach is not found.

import type { Secrets } from "../ports.ts";

/** The Worker's env by name. */
export interface Bindings {
  get(name: string): unknown;
}

/** The control path's own: in a config it would be sent to an origin. */
const RESERVED: ReadonlySet<string> = new Set(["ADMIN_TOKEN"]);

export function createBindings(env: object): Bindings {
  return {
    get: (name) => (Object.hasOwn(env, name) && !RESERVED.has(name) ? (env as Readonly<Record<string, unknown>>)[name] : undefined),
  };
}

export function createSecrets(bindings: Bindings): Secrets {
  return {
    get(name) {
      const value = bindings.get(name);
      return typeof value === "string" && value !== "" ? value : null;
    },
  };
}
