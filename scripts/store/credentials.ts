// Who the command line is to Cloudflare: CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID, or the login that wrangler keeps. The
// token is only ever put into an Authorization header; it is never printed, logged or written.

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { failure } from "../output/failure.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface Credentials {
  readonly token: string;
  /** Where the token came from, for messages. */
  readonly source: string;
}

const HOW = "set CLOUDFLARE_API_TOKEN (permission Workers KV Storage: Edit), or log in with: npx wrangler login";

/** @throws a CLI failure when there is no usable login. */
export function findCredentials(env: Env, nowMs: number): Credentials {
  const token = env["CLOUDFLARE_API_TOKEN"]?.trim() ?? "";
  if (token !== "") return { token, source: "CLOUDFLARE_API_TOKEN" };
  const file = wranglerLoginFiles(env).find((path) => existsSync(path));
  if (file === undefined)
    throw failure({ what: "there is no login for Cloudflare", why: "CLOUDFLARE_API_TOKEN is not set and wrangler has no login", fix: HOW });
  const login = parseLogin(readFileSync(file, "utf8"));
  if (login.token === null) throw failure({ what: "there is no login for Cloudflare", why: `${file} has no oauth_token`, fix: HOW });
  if (login.expiresAtMs !== null && login.expiresAtMs <= nowMs) {
    throw failure({
      what: "wrangler's login has expired",
      why: `its token was valid until ${new Date(login.expiresAtMs).toISOString()}`,
      fix: "renew it with: npx wrangler whoami",
    });
  }
  return { token: login.token, source: "wrangler's login" };
}

/** The account id from the environment; null when it has to be asked for. */
export function accountFromEnv(env: Env): string | null {
  const id = env["CLOUDFLARE_ACCOUNT_ID"]?.trim() ?? "";
  return id === "" ? null : id;
}

/** Exported for its tests. The file is TOML; the two values that matter stand on lines of their own. */
export function parseLogin(text: string): { readonly token: string | null; readonly expiresAtMs: number | null } {
  const token = /^oauth_token\s*=\s*["']([^"']+)["']/m.exec(text)?.[1] ?? null;
  const expires = /^expiration_time\s*=\s*["']?([^"'\s]+)/m.exec(text)?.[1];
  const expiresAtMs = expires === undefined ? Number.NaN : Date.parse(expires);
  return { token, expiresAtMs: Number.isNaN(expiresAtMs) ? null : expiresAtMs };
}

/** wrangler's places in the order it looks at them: the old folder in the home directory, then the system's own. */
function wranglerLoginFiles(env: Env): readonly string[] {
  const home = env["HOME"] ?? env["USERPROFILE"] ?? homedir();
  const system =
    process.platform === "darwin"
      ? join(home, "Library", "Preferences")
      : process.platform === "win32"
        ? join(env["APPDATA"] ?? join(home, "AppData", "Roaming"), "xdg.config")
        : join(home, ".config");
  return [join(home, ".wrangler"), join(env["XDG_CONFIG_HOME"] ?? system, ".wrangler")].map((folder) =>
    join(folder, "config", "default.toml"),
  );
}
