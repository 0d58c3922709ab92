// SHA-256 (FIPS 180-4) and HMAC (RFC 2104) over byte strings. The platform's own are asynchronous, and an expression is not.

const BLOCK_BYTES = 64;

/** The first 32 bits of the fractional parts of a root of each of the first primes (FIPS 180-4 sections 4.2.2 and 5.3.3). */
const ROUND_CONSTANTS = fractions(64, Math.cbrt);
const INITIAL_STATE = fractions(8, Math.sqrt);

/** The digest as 32 bytes. */
export function sha256(input: string): string {
  const bytes = padded(input);
  const state = Int32Array.from(INITIAL_STATE);
  const schedule = new Int32Array(64);
  for (let offset = 0; offset < bytes.length; offset += BLOCK_BYTES)
    compress(state, schedule, new DataView(bytes.buffer, offset, BLOCK_BYTES));
  let digest = "";
  for (const word of state) digest += String.fromCharCode((word >>> 24) & 255, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
  return digest;
}

/** HMAC-SHA-256 as 32 bytes. */
export function hmacSha256(key: string, message: string): string {
  const block = (key.length > BLOCK_BYTES ? sha256(key) : key).padEnd(BLOCK_BYTES, "\u0000");
  const masked = (mask: number): string => Array.from(block, (byte) => String.fromCharCode(byte.charCodeAt(0) ^ mask)).join("");
  return sha256(masked(0x5c) + sha256(masked(0x36) + message));
}

function padded(input: string): Uint8Array<ArrayBuffer> {
  const length = Math.ceil((input.length + 9) / BLOCK_BYTES) * BLOCK_BYTES;
  const bytes = new Uint8Array(length);
  for (let index = 0; index < input.length; index += 1) bytes[index] = input.charCodeAt(index);
  bytes[input.length] = 0x80;
  const bits = new DataView(bytes.buffer);
  bits.setUint32(length - 8, Math.floor(input.length / 0x20000000));
  bits.setUint32(length - 4, (input.length << 3) >>> 0);
  return bytes;
}

function compress(state: Int32Array, schedule: Int32Array, block: DataView): void {
  expand(schedule, block);
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let round = 0; round < 64; round += 1) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + (ROUND_CONSTANTS[round] ?? 0) + (schedule[round] ?? 0)) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + sum0 + majority) | 0];
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index] = ((state[index] ?? 0) + value) | 0;
}

function expand(schedule: Int32Array, block: DataView): void {
  for (let index = 0; index < 16; index += 1) schedule[index] = block.getInt32(4 * index);
  for (let index = 16; index < 64; index += 1) {
    const early = schedule[index - 15] ?? 0;
    const late = schedule[index - 2] ?? 0;
    const small0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const small1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    schedule[index] = ((schedule[index - 16] ?? 0) + small0 + (schedule[index - 7] ?? 0) + small1) | 0;
  }
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function fractions(count: number, root: (prime: number) => number): readonly number[] {
  const words: number[] = [];
  for (let candidate = 2; words.length < count; candidate += 1) {
    const isPrime = Array.from({ length: candidate - 2 }, (_, index) => index + 2).every((divisor) => candidate % divisor !== 0);
    if (isPrime) words.push(((root(candidate) % 1) * 0x100000000) | 0);
  }
  return words;
}
