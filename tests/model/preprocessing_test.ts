import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { FileOutput } from "../../src/model/output.ts";
import { BINARIZE_IMAGE, DESKEW_IMAGE, DEWARP_IMAGE, UPSCALE_IMAGE } from "../../src/model/preprocessing.ts";
import { IMAGE } from "../support/kinds.ts";

for (
  const [kind, name] of [
    [BINARIZE_IMAGE, "BinarizeImage"],
    [DESKEW_IMAGE, "DeskewImage"],
    [DEWARP_IMAGE, "DewarpImage"],
    [UPSCALE_IMAGE, "UpscaleImage"],
  ] as const
) {
  Deno.test(`${name} sends the image and nothing else, and returns a file`, () => {
    equal(kind.name, name);
    equal(kind.path, `/v5.0/ocr/${name}`);
    equal(kind.output, FileOutput);
    equal(kind.count, undefined);
    const more: object = { settings: { makeSkewCorrect: true }, text: "a" };
    deepEqual(kind.encode({ image: IMAGE, ...more }), { image: IMAGE });
  });
}
