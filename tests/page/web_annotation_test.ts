import fc from "fast-check";
import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { toWebAnnotation } from "../../src/page/web_annotation.ts";
import { linesOf, sizedPage } from "../support/pages.ts";
import { parseXml } from "../support/xml.ts";

const id = "https://example.org/1.json";

Deno.test("toWebAnnotation() selects rectangles by a fragment and polygons by an SVG", () => {
  const polygon = [{ x: 10, y: 5 }, { x: 10, y: 40 }, { x: 90, y: 5 }];
  const regions = [
    { region: { left: -4, top: 0.5, right: 9, bottom: 9 }, text: "a\r\nb" },
    { region: { left: 10, top: 5, right: 90, bottom: 40, polygon } },
  ];
  const page = toWebAnnotation({ regions, imageName: "a.png" }, { id });
  equal(page.type, "AnnotationPage");
  equal(page.id, id);
  deepEqual(page.items.map(({ id }) => id), [`${id}#region-1`, `${id}#region-2`]);
  deepEqual(page.items.map(({ body }) => body?.value), ["a\nb", undefined]);
  deepEqual(page.items.map(({ target }) => target), [
    {
      type: "SpecificResource",
      source: "a.png",
      selector: {
        type: "FragmentSelector",
        conformsTo: "http://www.w3.org/TR/media-frags/",
        value: "xywh=0,0,9,9",
      },
    },
    {
      type: "SpecificResource",
      source: "a.png",
      selector: {
        type: "SvgSelector",
        value: '<svg xmlns="http://www.w3.org/2000/svg"><polygon points="10,5 90,5 10,40"/></svg>',
      },
    },
  ]);
});

Deno.test("toWebAnnotation() prefers the option source to the name of the image", () => {
  const regions = [{ region: { left: 0, top: 0, right: 9, bottom: 9 } }];
  const source = "https://example.org/canvas/1";
  equal(toWebAnnotation({ regions, imageName: "a.png" }, { id, source }).items[0].target.source, source);
});

Deno.test("toWebAnnotation() survives JSON for any page, with every text and well-formed selectors", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const annotations = toWebAnnotation(page, { id });
    deepEqual(JSON.parse(JSON.stringify(annotations)), annotations);
    deepEqual(
      annotations.items.map(({ body }) => body?.value),
      page.regions.map(({ text }) => text === undefined ? undefined : linesOf(text).join("\n")),
    );
    ok(!/\\u[dD][89a-fA-F]/.test(JSON.stringify(annotations)), "no lone surrogates");
    for (const { target: { selector: { type, value } } } of annotations.items) {
      if (type === "FragmentSelector") match(value, /^xywh=\d+,\d+,\d+,\d+$/);
      else match(parseXml(value).children[0].attributes.points, /^(\d+,\d+ )+\d+,\d+$/);
    }
  }));
});
