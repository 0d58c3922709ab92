// What is at a path, as a pure function of the path and a size: origins serve it and the load compares with it, so that a body
// that was put together from several origins is checked to the last byte.

/** As long as the longest body of a row. */
const BLOCK_BYTES = 2 * 1024 * 1024;

const BLOCK: Buffer = noise(BLOCK_BYTES);

/** The whole body at a path. It begins with the path, so that no two paths have the same. */
export function contentOf(path: string, bytes: number): Buffer {
  const body = Buffer.from(BLOCK.subarray(0, bytes));
  body.write(path, 0, "latin1");
  return body;
}

/** The strong validator of what is at a path, the same on every origin. */
export function etagOf(path: string, bytes: number): string {
  return `"${bytes}${path.replaceAll("/", "-")}"`;
}

/** Bytes without a pattern (xorshift32, Marsaglia 2003): with a pattern a wrong offset could go unseen. */
function noise(bytes: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  let state = 2_463_534_242;
  for (let i = 0; i < words.length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state >>> 0;
  }
  return Buffer.from(words.buffer);
}
