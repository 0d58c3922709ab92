// Via (RFC 9110 7.6.3): the protocol version of the message that came in, and a pseudonym in place of a host name. Pure.

const PSEUDONYM = "breakwater";

/** @param protocol - `HTTP/1.1`, `HTTP/2`: what the message was received with. */
export function appendVia(headers: Headers, protocol: string): void {
  const version = /^HTTP\/(\d(?:\.\d)?)$/i.exec(protocol)?.[1] ?? "1.1";
  headers.append("via", `${version} ${PSEUDONYM}`);
}
