import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import { type Images, openImages } from "../../../src/cli/batch/images.ts";
import { withFolder } from "./run.ts";

function right(images: E.Either<string, Images>): Images {
  if (E.isLeft(images)) throw new Error(images.left);
  return images.right;
}

/** A TIFF file whose pages have one pixel each. */
function tiffOf(pages: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 + pages * 80));
  view.setUint32(0, 0x49492a00);
  const entries = [[256, 1], [257, 1], [258, 8], [262, 1], [273, 0], [279, 1]];
  for (let page = 0; page < pages; page++) {
    const start = 8 + page * 80;
    view.setUint32(page === 0 ? 4 : start - 80 + 74, start, true);
    view.setUint16(start, entries.length, true);
    entries.forEach(([tag, value], i) => {
      const at = start + 2 + i * 12;
      view.setUint16(at, tag, true);
      view.setUint16(at + 2, 4, true);
      view.setUint32(at + 4, 1, true);
      view.setUint32(at + 8, tag === 273 ? start + 79 : value, true);
    });
  }
  return new Uint8Array(view.buffer);
}

Deno.test("the images of a batch are counted while they are processed, and a file with several pages when it is opened", () =>
  withFolder(
    { "in/a.pgm": "P5\n1 1\n255\nx", "in/b.tif": tiffOf(3), "in/out/c.pgm": "P5\n1 1\n255\nx" },
    async (folder) => {
      const images = right(await openImages([`${folder}/in`], `${folder}/in/out`, {}));
      equal(images.isSingle, false);
      equal(images.total(), null);
      await new Promise((resolve) => setTimeout(resolve, 200));
      equal(images.total(), 2);
      const keys: string[] = [];
      for await (const { key, read } of images.all) {
        keys.push(key.slice(folder.length));
        equal((await read()).length > 0, true);
      }
      deepEqual(keys, ["/in/a.pgm", "/in/b.tif#1", "/in/b.tif#2", "/in/b.tif#3"]);
      equal(images.total(), 4);
      await images.close();
    },
  ));

Deno.test("each page of a file on standard input is an image", async () => {
  const stdin = () => Promise.resolve(tiffOf(2));
  const images = right(await openImages(["-"], null, { stdin }));
  const read: number[] = [], keys: string[] = [];
  for await (const image of images.all) {
    keys.push(image.key);
    read.push((await image.read()).length);
  }
  deepEqual([keys, read.every((length) => length > 0), images.total()], [["-#1", "-#2"], true, null]);
  await images.close();
});

Deno.test("a file on standard input that is not an image is one that cannot be read", async () => {
  const images = right(await openImages(["-"], null, { stdin: () => Promise.resolve(new Uint8Array()) }));
  equal(images.isSingle, true);
  for await (const { read } of images.all) equal(await read().catch((error) => error.message), "it is empty");
  await images.close();
});
