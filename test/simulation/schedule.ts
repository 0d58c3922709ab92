// What happens when, in virtual time: a queue of things to do, the earliest first, and in the order of their coming where they are
// at the same time, so that a run is the same for the same seed.

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly act: () => void;
}

export interface Schedule {
  /** Whole milliseconds, as a real clock's. */
  nowMs(): number;
  at(atMs: number, act: () => void): void;
  /** What was begun in the background is waited for before the next thing happens. */
  defer(work: Promise<unknown>): void;
  run(untilMs: number): Promise<void>;
}

export function createSchedule(): Schedule {
  const heap: Entry[] = [];
  const deferred: Promise<unknown>[] = [];
  let nowMs = 0;
  let order = 0;
  return {
    nowMs: () => Math.floor(nowMs),
    at(atMs, act) {
      order += 1;
      push(heap, { atMs: Math.max(nowMs, atMs), order, act });
    },
    defer: (work) => void deferred.push(work),
    async run(untilMs) {
      for (let next = heap[0]; next !== undefined && next.atMs <= untilMs; next = heap[0]) {
        pop(heap);
        nowMs = next.atMs;
        next.act();
        while (deferred.length > 0) await deferred.shift();
      }
      nowMs = untilMs;
    },
  };
}

function isBefore(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(entry, heap[parent])) break;
    swap(heap, index, parent);
    index = parent;
  }
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let index = 0; ;) {
    const [left, right] = [2 * index + 1, 2 * index + 2];
    const child = isBefore(heap[right], heap[left]) ? right : left;
    if (!isBefore(heap[child], heap[index])) return;
    swap(heap, index, child);
    index = child;
  }
}

function swap(heap: Entry[], one: number, other: number): void {
  const [a, b] = [heap[one], heap[other]];
  if (a === undefined || b === undefined) return;
  heap[one] = b;
  heap[other] = a;
}
