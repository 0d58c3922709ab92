// Stage "control": requests for Breakwater itself, the operator's API under /_breakwater/ and PURGE. Runs before everything
// else, so that an operator gets in when the config is broken. Whoever has no token gets the ordinary 404, so that nothing
// shows that there is anything here.

import type { Admin } from "../admin/app.ts";
import type { Ports } from "../ports.ts";
import type { StateHolder } from "../release/holder.ts";

export interface ControlSettings {
  readonly admin: Admin;
  /** The secret ADMIN_TOKEN; null when none is configured, and then nobody gets in. */
  readonly token: string | null;
}

/** Compared on the raw URL: what only a canonical form would bring here belongs to the site. */
export function isControlRequest(request: Request): boolean {
  return request.method === "PURGE" || /^https?:\/\/[^/?#]+\/_breakwater(?:[/?#]|$)/i.test(request.url);
}

/** Null for whoever has no right to an answer. */
export async function control(request: Request, holder: StateHolder, settings: ControlSettings, ports: Ports): Promise<Response | null> {
  return settings.admin.handleControl(request, {
    holder,
    ports,
    token: settings.token,
    nowMs: ports.clock.nowMs(),
    // The platform's own header, whatever proxies the config trusts: without a release there is no config.
    clientAddress: request.headers.get("cf-connecting-ip") ?? "",
  });
}
