import fc from "fast-check";
import { strictEqual as equal, throws } from "node:assert/strict";
import { toText } from "../../src/page/plain_text.ts";
import { linesOf, sizedPage } from "../support/pages.ts";

const region = { left: 0, top: 0, right: 9, bottom: 9 };

Deno.test("toText() joins the texts of the regions in their order", () => {
  const regions = [{ region, text: "\none\r\n\u2028two\n" }, { region }, { region, text: " " }, {
    region,
    text: "three",
  }];
  equal(toText({ regions }), "one\n\ntwo\nthree\n");
  equal(toText({ regions }, { separator: "\n\n" }), "one\n\ntwo\n\nthree\n");
  equal(toText({ regions: [] }), "");
  equal(toText({ regions: [{ region }] }), "");
});

Deno.test("toText() throws if a text is not a string", () => {
  // @ts-expect-error: not a string
  throws(() => toText({ regions: [{ region, text: null }] }), {
    name: "TypeError",
    message: "Cannot write text as text 1 must be a string: current value is null",
  });
});

Deno.test("toText() has every visible line of any page, in characters that XML allows", () => {
  fc.assert(fc.property(sizedPage, (page) => {
    const lines = page.regions.flatMap(({ text = "" }) => linesOf(text));
    equal(toText(page), lines.map((line) => `${line}\n`).join(""));
  }));
});
