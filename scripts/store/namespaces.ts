// Which KV namespace is Breakwater's. By id when the user names one, else by title: wrangler names a provisioned namespace after
// the Worker and the binding (`breakwater-config`). Used for both stores; the local explorer lists its bindings the same way.

import { failure } from "../output/failure.ts";
import { connectionProblem, field } from "./rest.ts";

export interface Namespace {
  readonly id: string;
  readonly title: string;
}

/** Titles that are Breakwater's without being asked, compared without case and punctuation. */
const KNOWN_TITLES: readonly string[] = ["breakwaterconfig", "config", "breakwater"];
const PAGE_SIZE = 100;
const PAGES_MAX = 100;

export interface NamespaceQuery {
  /** `.../storage/kv/namespaces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** An id or a title; null takes the one that is known to be Breakwater's. */
  readonly wanted: string | null;
  readonly timeoutMs: number;
}

export async function findNamespace(query: NamespaceQuery): Promise<Namespace> {
  const all = await listNamespaces(query);
  const found = pickNamespace(all, query.wanted);
  if (found !== null) return found;
  const titles = all.map((namespace) => namespace.title).join(", ");
  throw failure({
    what: query.wanted === null ? "no KV namespace of this account looks like Breakwater's" : `there is no KV namespace "${query.wanted}"`,
    why: all.length === 0 ? "the account has none" : `there are: ${titles}`,
    fix: query.wanted === null && all.length > 0 ? "name it with --namespace TITLE" : "deploy first, which makes it: npm run deploy",
  });
}

/** Exported for its tests: exact id or title first, then the known titles. Null when none or, by known title, more than one fits. */
export function pickNamespace(all: readonly Namespace[], wanted: string | null): Namespace | null {
  if (wanted !== null) {
    return all.find((namespace) => namespace.id === wanted) ?? all.find((namespace) => namespace.title === wanted) ?? null;
  }
  for (const title of KNOWN_TITLES) {
    const fitting = all.filter((namespace) => namespace.title.toLowerCase().replace(/[^a-z0-9]/g, "") === title);
    if (fitting.length === 1) return fitting[0] ?? null;
  }
  return null;
}

async function listNamespaces(query: NamespaceQuery): Promise<readonly Namespace[]> {
  const all: Namespace[] = [];
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const result = field(await fetchPage(query, page), "result");
    const entries: readonly unknown[] = Array.isArray(result) ? result : [];
    const fresh = entries.flatMap((entry) => toNamespace(entry)).filter((entry) => !all.some((known) => known.id === entry.id));
    all.push(...fresh);
    if (entries.length < PAGE_SIZE || fresh.length === 0) break;
  }
  return all;
}

function toNamespace(entry: unknown): readonly Namespace[] {
  const id = field(entry, "id");
  const title = field(entry, "title");
  return typeof id === "string" ? [{ id, title: typeof title === "string" ? title : id }] : [];
}

async function fetchPage(query: NamespaceQuery, page: number): Promise<unknown> {
  const what = "the list of KV namespaces cannot be read";
  let response: Response;
  try {
    const url = `${query.url}?page=${page}&per_page=${PAGE_SIZE}`;
    response = await fetch(url, { headers: query.headers, redirect: "error", signal: AbortSignal.timeout(query.timeoutMs) });
  } catch (error) {
    throw failure({
      what,
      why: `${query.url} does not answer: ${connectionProblem(error)}`,
      fix: "check the network, then run the command again",
    });
  }
  const text = await response.text();
  if (response.ok) {
    try {
      return JSON.parse(text);
    } catch {
      throw failure({
        what,
        why: `${query.url} answers with something that is not JSON`,
        fix: "check --worker, BREAKWATER_URL and CLOUDFLARE_API_BASE_URL",
      });
    }
  }
  if (response.status === 401 || response.status === 403) {
    const fix = "give CLOUDFLARE_API_TOKEN a token with the permission Workers KV Storage: Edit, or log in with: npx wrangler login";
    throw failure({ what, why: `Cloudflare answered with status ${response.status}: the token is not valid for this account`, fix });
  }
  throw failure({ what, why: `${query.url} answers with status ${response.status}`, fix: "check the account id in CLOUDFLARE_ACCOUNT_ID" });
}
