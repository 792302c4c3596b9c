import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { type Block, isSliver, mergeStrips } from "../../src/emulator/blocks.ts";
import type { Region } from "../../src/model/region.ts";

/** A block with lines that are 20 pixels high and follow each other closely. */
function block(left: number, top: number, right: number, lines: number, lineHeight = 20): Block {
  const parts = Array.from({ length: lines }, (_, i): Region => ({
    ...{ left, right },
    top: top + i * lineHeight,
    bottom: top + (i + 1) * lineHeight,
  }));
  return { region: { left, top, right, bottom: top + lines * lineHeight }, parts };
}

const boxes = (blocks: readonly Block[]): readonly string[] =>
  mergeStrips(blocks).map(({ region: { left, top, right, bottom } }) => `${left} ${top} ${right} ${bottom}`);

Deno.test("mergeStrips() merges strips that follow each other closely", () => {
  const strips = [block(100, 100, 500, 2), block(100, 145, 480, 3), block(110, 200, 500, 1)];
  deepEqual(boxes(strips), ["100 100 500 220"]);
  deepEqual(mergeStrips(strips)[0].parts, strips.flatMap(({ parts }) => parts));
  deepEqual(boxes([]), []);
});

Deno.test("mergeStrips() merges strips that overlap a little", () => {
  deepEqual(boxes([block(100, 100, 500, 2), block(100, 130, 500, 2)]), ["100 100 500 170"]);
});

const APART: readonly (readonly [why: string, a: Block, b: Block])[] = [
  ["are 0.6 line heights apart", block(100, 100, 500, 2), block(100, 152, 500, 2)],
  ["lie side by side", block(100, 100, 500, 2), block(600, 100, 900, 2)],
  ["follow each other upwards", block(100, 400, 500, 2), block(100, 100, 500, 2)],
  ["overlap in 60 % of the wider one", block(100, 100, 500, 2), block(100, 141, 340, 2)],
  ["have lines of different heights", block(100, 100, 500, 1, 30), block(100, 131, 500, 3)],
];
for (const [why, a, b] of APART) {
  Deno.test(`mergeStrips() does not merge blocks that ${why}`, () => deepEqual(mergeStrips([a, b]), [a, b]));
}

Deno.test("mergeStrips() takes the height of a block without lines for that of its line", () => {
  const { region } = block(100, 145, 500, 1);
  deepEqual(boxes([block(100, 100, 500, 2), { region, parts: [] }]), ["100 100 500 165"]);
});

Deno.test("isSliver() is true of narrow regions at the left and right edges", () => {
  const at = (left: number, right: number): boolean => isSliver({ left, top: 0, right, bottom: 100 }, 1000);
  equal(at(0, 80), true);
  equal(at(20, 80), true);
  equal(at(920, 980), true);
  equal(at(920, 1000), true);
  equal(at(21, 80), false);
  equal(at(0, 81), false);
  equal(at(919, 1000), false);
  equal(at(0, 1000), false);
});
