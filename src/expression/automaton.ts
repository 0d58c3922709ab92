// Finds which of many literals occur in a value, in one pass (Aho and Corasick, 1975), or which it starts with. The transitions are
// one hash table of numbers: a dense table would take a kilobyte for each byte of a literal. Used by `subject-index.ts` only.

/** Numbers the literals that were found; each at most once for a value. */
export type LiteralScan = (value: string, found: (literal: number) => void) => void;

interface Trie {
  /** Nodes that are in use; node 0 is the root. */
  nodes: number;
  /** Parent, byte and depth of each node. */
  readonly parent: Int32Array;
  readonly byte: Uint8Array;
  readonly depth: Int32Array;
  /** The literal that ends here, or -1. */
  readonly ends: Int32Array;
  readonly edges: EdgeTable;
}

/** Open addressing: node * 256 + byte + 1 -> child. No key is 0. */
interface EdgeTable {
  readonly keys: Int32Array;
  readonly children: Int32Array;
  /** Of a 32-bit hash, so that as many bits are left as the table's size has. */
  readonly shift: number;
}

/** Compiles distinct literals, none of them empty. */
export function compileLiterals(literals: readonly string[]): LiteralScan {
  const trie = buildTrie(literals);
  const { edges } = trie;
  const order = byDepth(trie);
  const fail = failLinks(trie, order);
  const { ends } = trie;
  const next = reportLinks(trie, order, fail);
  // Most of a value is read at the root, so that has a table of its own.
  const first = Int32Array.from({ length: 256 }, (_, byte) => childOf(edges, 0, byte));
  // Which pass over a value saw a literal last, so that a literal that occurs often is reported once.
  const seen = new Int32Array(literals.length);
  let pass = 0;
  return (value, found) => {
    pass = (pass + 1) | 0;
    let state = 0;
    for (let at = 0; at < value.length; at += 1) {
      const byte = value.charCodeAt(at) & 255;
      let child = state === 0 ? (first[byte] as number) : childOf(edges, state, byte);
      while (child === 0 && state !== 0) {
        state = fail[state] as number;
        child = state === 0 ? (first[byte] as number) : childOf(edges, state, byte);
      }
      state = child;
      for (let node = ends[state] === -1 ? (next[state] as number) : state; node !== 0; node = next[node] as number) {
        const literal = ends[node] as number;
        if (seen[literal] === pass) continue;
        seen[literal] = pass;
        found(literal);
      }
    }
  };
}

/** Compiles distinct prefixes, none of them empty. The walk ends at the first byte that no prefix has there. */
export function compilePrefixes(prefixes: readonly string[]): LiteralScan {
  const { edges, ends } = buildTrie(prefixes);
  return (value, found) => {
    let node = 0;
    for (let at = 0; at < value.length; at += 1) {
      node = childOf(edges, node, value.charCodeAt(at) & 255);
      if (node === 0) return;
      const literal = ends[node] as number;
      if (literal !== -1) found(literal);
    }
  };
}

function buildTrie(literals: readonly string[]): Trie {
  const size = 1 + literals.reduce((sum, literal) => sum + literal.length, 0);
  let bits = 4;
  while (2 ** bits < 3 * size) bits += 1;
  const edges = { keys: new Int32Array(2 ** bits), children: new Int32Array(2 ** bits), shift: 32 - bits };
  const trie: Trie = {
    nodes: 1,
    parent: new Int32Array(size),
    byte: new Uint8Array(size),
    depth: new Int32Array(size),
    ends: new Int32Array(size).fill(-1),
    edges,
  };
  for (let index = 0; index < literals.length; index += 1) {
    const literal = literals[index] as string;
    let node = 0;
    for (let at = 0; at < literal.length; at += 1) node = childOrNew(trie, node, literal.charCodeAt(at) & 255);
    trie.ends[node] = index;
  }
  return trie;
}

function childOrNew(trie: Trie, node: number, byte: number): number {
  const { keys, children } = trie.edges;
  const slot = slotOf(trie.edges, node, byte);
  if (keys[slot] !== 0) return children[slot] as number;
  const child = trie.nodes;
  trie.nodes += 1;
  keys[slot] = node * 256 + byte + 1;
  children[slot] = child;
  trie.parent[child] = node;
  trie.byte[child] = byte;
  trie.depth[child] = (trie.depth[node] as number) + 1;
  return child;
}

/** The child over a byte; 0, the root, when there is none. */
function childOf(edges: EdgeTable, node: number, byte: number): number {
  return edges.children[slotOf(edges, node, byte)] as number;
}

function slotOf({ keys, shift }: EdgeTable, node: number, byte: number): number {
  const key = node * 256 + byte + 1;
  let slot = Math.imul(key, 0x9e3779b1) >>> shift;
  while (keys[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & (keys.length - 1);
  return slot;
}

/** For each node the node of its longest proper suffix. */
function failLinks(trie: Trie, order: Int32Array): Int32Array {
  const { parent, byte, edges } = trie;
  const fail = new Int32Array(trie.nodes);
  for (const node of order) {
    const above = parent[node] as number;
    if (above === 0) continue;
    const last = byte[node] as number;
    let suffix = fail[above] as number;
    let child = childOf(edges, suffix, last);
    while (child === 0 && suffix !== 0) {
      suffix = fail[suffix] as number;
      child = childOf(edges, suffix, last);
    }
    fail[node] = child;
  }
  return fail;
}

/** For each node the nearest suffix at which a literal ends, or 0. */
function reportLinks(trie: Trie, order: Int32Array, fail: Int32Array): Int32Array {
  const next = new Int32Array(trie.nodes);
  for (const node of order) {
    const suffix = fail[node] as number;
    next[node] = trie.ends[suffix] === -1 ? (next[suffix] as number) : suffix;
  }
  return next;
}

/** All nodes but the root, the shallow ones first: a counting sort. */
function byDepth({ nodes, depth }: Trie): Int32Array {
  let deepest = 0;
  for (let node = 0; node < nodes; node += 1) deepest = Math.max(deepest, depth[node] as number);
  const starts = new Int32Array(deepest + 2);
  for (let node = 0; node < nodes; node += 1) starts[(depth[node] as number) + 1] = (starts[(depth[node] as number) + 1] as number) + 1;
  for (let at = 1; at < starts.length; at += 1) starts[at] = (starts[at] as number) + (starts[at - 1] as number);
  const order = new Int32Array(nodes);
  for (let node = 0; node < nodes; node += 1) {
    const at = starts[depth[node] as number] as number;
    order[at] = node;
    starts[depth[node] as number] = at + 1;
  }
  return order.subarray(1);
}
