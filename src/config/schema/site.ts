// A site: the hosts it answers for, and what all of its routes share.

import { z } from "zod";
import { SITE_HOSTS_MAX, SITE_ROUTES_MAX, SITES_MAX } from "../../limits.ts";
import { headers } from "./headers.ts";
import { route } from "./route.ts";
import { address, contentType, duration, fileName, key, mapping, name, statusOrClass, text } from "./scalars.ts";

const LABEL = "[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?";

/** Lower case, as it is compared; one label suffices (`localhost`). */
export const HOST_PATTERN = new RegExp(`^(\\*|(\\*\\.)?${LABEL}(\\.${LABEL})*)$`);

const host = text(HOST_PATTERN, "a host in lower case without scheme, port and path, such as shop.example.com, *.example.com or *");

export const hstsLong = mapping({
  maxAge: key(duration.default("365d"), "How long browsers use https only.", "365d"),
  includeSubdomains: key(z.boolean().default(false), "Also for all names below the host.", true),
  preload: key(z.boolean().default(false), "Consent to the browsers' built-in lists.", true),
});

export const maintenanceLong = mapping({
  enabled: key(z.boolean().default(true), "Answers every request with 503.", true),
  retryAfter: key(duration.default("10m"), "Value of Retry-After.", "10m"),
  page: key(fileName.optional(), "File with the page; the built-in page otherwise.", "./errors/maintenance.html"),
  allow: key(z.array(address).default([]), "Client addresses that pass.", ["203.0.113.0/24"]),
});

export const pageLong = mapping({
  file: key(fileName, "File with the page.", "./errors/503.html"),
  contentType: key(contentType.optional(), "By the file's name otherwise.", "text/html; charset=utf-8"),
});

const site = mapping({
  name: key(name, "Shown in logs and by `explain`.", "shop"),
  hosts: key(z.array(host).min(1).max(SITE_HOSTS_MAX), "Names it answers for: exact, `*.example.com` for all below, `*` for every other.", [
    "shop.example.com",
    "*.shop.example.com",
  ]),
  https: key(z.enum(["allow", "redirect"]).default("allow"), "`redirect` answers http: with a redirect to https:.", "redirect"),
  hsts: key(
    z.union([z.boolean(), duration, hstsLong]).default(false),
    "Strict-Transport-Security on https: answers: `true` for a year, a duration, or the long form.",
    "365d",
  ),
  canonical: key(
    z.union([z.enum(["www", "apex"]), host]).optional(),
    "Redirects the site's other hosts to one: the one with `www.`, the one without, or the host named.",
    "apex",
  ),
  maintenance: key(
    z.union([z.boolean(), maintenanceLong]).default(false),
    "Answers every request with 503: `true`, or the long form.",
    true,
  ),
  headers: key(headers.prefault({}), "Header rules of all routes."),
  errors: key(
    z.record(statusOrClass, z.union([fileName, pageLong])).default({}),
    "Pages by status or class, for answers that Breakwater makes.",
    { 503: "./errors/503.html" },
  ),
  routes: key(z.array(route).min(1).max(SITE_ROUTES_MAX), "In any order: the most specific one wins."),
});

export const sites = z.array(site).min(1).max(SITES_MAX);
