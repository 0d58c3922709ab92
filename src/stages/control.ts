// Stage "control": requests for Breakwater itself, the operator's API under /_breakwater/ and PURGE. Runs before everything
// else, so that an operator gets in when the config is broken. Whoever has no token gets the ordinary 404, so that nothing
// shows that there is anything here.

import type { Admin } from "../admin/app.ts";
import { canonicalPath } from "../http/url.ts";
import type { Markers } from "../origin/markers.ts";
import type { OriginTable } from "../origin/table.ts";
import type { Ports } from "../ports.ts";
import type { StateHolder } from "../release/holder.ts";
import type { Connection } from "./receive.ts";

export interface ControlSettings {
  readonly admin: Admin;
  /** The secret ADMIN_TOKEN; null when none is configured, and then nobody gets in. */
  readonly token: string | null;
}

export interface ControlRequest {
  readonly request: Request;
  readonly connection: Pick<Connection, "colo"> | null;
}

/** What of an isolate the operator's API shows. */
export interface ControlledIsolate {
  readonly holder: StateHolder;
  readonly memory: { readonly origins: OriginTable; readonly markers: Markers };
  readonly control: ControlSettings;
}

/**
 * In any spelling, so that `//_breakwater/status`, which a script makes of a base URL with a slash, does not carry the operator's
 * token to an origin. The API itself answers to the plain one only.
 */
export function isControlRequest(request: Pick<Request, "method" | "url">): boolean {
  if (request.method === "PURGE") return true;
  const path = /^https?:\/\/[^/?#]+([^?#]*)/i.exec(request.url)?.[1] ?? "";
  // Canonical paths cost more than this look, and nearly no request has anything to do with us.
  if (!/breakwater|%/i.test(path)) return false;
  return /^\/_breakwater(?:[/;]|%2F|%5C|$)/i.test(canonicalPath(path).path);
}

/** Null for whoever has no right to an answer. */
export async function control(asked: ControlRequest, isolate: ControlledIsolate, ports: Ports): Promise<Response | null> {
  const { request, connection } = asked;
  const { holder, memory, control: settings } = isolate;
  return settings.admin.handleControl(request, {
    holder,
    origins: memory.origins,
    markers: memory.markers,
    ports,
    token: settings.token,
    nowMs: ports.clock.nowMs(),
    // The platform's own header, whatever proxies the config trusts: without a release there is no config.
    colo: connection?.colo ?? null,
    clientAddress: request.headers.get("cf-connecting-ip") ?? "",
  });
}
