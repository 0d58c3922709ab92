// The account whose KV is meant, when nobody named one: the only one that the token may see. With several the user has to say
// which, since a publish to the wrong account would be a surprise.

import { failure } from "../output/failure.ts";
import { connectionProblem, field } from "./rest.ts";

/** @param apiBase - `https://api.cloudflare.com/client/v4`. */
export async function findAccount(apiBase: string, headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<string> {
  const what = "the Cloudflare account is not known";
  const fix = "set CLOUDFLARE_ACCOUNT_ID; npx wrangler whoami shows the ids";
  let envelope: unknown;
  try {
    const response = await fetch(`${apiBase}/accounts?per_page=50`, { headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw failure({ what, why: `asking Cloudflare for it failed with status ${response.status}`, fix });
    envelope = await response.json();
  } catch (error) {
    if (error instanceof Error && error.name === "CliFailure") throw error;
    throw failure({ what, why: `asking Cloudflare for it failed: ${connectionProblem(error)}`, fix });
  }
  const result = field(envelope, "result");
  const ids = (Array.isArray(result) ? result : []).map((entry) => field(entry, "id")).filter((id) => typeof id === "string");
  const [only] = ids;
  if (only !== undefined && ids.length === 1) return only;
  throw failure({ what, why: ids.length === 0 ? "the token sees no account" : `the token sees ${ids.length} accounts`, fix });
}
