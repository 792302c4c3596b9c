import fc from "fast-check";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { createHeap, type HeapEntry } from "../../src/internal/heap.ts";

interface Entry extends HeapEntry {
  readonly key: number;
}

const entry = (key: number): Entry => ({ key, place: -1 });

Deno.test("createHeap() always returns the least of the entries that were added and not removed", () => {
  const act = fc.record({ add: fc.nat({ max: 20 }), remove: fc.option(fc.nat()) });
  fc.assert(fc.property(fc.array(act, { maxLength: 100 }), (acts) => {
    const heap = createHeap<Entry>((a, b) => a.key < b.key);
    const all: Entry[] = [], inside = new Set<Entry>();
    for (const { add, remove } of acts) {
      const added = entry(add);
      heap.add(added);
      all.push(added);
      inside.add(added);
      if (remove !== null) {
        // One that has left already is none of the heap's business.
        const other = all[remove % all.length];
        heap.remove(other);
        inside.delete(other);
      }
      equal(heap.first()?.key, inside.size === 0 ? undefined : Math.min(...[...inside].map(({ key }) => key)));
    }
    const sorted = [...inside].map(({ key }) => key).sort((a, b) => a - b);
    const drained: number[] = [];
    for (let first = heap.first(); first !== undefined; first = heap.first()) {
      drained.push(first.key);
      heap.remove(first);
    }
    deepEqual(drained, sorted);
  }));
});
