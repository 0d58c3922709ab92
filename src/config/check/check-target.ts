// What a health check asks, against the origins that it asks: TCP where there is a network, a host of one's own where the platform
// sends it, and no key that the kind of check does not use.

import type { NormalPool } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { zoneGuess } from "./host-preserve.ts";

/**
 * @param path - Of the pool.
 */
export function checkHealthTarget(context: CheckContext, pool: NormalPool, path: Path): void {
  const { health } = pool;
  if (health === undefined) return;
  const at = [...path, "health"];
  if (health.type === "tcp") checkTcp(context, pool, at);
  else if (health.host !== undefined) checkHost(context, pool, { host: health.host, at: [...at, "host"] });
}

function checkTcp(context: CheckContext, { origins, health }: NormalPool, at: Path): void {
  const services = origins.flatMap(({ service }) => (service === undefined ? [] : [service]));
  if (services.length > 0) {
    report(context, [...at, "type"], {
      code: "tcp-check-of-service",
      message: `The service binding ${services.join(", ")} has no address to connect to.`,
      fix: "Use `type: http`, or give the service a pool of its own.",
    });
  }
  const unused = (["host", "body"] as const).filter((key) => health?.[key] !== undefined);
  if (Object.keys(health?.headers ?? {}).length > 0) report(context, [...at, "headers"], unusedKey("headers"));
  for (const key of unused) report(context, [...at, key], unusedKey(key));
}

function unusedKey(key: string): Parameters<typeof report>[2] {
  return {
    code: "conflicting-options",
    message: `A TCP check asks for nothing, so \`${key}\` has no effect.`,
    fix: "Remove it, or use `type: http`.",
  };
}

function checkHost(context: CheckContext, { origins }: NormalPool, { host, at }: { host: string; at: Path }): void {
  if (context.mode === "local") {
    const message = "`host` of a health check has no effect locally: origins get the host of their own URL.";
    const fix = "Nothing to do; it is checked again when you publish to production.";
    report(context, at, { severity: "warning", code: "health-host", message, fix });
    return;
  }
  const hostnames = origins.flatMap(({ url, service }) => (service === undefined && URL.canParse(url) ? [new URL(url).hostname] : []));
  const foreign = hostnames.filter((hostname) => zoneGuess(hostname) !== zoneGuess(host));
  if (foreign.length === 0) return;
  report(context, at, {
    code: "health-host",
    message: `The host ${host} cannot be asked for at ${foreign.join(", ")}: the platform allows that only between names of the Worker's own zone.`,
    found: host,
    fix: "Let the check's path answer under the origin's own host, or give the origin a name in that zone.",
  });
}
