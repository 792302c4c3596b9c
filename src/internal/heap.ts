/**
 * A binary min-heap whose entries store their own index, so that any entry can be removed in logarithmic time.
 *
 * @module
 */

/** An entry of a heap. */
export interface HeapEntry {
  /** The entry's index in its heap, or -1 once it was removed. Only the heap writes it. */
  place: number;
}

/** A priority queue. */
export interface Heap<E extends HeapEntry> {
  /** Returns the first entry without removing it, or undefined if the heap is empty. */
  readonly first: () => E | undefined;
  /** Adds an entry. */
  readonly add: (entry: E) => void;
  /** Removes an entry. Does nothing if the entry was already removed. */
  readonly remove: (entry: E) => void;
}

/**
 * Creates an empty heap.
 *
 * @param isBefore Whether `a` sorts before `b`.
 */
export function createHeap<E extends HeapEntry>(isBefore: (a: E, b: E) => boolean): Heap<E> {
  const entries: E[] = [];

  const put = (entry: E, place: number): void => {
    entries[place] = entry;
    entry.place = place;
  };
  const rise = (entry: E, from: number): void => {
    let place = from;
    for (let parent = place - 1 >> 1; place > 0 && isBefore(entry, entries[parent]); parent = place - 1 >> 1) {
      put(entries[parent], place);
      place = parent;
    }
    put(entry, place);
  };
  const sink = (entry: E, from: number): void => {
    let place = from;
    for (let child = 2 * place + 1; child < entries.length; child = 2 * place + 1) {
      if (child + 1 < entries.length && isBefore(entries[child + 1], entries[child])) child++;
      if (!isBefore(entries[child], entry)) break;
      put(entries[child], place);
      place = child;
    }
    put(entry, place);
  };

  return {
    first: () => entries.length === 0 ? undefined : entries[0],
    add: (entry) => {
      entries.push(entry);
      rise(entry, entries.length - 1);
    },
    remove: (entry) => {
      const { place } = entry;
      if (place < 0) return;
      entry.place = -1;
      const last = entries.pop();
      if (last === undefined || last === entry) return;
      if (place > 0 && isBefore(last, entries[place - 1 >> 1])) rise(last, place);
      else sink(last, place);
    },
  };
}
