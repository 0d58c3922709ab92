// The files a config refers to (pages, list files): which they are, and their contents as values or diagnostics. Reads nothing
// itself: texts are handed in by name.

import { CONFIG_REFERENCED_BYTES_MAX, LIST_ENTRIES_MAX, PAGE_BYTES_MAX } from "../limits.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { readEntryLines, type WrittenEntry } from "./list-lines.ts";
import type { NormalConfig, NormalList } from "./normalize.ts";
import type { Path, Source } from "./source.ts";

/** One entry of a list, with the place to blame. */
export interface ListEntry extends WrittenEntry {
  /** 1-based line of the list's file; null for an entry in the config itself. */
  readonly line: number | null;
}

export interface Resources {
  /** Texts of pages by file name. */
  readonly pages: ReadonlyMap<string, string>;
  readonly lists: ReadonlyMap<string, readonly ListEntry[]>;
  readonly diagnostics: readonly Diagnostic[];
}

export interface FileReference {
  readonly file: string;
  readonly path: Path;
  readonly kind: "page" | "list";
}

/** Every mention of a file, in the order of the config. */
export function fileReferences(config: NormalConfig): readonly FileReference[] {
  const references: FileReference[] = [];
  const add = (kind: "page" | "list", file: string | undefined, path: Path): void => {
    if (file !== undefined) references.push({ kind, file, path });
  };
  config.sites.forEach((site, index) => {
    add("page", site.maintenance.page, ["sites", index, "maintenance", "page"]);
    for (const [status, page] of Object.entries(site.errors)) add("page", page.file, ["sites", index, "errors", status, "file"]);
    site.routes.forEach((route, at) => {
      add("page", route.respond?.file, ["sites", index, "routes", at, "respond", "file"]);
      add("page", route.failure?.respond?.file, ["sites", index, "routes", at, "failure", "respond", "file"]);
    });
  });
  for (const [name, list] of Object.entries(config.lists)) add("list", list.file, ["lists", name, "file"]);
  return references;
}

export function loadResources(config: NormalConfig, files: Readonly<Record<string, string>>, source: Source): Resources {
  const pages = new Map<string, string>();
  const lists = new Map<string, readonly ListEntry[]>();
  const diagnostics: Diagnostic[] = [];
  for (const [name, list] of Object.entries(config.lists)) {
    lists.set(name, (list.entries ?? []).map(inlineEntry));
  }
  for (const reference of fileReferences(config)) {
    const text = fileText(files, reference.file);
    const problem = text === null ? missing(reference, source) : tooLarge(reference, text, source);
    if (problem !== null) diagnostics.push(problem);
    else if (reference.kind === "page") pages.set(reference.file, text ?? "");
    else lists.set(String(reference.path[1]), readEntryLines(text ?? ""));
  }
  return { pages, lists, diagnostics };
}

function fileText(files: Readonly<Record<string, string>>, file: string): string | null {
  const name = fileKey(files, file);
  return name === null ? null : (files[name] ?? null);
}

/** The name under which a file is among those handed in: `./x` and `x` are the same. */
export function fileKey(files: Readonly<Record<string, string>>, file: string): string | null {
  const bare = file.replace(/^(\.\/)+/, "");
  return [file, bare, `./${bare}`].find((name) => Object.hasOwn(files, name)) ?? null;
}

function missing(reference: FileReference, source: Source): Diagnostic {
  const { file, path } = reference;
  const message = `The file ${file} does not exist or cannot be read.`;
  return source.diagnostic({
    severity: "error",
    code: "missing-file",
    path,
    message,
    found: file,
    fix: `Create ${file} next to the config, or correct the name.`,
  });
}

function tooLarge(reference: FileReference, text: string, source: Source): Diagnostic | null {
  const bytesMax = reference.kind === "page" ? PAGE_BYTES_MAX : CONFIG_REFERENCED_BYTES_MAX;
  const bytes = text.length > bytesMax ? text.length : new TextEncoder().encode(text).length;
  const entries = reference.kind === "list" && bytes <= bytesMax ? readEntryLines(text).length : 0;
  const { file, path } = reference;
  if (bytes > bytesMax) {
    const fix = reference.kind === "page" ? "Link to large images and styles instead of including them." : "Split it into several lists.";
    return source.diagnostic({
      severity: "error",
      code: "file-too-large",
      path,
      message: `The file ${file} has ${bytes} bytes.`,
      expected: `at most ${bytesMax} bytes`,
      fix,
    });
  }
  if (entries <= LIST_ENTRIES_MAX) return null;
  const message = `The file ${file} has ${entries} entries.`;
  return source.diagnostic({
    severity: "error",
    code: "list-too-long",
    path,
    message,
    expected: `at most ${LIST_ENTRIES_MAX} entries`,
    fix: "Split it into several lists.",
  });
}

/** An entry in the config itself, in its short or its long form. */
export function inlineEntry(entry: NonNullable<NormalList["entries"]>[number]): ListEntry {
  if (typeof entry !== "object") return { value: String(entry), expires: null, comment: null, line: null };
  return { value: String(entry.value), expires: entry.expires ?? null, comment: entry.comment ?? null, line: null };
}
