// What a purge command names, by options and by a file of URLs, and the form that the Worker makes of it. Reads the file or
// standard input and the release in force; never purges.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { PURGE_URL_SLOTS } from "../../src/limits.ts";
import type { PurgeRequest } from "../../src/ports.ts";
import { EXIT } from "../output/exit-codes.ts";
import { failure, usageFailure } from "../output/failure.ts";
import { readPointer, readRelease } from "../store/documents.ts";
import type { KvStore } from "../store/kv.ts";
import type { Session } from "./session.ts";

export interface PurgeNames {
  readonly url?: readonly string[];
  readonly host?: readonly string[];
  readonly prefix?: readonly string[];
  readonly tag?: readonly string[];
  readonly file?: string;
  readonly everything?: boolean;
  readonly soft?: boolean;
}

/** One purge as it was typed, and where: `--url`, or `urls.txt:7`. */
export interface AskedPurge {
  readonly request: PurgeRequest;
  readonly from: string;
}

const NAME_ONE = "name at least one of --url URL, --host HOST, --prefix HOST/PATH, --tag TAG, --file FILE, or --everything";

export async function askedPurges(session: Session, options: PurgeNames): Promise<readonly AskedPurge[]> {
  const soft = options.soft === true;
  const named: AskedPurge[] = (["url", "host", "prefix", "tag"] as const).flatMap((kind) =>
    (options[kind] ?? []).map((value) => ({ request: { kind, value, soft }, from: `--${kind}` })),
  );
  if (options.file !== undefined) named.push(...(await purgesOfFile(session, options.file, soft)));
  if (options.everything === true) {
    // It would purge what is named as well, so one of the two is a slip, and the large one cannot be taken back.
    if (named.length > 0) throw usageFailure("--everything purges what else is named, too", "leave out --everything, or all the others");
    return [{ request: { kind: "everything", value: "", soft }, from: "--everything" }];
  }
  if (named.length === 0) throw usageFailure("nothing was named to purge", NAME_ONE);
  if (named.length > PURGE_URL_SLOTS)
    throw usageFailure(
      `${named.length} purges are more than the ${PURGE_URL_SLOTS} that are told apart`,
      "purge a --prefix, a --host or a --tag that covers them",
    );
  return named;
}

/** URLs are not checked here, only told apart from comments, which begin a line: `#` inside of a URL is its fragment. */
async function purgesOfFile(session: Session, name: string, soft: boolean): Promise<readonly AskedPurge[]> {
  const shown = name === "-" ? "standard input" : name;
  const content = name === "-" ? await text(process.stdin) : await readUrls(session, name);
  const asked = content.split("\n").flatMap((line, index) => {
    const value = line.trim();
    return value === "" || value.startsWith("#") ? [] : [{ request: { kind: "url", value, soft } as const, from: `${shown}:${index + 1}` }];
  });
  if (asked.length === 0) throw usageFailure(`${shown} names no URL`, "write one URL per line, such as https://www.example.com/page");
  return asked;
}

async function readUrls(session: Session, name: string): Promise<string> {
  const path = resolve(session.cwd, name);
  try {
    return await readFile(path, "utf8");
  } catch {
    const why = `there is no readable file at ${path}`;
    throw failure({ what: `the URLs of ${name} cannot be read`, why, fix: "check the path", exit: EXIT.usage });
  }
}

/** The form that the Worker makes of them, so that a mistake is told here, before anything is purged, and --dry-run shows the key. */
export async function canonicalPurges(store: KvStore, asked: readonly AskedPurge[]): Promise<readonly PurgeRequest[]> {
  // Loaded when needed: the Worker's request code is of no use to the other commands.
  const { parsePurge } = await import("../../src/admin/purge-request.ts");
  const { loadRuleset } = await import("../../src/config/load.ts");
  const state = await readPointer(store);
  const release = state.kind === "pointer" ? await readRelease(store, state.pointer.release) : null;
  const ruleset = release === null ? null : loadRuleset(release.snapshot, release.hash);
  return asked.map(({ request, from }) => {
    const parsed = parsePurge(request, ruleset);
    if (!parsed.ok) throw usageFailure(`${from}: ${parsed.error.message}`, "breakwater purge --help");
    return parsed.value;
  });
}
