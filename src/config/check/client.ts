// Trusted proxies: addresses that can be read, and none of the platform's own, from which anybody's Worker can send requests.

import { compileRanges, parseRange } from "../../expression/ip.ts";
import type { Address, AddressRange } from "../../expression/ip.ts";
import { report } from "./context.ts";
import type { CheckContext } from "./context.ts";
import { checkAddresses } from "./sites.ts";

/** https://www.cloudflare.com/ips/, read in autumn 2026. */
const PLATFORM_RANGES = [
  "173.245.48.0/20",
  "103.21.244.0/22",
  "103.22.200.0/22",
  "103.31.4.0/22",
  "141.101.64.0/18",
  "108.162.192.0/18",
  "190.93.240.0/20",
  "188.114.96.0/20",
  "197.234.240.0/22",
  "198.41.128.0/17",
  "162.158.0.0/15",
  "104.16.0.0/13",
  "104.24.0.0/14",
  "172.64.0.0/13",
  "131.0.72.0/22",
  "2400:cb00::/32",
  "2606:4700::/32",
  "2803:f800::/32",
  "2405:b500::/32",
  "2405:8100::/32",
  "2a06:98c0::/29",
  "2c0f:f248::/32",
];

export function checkClient(context: CheckContext): void {
  const path = ["client", "trustedProxies"];
  const { trustedProxies } = context.config.client;
  checkAddresses(context, trustedProxies, path);
  for (const [index, entry] of trustedProxies.entries()) {
    const own = overlappingPlatformRange(entry);
    if (own === null) continue;
    const message = `${entry} overlaps ${own}, an address range of the platform: any Worker's requests come from there, so anybody could forge an address.`;
    report(context, [...path, index], {
      code: "platform-proxy",
      message,
      found: entry,
      fix: "Remove it: addresses that the platform reports are believed without it.",
    });
  }
}

function overlappingPlatformRange(entry: string): string | null {
  const parsed = parseRange(entry);
  if ("problem" in parsed) return null;
  return PLATFORM_RANGES.find((own) => overlaps(parsed.range, own)) ?? null;
}

function overlaps(range: AddressRange, other: string): boolean {
  const { v4, v6 } = compileRanges([other]).ranges;
  const [from, to]: readonly (Address | undefined)[] = v4.length > 0 ? v4 : v6;
  if (from === undefined || to === undefined || typeof from !== typeof range.from) return false;
  return range.from <= to && from <= range.to;
}
