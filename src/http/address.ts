// IP addresses as they stand in forwarding headers: with or without port, brackets and quotes. Says what the address is, in one
// spelling; whether it is trusted or listed is decided elsewhere.

/** The longest IPv6 address, with an IPv4 tail, brackets and a port. */
const ADDRESS_CHARS_MAX = 45 + 2 + 6;

/**
 * The plain form of an address (`192.0.2.1`, `2001:db8::1`) without port and brackets; null when `node` is none. IPv6 is compressed
 * and in lower case (RFC 5952); an IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address that it stands for.
 */
export function addressOf(node: string): string | null {
  if (node.length > ADDRESS_CHARS_MAX) return null;
  const v4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/.exec(node)?.[1];
  if (v4 !== undefined) return isIpv4(v4) ? v4 : null;
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(node)?.[1];
  const text = bracketed ?? (/^[0-9a-f:.]+$/i.test(node) ? node : null);
  if (text === null || !text.includes(":") || !URL.canParse(`http://[${text}]/`)) return null;
  const address = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  return mappedIpv4(address) ?? address;
}

/** `::ffff:c000:201`, as URLs write a mapped address, to `192.0.2.1`. */
function mappedIpv4(address: string): string | null {
  const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (match === null) return null;
  const [high, low] = [Number.parseInt(match[1] ?? "", 16), Number.parseInt(match[2] ?? "", 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Leading zeros are refused: some readers take them for octal. */
function isIpv4(text: string): boolean {
  return text.split(".").every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}
