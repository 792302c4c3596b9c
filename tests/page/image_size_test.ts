import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import { imageSize } from "../../src/page/image_size.ts";

/** The header of a TIFF of 30 x 20 pixels as stored. */
function tiff(orientation: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(50));
  [0x49, 0x49, 42, 0].forEach((byte, i) => view.setUint8(i, byte));
  view.setUint32(4, 8, true);
  view.setUint16(8, 3, true);
  for (const [i, [tag, value]] of [[0x100, 30], [0x101, 20], [0x112, orientation]].entries()) {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, 3, true);
    view.setUint32(at + 4, 1, true);
    view.setUint16(at + 8, value, true);
  }
  return new Uint8Array(view.buffer);
}

Deno.test("imageSize() returns the size as displayed: orientations 5 to 8 swap width and height", () => {
  for (const orientation of [1, 2, 3, 4]) deepEqual(imageSize(tiff(orientation)), { width: 30, height: 20 });
  for (const orientation of [5, 6, 7, 8]) deepEqual(imageSize(tiff(orientation)), { width: 20, height: 30 });
});

Deno.test("imageSize() takes bytes in any form", () => {
  const padded = new Uint8Array([9, ...tiff(6), 9]);
  for (const image of [tiff(6).buffer, new DataView(padded.buffer, 1, 50), padded.subarray(1)]) {
    deepEqual(imageSize(image), { width: 20, height: 30 });
  }
});

Deno.test("imageSize() returns null if the size is not known", () => {
  equal(imageSize(new Uint8Array()), null);
  equal(imageSize(tiff(1).subarray(0, 20)), null);
  equal(imageSize(new TextEncoder().encode("<svg width='3' height='4'/>")), null);
});

Deno.test("imageSize() throws a TypeError for what is not bytes", () => {
  const start =
    "Cannot read the size of the image as it must be a typed array, DataView or ArrayBuffer: current value is";
  // @ts-expect-error: a Blob cannot be read synchronously
  throws(() => imageSize(new Blob()), {
    name: "TypeError",
    message: `${start} a Blob, which \`await blob.arrayBuffer()\` reads`,
  });
  // @ts-expect-error: not bytes
  throws(() => imageSize("page.png"), { name: "TypeError", message: `${start} "page.png"` });
});
