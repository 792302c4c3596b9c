import fc from "fast-check";
import { deepStrictEqual as deepEqual, ok, throws } from "node:assert/strict";
import { toCoco } from "../../src/page/coco.ts";
import { linesOf, sizedPage } from "../support/pages.ts";

const size = { width: 100, height: 200 };

Deno.test("toCoco() numbers images and annotations through all pages", () => {
  const polygon = [{ x: 10, y: 5 }, { x: 10, y: 40 }, { x: 90, y: 5 }];
  const first = { regions: [{ region: { left: -4, top: 0, right: 9, bottom: 9 } }], size, imageName: "1.png" };
  const second = { regions: [{ region: { left: 10, top: 5, right: 90, bottom: 40, polygon }, text: "a\r\nb" }], size };
  deepEqual(toCoco([first, second]), {
    images: [
      { id: 1, file_name: "1.png", width: 100, height: 200 },
      { id: 2, file_name: "", width: 100, height: 200 },
    ],
    annotations: [
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        bbox: [0, 0, 9, 9],
        segmentation: [[0, 0, 9, 0, 9, 9, 0, 9]],
        area: 81,
        iscrowd: 0,
      },
      {
        id: 2,
        image_id: 2,
        category_id: 1,
        bbox: [10, 5, 80, 35],
        segmentation: [[10, 5, 90, 5, 10, 40]],
        area: 1400,
        iscrowd: 0,
        utf8_string: "a\nb",
      },
    ],
    categories: [{ id: 1, name: "text", supercategory: "" }],
  });
});

Deno.test("toCoco() throws if the size of a page is unknown", () => {
  // @ts-expect-error: the size is required
  throws(() => toCoco([{ regions: [] }]), {
    name: "RangeError",
    message: "Cannot write COCO as size.width must be a whole number from 1 to 2147483647: current value is nothing",
  });
});

Deno.test("toCoco() survives JSON for any pages, with every text, and outlines within the image", () => {
  fc.assert(fc.property(fc.array(sizedPage, { maxLength: 3 }), (pages) => {
    const dataset = toCoco(pages);
    deepEqual(JSON.parse(JSON.stringify(dataset)), dataset);
    const { images, annotations } = dataset;
    deepEqual(
      annotations.map(({ image_id, utf8_string }) => [image_id, utf8_string]),
      pages.flatMap(({ regions }, i) =>
        regions.map(({ text }) => [i + 1, text === undefined ? undefined : linesOf(text).join("\n")])
      ),
    );
    ok(!/\\u[dD][89a-fA-F]/.test(JSON.stringify(dataset)), "no lone surrogates");
    for (const { image_id, bbox: [x, y, width, height], segmentation: [outline], area } of annotations) {
      const image = images[image_id - 1];
      ok(x >= 0 && y >= 0 && x + width <= image.width && y + height <= image.height && area >= 0);
      outline.forEach((n, i) => ok(n >= 0 && n <= (i % 2 === 0 ? image.width : image.height)));
    }
  }));
});
