// The URL of an origin: the platform takes host names only, and asking the Worker's own host would be a loop. Behind a service
// binding there is no network, so that a host there is only a label.

import { parseAddress } from "../../expression/ip.ts";
import type { NormalPool } from "../normalize.ts";
import type { Path } from "../source.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";

/**
 * Reports what is wrong.
 *
 * @param path - Of the origin, in its short or long form.
 * @returns Whether the URL can be read at all.
 */
export function checkOriginUrl(context: CheckContext, origin: NormalPool["origins"][number], path: Path): boolean {
  const { url: text, service } = origin;
  const at = [...path, "url"];
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) {
    report(context, at, {
      code: "invalid-origin",
      message: `${text} is not a URL.`,
      found: text,
      fix: "Write https://host, with a port and a base path if needed.",
    });
    return false;
  }
  if (service !== undefined) return true;
  if (isOwnHost(context, url)) {
    const message = `${url.hostname} is a host of this config: the Worker would ask itself.`;
    report(context, at, {
      code: "own-host-origin",
      message,
      found: text,
      fix: "Give the origin server a host name of its own, such as origin.example.com.",
    });
  }
  if (context.mode === "production") checkPublicName(context, url, text, at);
  else if (isAddress(url.hostname) && !isLoopback(url.hostname)) reportAddress(context, url, text, at);
  return true;
}

function checkPublicName(context: CheckContext, url: URL, text: string, at: Path): void {
  if (isLoopback(url.hostname)) {
    const message = `${url.hostname} is this machine, which a deployed Worker cannot reach.`;
    report(context, at, {
      code: "local-origin",
      message,
      found: text,
      fix: "Use the origin's public host name; localhost works with `--local` only.",
    });
  } else if (isAddress(url.hostname)) {
    reportAddress(context, url, text, at);
  } else if (!url.hostname.includes(".")) {
    const message = `${url.hostname} is not a public host name.`;
    report(context, at, { code: "local-origin", message, found: text, fix: "Use a full name such as origin.example.com." });
  } else if (url.protocol === "http:") {
    const message = `Requests to ${url.hostname} cross the internet unencrypted.`;
    report(context, at, {
      severity: "warning",
      code: "plain-http-origin",
      message,
      found: text,
      fix: "Use https: where the origin offers it.",
    });
  }
}

function reportAddress(context: CheckContext, url: URL, text: string, at: Path): void {
  const message = `${url.hostname} is an IP address; the platform fetches from host names only.`;
  report(context, at, {
    code: "address-origin",
    message,
    found: text,
    fix: "Make a DNS record for it, such as origin.example.com, and use that name.",
  });
}

/** Exact hosts and wildcards; the default site `*` names no host. */
export function isOwnHost(context: CheckContext, url: URL): boolean {
  if (context.mode === "local" && isLoopback(url.hostname)) return false;
  const { hostname } = url;
  const hosts = context.config.sites.flatMap((site) => site.hosts);
  return hosts.some((host) => host === hostname || (host.startsWith("*.") && hostname.endsWith(host.slice(1))));
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

export function isAddress(hostname: string): boolean {
  return parseAddress(hostname.replace(/^\[|\]$/g, "")) !== null;
}
