// The admin token of the Worker on this machine: made once, kept in a file that only its owner can read. The Worker gets it as a
// secret, the command line reads the same file. A deployed Worker has its own (`wrangler secret put ADMIN_TOKEN`).

import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FILE = "admin-token";

/** The token kept in `folder`, made when there is none yet. */
export async function localAdminToken(folder: string): Promise<string> {
  const file = join(folder, FILE);
  const kept = (await readFile(file, "utf8").catch(() => "")).trim();
  if (kept !== "") return kept;
  const token = randomBytes(32).toString("hex");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  return token;
}
