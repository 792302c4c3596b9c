/**
 * What the tests of all readers share.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { Region } from "../../src/model/region.ts";
import { type PageContent, type PageRegion, toBlocks } from "../../src/page/content.ts";
import type { ReaderOptions, Unreadable } from "../../src/page/page_reader.ts";
import { regionArea } from "../../src/page/polygon.ts";

/** Returns the only page of a file that can be read. */
export function onlyPage(pages: E.Either<Unreadable, readonly PageContent[]>): PageContent {
  if (E.isLeft(pages)) throw new Error(pages.left.errors.join("\n"));
  equal(pages.right.length, 1);
  return pages.right[0];
}

/** Returns what is wrong with a file that cannot be read. */
export function errorsOf(pages: E.Either<Unreadable, readonly PageContent[]>): readonly string[] {
  if (E.isRight(pages)) throw new Error(`read ${JSON.stringify(pages.right)}`);
  return pages.left.errors;
}

/** Asserts that regions were read as they were written: the same outlines, though a polygon may be a rectangle. */
export function equalOutlines(read: readonly PageRegion[], page: PageContent): void {
  const blocks = toBlocks("a test", page);
  equal(read.length, blocks.length);
  for (const [i, { region }] of read.entries()) {
    const { outline: { polygon: written, ...box }, points } = blocks[i];
    const { polygon, ...readBox } = region;
    ok(Region.is(region));
    deepEqual(readBox, box);
    if (written === undefined) equal(polygon, undefined);
    else if (polygon !== undefined) deepEqual(polygon, points);
    else equal(regionArea(box), regionArea({ ...box, polygon: points }));
  }
}

/** Asserts that a file in tests/support/tesseract.ts is read at each level. */
export function equalTesseract(
  read: (level?: ReaderOptions["level"]) => E.Either<Unreadable, readonly PageContent[]>,
): void {
  const first = { region: { left: 188, top: 22, right: 894, bottom: 52 }, text: "BIOGRAPHICAL NOTICE. XXV" };
  const second = { region: { left: 38, top: 90, right: 892, bottom: 129 }, text: "graceful, which drew" };
  const page = { regions: [first, second], size: { width: 1065, height: 142 }, imageName: "scan.jpg" };
  for (const level of [undefined, "block", "line"] as const) deepEqual(onlyPage(read(level)), page);
  const { regions } = onlyPage(read("word"));
  deepEqual(regions.map(({ text }) => text), ["BIOGRAPHICAL", "NOTICE.", "XXV", "graceful,", "which", "drew"]);
  deepEqual(regions[1].region, { left: 572, top: 22, right: 751, bottom: 51 });
}
