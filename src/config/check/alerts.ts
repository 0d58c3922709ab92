// The webhook: an address that the Worker can reach and that is not its own.

import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { isAddress, isLoopback, isOwnHost } from "./origin-url.ts";
import { checkSharedSecret } from "./secrets.ts";

const AT = ["alerts", "webhook"];

export function checkAlerts(context: CheckContext): void {
  const { alerts } = context.config;
  if (alerts === undefined) return;
  checkSharedSecret(context, alerts.secret, ["alerts", "secret"]);
  const url = URL.canParse(alerts.webhook) ? new URL(alerts.webhook) : null;
  if (url === null) {
    const message = `${alerts.webhook} is not a URL.`;
    report(context, AT, { code: "invalid-webhook", message, found: alerts.webhook, fix: "Write https://host/path." });
    return;
  }
  if (url.username !== "" || url.password !== "") {
    const message = "The URL has a user or a password, with which the platform sends nothing.";
    report(context, AT, { code: "invalid-webhook", message, fix: "Remove them: the receiver knows us by the signature of `secret`." });
  }
  if (isOwnHost(context, url)) {
    const message = `${url.hostname} is a host of this config: the Worker would tell itself.`;
    report(context, AT, {
      code: "own-host-webhook",
      message,
      found: alerts.webhook,
      fix: "Use a host that does not depend on Breakwater.",
    });
  }
  checkHost(context, url, alerts.webhook);
}

function checkHost(context: CheckContext, url: URL, found: string): void {
  if (context.mode === "local" && isLoopback(url.hostname)) return;
  if (isLoopback(url.hostname) || (!url.hostname.includes(".") && !isAddress(url.hostname))) {
    const message = `${url.hostname} is not a public host name: a deployed Worker cannot reach it.`;
    report(context, AT, { code: "local-webhook", message, found, fix: "Use a full name such as hooks.example.com." });
  } else if (isAddress(url.hostname)) {
    const message = `${url.hostname} is an IP address; the platform fetches from host names only.`;
    report(context, AT, { code: "address-webhook", message, found, fix: "Use the receiver's host name." });
  } else if (url.protocol === "http:") {
    const message = `What is sent to ${url.hostname} crosses the internet unencrypted.`;
    report(context, AT, { severity: "warning", code: "plain-http-webhook", message, found, fix: "Use https:." });
  }
}
