// Sites: names and hosts that collide, canonical hosts, HSTS, maintenance and error pages.

import { compileRanges } from "../../expression/ip.ts";
import { canonicalHostOf } from "../canonical-host.ts";
import type { NormalSite } from "../normalize.ts";
import type { Path } from "../source.ts";
import { parseDurationMs } from "../units.ts";
import { lineOf, report, reportKey, sentence } from "./context.ts";
import type { CheckContext } from "./context.ts";

export function checkSites(context: CheckContext): void {
  checkNames(context);
  checkHosts(context);
  for (const [index, site] of context.config.sites.entries()) {
    const path = ["sites", index];
    checkCanonical(context, site, path);
    checkHsts(context, site, path);
    checkAddresses(context, site.maintenance.allow, [...path, "maintenance", "allow"]);
    checkErrorPages(context, site, path);
  }
}

function checkNames(context: CheckContext): void {
  const seen = new Map<string, Path>();
  for (const [index, site] of context.config.sites.entries()) {
    const path = ["sites", index, "name"];
    const first = seen.get(site.name);
    if (first === undefined) seen.set(site.name, path);
    else
      report(context, path, {
        code: "duplicate-site",
        message: `The name "${site.name}" is taken by the site in ${lineOf(context, first)}.`,
        fix: "Give each site its own name.",
      });
  }
}

function checkHosts(context: CheckContext): void {
  const seen = new Map<string, Path>();
  for (const [index, site] of context.config.sites.entries()) {
    for (const [at, host] of site.hosts.entries()) {
      const path = ["sites", index, "hosts", at];
      const first = seen.get(host);
      if (first === undefined) seen.set(host, path);
      else
        report(context, path, {
          code: "duplicate-host",
          message: `The host ${host} is already claimed in ${lineOf(context, first)}.`,
          fix: "Keep it in one site.",
        });
    }
  }
}

function checkCanonical(context: CheckContext, site: NormalSite, path: Path): void {
  const canonical = canonicalHostOf(site);
  if (!canonical.ok) report(context, [...path, "canonical"], { code: "canonical-host", ...canonical.error });
  if (site.canonical === undefined || !site.hosts.includes("*")) return;
  const message = "The site takes every host (`*`), and `canonical` would redirect them all to one.";
  report(context, [...path, "canonical"], {
    code: "canonical-host",
    message,
    fix: "Put the hosts that are redirected in a site of their own.",
  });
}

const YEAR_MS = 31_536_000_000;

function checkHsts(context: CheckContext, site: NormalSite, path: Path): void {
  if (site.hsts === false || !site.hsts.preload) return;
  if (site.hsts.includeSubdomains && (parseDurationMs(site.hsts.maxAge) ?? 0) >= YEAR_MS) return;
  const message = "Browsers' preload lists take only hosts with `includeSubdomains: true` and a `maxAge` of at least 365d.";
  report(context, [...path, "hsts"], { severity: "warning", code: "hsts-preload", message, fix: "Set both, or remove `preload`." });
}

/** Addresses and CIDR blocks of a list in the config. */
export function checkAddresses(context: CheckContext, entries: readonly string[], path: Path): void {
  for (const { index, message } of compileRanges(entries).problems) {
    report(context, [...path, index], {
      code: "invalid-address",
      message: sentence(message),
      found: entries[index] ?? "",
      fix: "Write an address, a CIDR block without host bits, or from..to.",
    });
  }
}

function checkErrorPages(context: CheckContext, site: NormalSite, path: Path): void {
  for (const status of Object.keys(site.errors)) {
    if (/^[45]/.test(status)) continue;
    const message = `${status} is not an error: pages are for 4xx and 5xx.`;
    reportKey(context, [...path, "errors", status], {
      code: "error-page-status",
      message,
      fix: "Use a status from 400 to 599, `4xx` or `5xx`.",
    });
  }
}
