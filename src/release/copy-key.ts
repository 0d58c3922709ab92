// Keys of what the Worker keeps for itself in the data centre's cache: copies of what KV holds, and markers of circuits.
//
// Nobody but the Worker reads or writes them. Their URLs are on a host that cannot exist (RFC 2606) and under
// `/_breakwater/`, which no request of a visitor is ever looked up under, whatever Host it claims: the control stage ends it. A
// hash of the deployment's own scope keeps two Workers of one zone, which share a cache, from reading each other's state.

const COPY_ORIGIN = "https://breakwater.invalid";

/**
 * @param kind - What is kept there and its format: `s/1`. What has another format is then not found.
 * @param scope - Differs between deployments, for example the Worker's name and its admin token. Only its hash is used.
 */
export function createCopyKey(kind: string, scope: string): (name: string) => Promise<string> {
  let prefix: string | null = null;
  return async (name) => {
    prefix ??= `${COPY_ORIGIN}/_breakwater/${kind}/${await scopeHash(scope)}`;
    return `${prefix}/${name}`;
  };
}

/** 128 bits of SHA-256: enough that scopes never meet, and nothing of the scope can be read back from a URL. */
async function scopeHash(scope: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`breakwater copies\n${scope}`));
  return [...new Uint8Array(digest, 0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
