// A hash of a short text, for spreading requests over origins. Stable for ever: another hash would move every visitor. Not
// cryptographic: it never protects anything.

/** FNV-1a in 32 bits over UTF-16 code units, twice with different starts, each finished by MurmurHash3's mixer. */
export function hash01(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x01000193);
  }
  // 21 and 32 bits make the 53 that a double holds; the half keeps the result inside (0, 1), where its logarithm exists.
  return ((mix(high) >>> 11) * 2 ** 32 + mix(low) + 0.5) / 2 ** 53;
}

function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
