// Via (RFC 9110 7.6.3): each proxy adds the protocol of the message that it received and a name. Ours is a pseudonym: no host.

const PSEUDONYM = "breakwater";

/**
 * Adds our member behind those that are there.
 *
 * @param protocol - `HTTP/1.1`, `HTTP/2`: what the message was received with. Anything else counts as 1.1.
 */
export function appendVia(headers: Headers, protocol: string): void {
  const version = /^HTTP\/(\d(?:\.\d)?)$/i.exec(protocol)?.[1] ?? "1.1";
  headers.append("via", `${version} ${PSEUDONYM}`);
}
