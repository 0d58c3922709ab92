// Byte strings: JavaScript strings with one character, U+0000 to U+00FF, for each byte. Text becomes one by UTF-8.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 encoding of a text as a byte string. Lone surrogates become U+FFFD. */
export function bytesOfText(text: string): string {
  if (isAscii(text)) return text;
  let bytes = "";
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** The text that a byte string encodes in UTF-8; null when it is not valid UTF-8. */
export function textOfBytes(bytes: string): string | null {
  if (isAscii(bytes)) return bytes;
  const octets = octetsOf(bytes);
  try {
    return decoder.decode(octets);
  } catch {
    return null;
  }
}

/** The bytes as numbers. */
export function octetsOf(bytes: string): Uint8Array {
  const octets = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index += 1) octets[index] = bytes.charCodeAt(index);
  return octets;
}

/** True when every character is below U+0080: then text and bytes are the same. */
export function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

/** Lower case, for A to Z only. */
export function lowerAscii(bytes: string): string {
  return isAscii(bytes) ? bytes.toLowerCase() : bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Upper case, for a to z only. */
export function upperAscii(bytes: string): string {
  return isAscii(bytes) ? bytes.toUpperCase() : bytes.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
