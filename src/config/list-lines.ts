// The file of a list, line by line: `ENTRY [expires=DATE] [# comment]`. Read here for publishing and by the commands that edit lists,
// which also write lines.

/** An entry as written, wherever it stands. */
export interface WrittenEntry {
  readonly value: string;
  /** A date or a moment; null for never. */
  readonly expires: string | null;
  readonly comment: string | null;
}

export interface EntryLine extends WrittenEntry {
  /** Counted from 1. */
  readonly line: number;
}

/** The entries of a file; empty lines and lines of comments only are left out. */
export function readEntryLines(text: string): readonly EntryLine[] {
  return text.split("\n").flatMap((source, index) => {
    const entry = readEntryLine(source);
    return entry === null ? [] : [{ ...entry, line: index + 1 }];
  });
}

/** Null for a line without an entry. A `#` at its start or after white space begins a comment: `a#b` is an entry. */
export function readEntryLine(source: string): WrittenEntry | null {
  const hash = source.startsWith("#") ? 0 : source.search(/\s#/);
  const comment = hash < 0 ? "" : source.slice(hash).trim().slice(1).trim();
  const text = (hash < 0 ? source : source.slice(0, hash)).trim();
  if (text === "") return null;
  const [, value = text, expires = null] = /^(.*\S)\s+expires=(\S*)$/.exec(text) ?? [];
  return { value, expires, comment: comment === "" ? null : comment };
}

/** The line of an entry, without its line break; null where a file cannot have the entry. */
export function writeEntryLine({ value, expires, comment }: WrittenEntry): string | null {
  const line = `${value}${expires === null ? "" : ` expires=${expires}`}${comment === null ? "" : ` # ${comment}`}`;
  const read = /[\r\n]/.test(line) ? null : readEntryLine(line);
  const isSame = read !== null && read.value === value && read.expires === expires && read.comment === comment;
  return isSame ? line : null;
}
