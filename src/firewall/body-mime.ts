// The media type of a body by its first bytes, for the types that are uploaded. What a visitor says of it is not looked at.

import { textOfBytes } from "../expression/bytes.ts";

interface Signature {
  readonly type: string;
  /** Where the bytes stand. */
  readonly at: number;
  readonly bytes: string;
}

const row = (type: string, bytes: string, at = 0): Signature => ({ type, at, bytes });

/** The first that fits counts. */
const SIGNATURES: readonly Signature[] = [
  row("image/png", "\x89PNG\r\n\x1a\n"),
  row("image/jpeg", "\xff\xd8\xff"),
  row("image/gif", "GIF87a"),
  row("image/gif", "GIF89a"),
  row("image/webp", "WEBPVP", 8),
  row("image/tiff", "II*\0"),
  row("image/tiff", "MM\0*"),
  row("image/x-icon", "\0\0\x01\0"),
  row("image/avif", "ftypavif", 4),
  row("image/avif", "ftypavis", 4),
  row("image/heic", "ftypheic", 4),
  row("image/heic", "ftypheix", 4),
  row("image/heif", "ftypmif1", 4),
  row("image/vnd.adobe.photoshop", "8BPS"),
  row("image/jxl", "\0\0\0\x0cJXL \r\n\x87\n"),
  row("audio/wav", "WAVE", 8),
  row("video/x-msvideo", "AVI ", 8),
  row("video/quicktime", "ftypqt", 4),
  row("audio/mp4", "ftypM4A", 4),
  row("video/3gpp", "ftyp3g", 4),
  row("video/mp4", "ftyp", 4),
  row("video/webm", "\x1aE\xdf\xa3"),
  row("video/x-flv", "FLV\x01"),
  row("video/mpeg", "\0\0\x01\xba"),
  row("video/mpeg", "\0\0\x01\xb3"),
  row("application/ogg", "OggS\0"),
  row("audio/mpeg", "ID3"),
  row("audio/mpeg", "\xff\xfb"),
  row("audio/mpeg", "\xff\xf3"),
  row("audio/mpeg", "\xff\xf2"),
  row("audio/aac", "\xff\xf1"),
  row("audio/aac", "\xff\xf9"),
  row("audio/flac", "fLaC"),
  row("audio/midi", "MThd\0\0\0\x06"),
  row("application/pdf", "%PDF-"),
  row("application/postscript", "%!PS"),
  row("application/zip", "PK\x03\x04"),
  row("application/zip", "PK\x05\x06"),
  row("application/gzip", "\x1f\x8b"),
  row("application/x-bzip2", "BZh"),
  row("application/x-xz", "\xfd7zXZ\0"),
  row("application/zstd", "\x28\xb5\x2f\xfd"),
  row("application/x-7z-compressed", "7z\xbc\xaf\x27\x1c"),
  row("application/vnd.rar", "Rar!\x1a\x07"),
  row("application/x-tar", "ustar", 257),
  row("application/wasm", "\0asm"),
  row("application/java-vm", "\xca\xfe\xba\xbe"),
  row("application/x-elf", "\x7fELF"),
  row("application/vnd.microsoft.portable-executable", "MZ"),
  row("application/x-ole-storage", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
  row("application/rtf", "{\\rtf"),
  row("application/vnd.sqlite3", "SQLite format 3\0"),
  row("font/woff", "wOFF"),
  row("font/woff2", "wOF2"),
  row("font/otf", "OTTO"),
  row("font/ttf", "\0\x01\0\0\0"),
  row("image/bmp", "BM"),
];

/** So much is looked at to tell text from other things. */
const SNIFFED_BYTES = 1024;

/** Undefined when it is none of the known types. An empty body has no type. */
export function sniffMediaType(bytes: string): string | undefined {
  if (bytes === "") return undefined;
  return (
    SIGNATURES.find((signature) => bytes.startsWith(signature.bytes, signature.at))?.type ??
    textType(bytes.slice(0, SNIFFED_BYTES), bytes.length)
  );
}

function textType(start: string, length: number): string | undefined {
  if (/[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(start)) return undefined;
  // The cut may have gone through a character.
  const whole = length > start.length ? start.replace(/[\xc0-\xff][\x80-\xbf]*$/, "") : start;
  const text = textOfBytes(whole)
    ?.replace(/^\uFEFF/, "")
    .trimStart()
    .toLowerCase();
  if (text === undefined) return undefined;
  if (/^<\?xml\b/.test(text)) return text.includes("<svg") ? "image/svg+xml" : "text/xml";
  if (text.startsWith("<?php")) return "text/x-php";
  if (text.startsWith("<svg")) return "image/svg+xml";
  if (/^<(?:!doctype html|html|head|body|script|iframe|!--)/.test(text)) return "text/html";
  if (text.startsWith("#!")) return "text/x-shellscript";
  return /^[[{]/.test(text) ? "application/json" : "text/plain";
}
