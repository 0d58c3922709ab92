// The secrets of the Worker on this machine, its admin token and the key that signs cookies and drills: made once, each kept in a
// file that only its owner can read. The Worker gets them as secrets, the command line reads the same files. A deployed Worker has
// its own (`wrangler secret put ADMIN_TOKEN`, `SIGNING_KEY`).

import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The token kept in `folder`, made when there is none yet. */
export function localAdminToken(folder: string): Promise<string> {
  return keptSecret(folder, "admin-token");
}

/** The same for the signing key. */
export function localSigningKey(folder: string): Promise<string> {
  return keptSecret(folder, "signing-key");
}

async function keptSecret(folder: string, name: string): Promise<string> {
  const file = join(folder, name);
  const kept = (await readFile(file, "utf8").catch(() => "")).trim();
  if (kept !== "") return kept;
  const token = randomBytes(32).toString("hex");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  return token;
}
