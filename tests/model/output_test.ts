import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import * as E from "fp-ts/lib/Either.js";
import type * as t from "io-ts";
import { explain } from "../../src/model/codec.ts";
import { FileOutput, TextOutput, TextsOutput } from "../../src/model/output.ts";
import type { Result } from "../../src/model/response.ts";
import { json } from "../support/arbitrary.ts";
import { anyText, base64 } from "../support/kinds.ts";
import { NOT_UTF8 } from "../support/responses.ts";

type Codec<A> = t.Type<A, readonly Result[], readonly Result[]>;

/** Returns the errors of a codec for results with the given data. */
function linesOf<A>(codec: Codec<A>, ...data: (string | null | undefined)[]): readonly string[] {
  const output = codec.decode(data.map((data) => ({ type: "Text", data })));
  ok(E.isLeft(output), "expected a refusal");
  return explain(output.left);
}

const text = (content: string): Result => ({ type: "Text", data: base64(content) });

Deno.test("TextOutput decodes at most one text", () => {
  const cases: [readonly Result[], string][] = [
    [[], ""],
    [[text("To Lucasta")], "To Lucasta"],
    [[text("Die Äpfel 😀 \u{10ffff}")], "Die Äpfel 😀 \u{10ffff}"],
    [[text("a\r\n\tb\0\f")], "a\r\n\tb\0\f"],
    [[{}], ""],
    [[{ data: null }], ""],
    [[{ type: "Hocr", data: "" }], ""],
    [[{ data: " YQ\n" }], "a"],
  ];
  for (const [results, text] of cases) deepEqual(TextOutput.decode(results), E.right({ text }));
  deepEqual(linesOf(TextOutput, "YQ==", "YQ=="), ["TextOutput: expected at most one result, got an array of 2"]);
});

Deno.test("TextsOutput decodes one text per result, in the order of the response", () => {
  deepEqual(TextsOutput.decode([]), E.right({ texts: [] }));
  equal(TextsOutput.is({ texts: ["a", ""] }), true);
  equal(TextsOutput.is({ texts: Array(1) }), false, "a hole");
  const results = [text("b"), {}, text("ä"), { data: null }, text("a")];
  deepEqual(TextsOutput.decode(results), E.right({ texts: ["b", "", "ä", "", "a"] }));
});

Deno.test("FileOutput decodes exactly one file, which is not empty", () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  deepEqual(FileOutput.decode([{ type: "Pdf", data: base64(every) }]), E.right({ file: every }));
  deepEqual(FileOutput.decode([{ data: base64("\ufeff") }]), E.right({ file: new Uint8Array([0xef, 0xbb, 0xbf]) }));
  deepEqual(linesOf(FileOutput), ["FileOutput: expected one result, got an array of 0"]);
  deepEqual(linesOf(FileOutput, "YQ==", "YQ=="), ["FileOutput: expected one result, got an array of 2"]);
  for (const [data, shown] of [[undefined, "nothing"], [null, "null"], ["", '""'], ["*", '"*"'], ["YQ-_", '"YQ-_"']]) {
    deepEqual(linesOf(FileOutput, data), [`FileOutput/0/data: expected a file in Base64, got ${shown}`]);
  }
});

Deno.test("TextOutput and TextsOutput remove a byte order mark, but only at the start", () => {
  for (
    const [given, expected] of [["\ufeffé", "é"], ["\ufeff", ""], ["\ufeff\ufeffé", "\ufeffé"], ["a\ufeff", "a\ufeff"]]
  ) {
    deepEqual(TextOutput.decode([text(given)]), E.right({ text: expected }));
    deepEqual(TextsOutput.decode([text(given)]), E.right({ texts: [expected] }));
  }
});

Deno.test("TextOutput and TextsOutput reject what is not UTF-8 or not Base64, rather than guess", () => {
  for (const bytes of NOT_UTF8) {
    const data = btoa(`a${bytes}`);
    const reason = `expected UTF-8 behind the Base64, got "${data}"`;
    deepEqual(linesOf(TextOutput, data), [`TextOutput/0/data: ${reason}`]);
    deepEqual(linesOf(TextsOutput, "YQ==", data, "*"), [`TextsOutput/1/data: ${reason}`]);
  }
  for (const data of ["*", "To Lucasta", "A", "YQ===", "YQ-_", "é"]) {
    const reason = `expected Base64 text, got ${JSON.stringify(data)}`;
    deepEqual(linesOf(TextOutput, data), [`TextOutput/0/data: ${reason}`]);
    deepEqual(linesOf(TextsOutput, "", data), [`TextsOutput/1/data: ${reason}`]);
  }
});

Deno.test("TextOutput and TextsOutput agree with Node.js on every character of Unicode", () => {
  let all = "";
  for (let code = 1; code <= 0x10ffff; code++) {
    if (code < 0xd800 || code > 0xdfff) all += String.fromCodePoint(code);
  }
  const encoded = TextOutput.encode({ text: all });
  equal(encoded[0].data, Buffer.from(all).toString("base64"));
  deepEqual(TextOutput.decode(encoded), E.right({ text: all }));
});

Deno.test("TextOutput is unchanged by a round trip through JSON, but for a byte order mark and lone surrogates", () => {
  const anyUnits = fc.oneof(anyText, fc.string({ unit: fc.constantFrom("a", "\ud83d", "\ude00", "\udfff", "\ufeff") }));
  const meaning = (text: string): string => text.toWellFormed().replace(/^\ufeff/, "");
  fc.assert(fc.property(anyUnits, (text) => {
    const wire = json(TextOutput.encode({ text })) as readonly Result[];
    deepEqual(TextOutput.decode(wire), E.right({ text: meaning(text) }));
  }));
  fc.assert(fc.property(fc.array(anyUnits), (texts) => {
    const wire = json(TextsOutput.encode({ texts })) as readonly Result[];
    deepEqual(TextsOutput.decode(wire), E.right({ texts: texts.map(meaning) }));
  }));
});

Deno.test("FileOutput is unchanged by a round trip through JSON", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (file) => {
    const wire = json(FileOutput.encode({ file })) as readonly Result[];
    deepEqual(FileOutput.decode(wire), E.right({ file }));
  }));
  // The bytes of a view, and not those of its whole buffer.
  const file = new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 3);
  deepEqual(FileOutput.encode({ file }), [{ type: "Other", data: "AQI=" }]);
  deepEqual(FileOutput.encode({ file: Buffer.from([1, 2]) }), [{ type: "Other", data: "AQI=" }]);
});

Deno.test("the codecs of outputs encode to results with a type of the service", () => {
  deepEqual(TextOutput.encode({ text: "ä" }), [{ type: "Text", data: "w6Q=" }]);
  deepEqual(TextsOutput.encode({ texts: [] }), []);
  deepEqual(TextsOutput.encode({ texts: ["a", ""] }), [{ type: "Text", data: "YQ==" }, { type: "Text", data: "" }]);
});

Deno.test("is() accepts only outputs", () => {
  const accepted: [t.Any, unknown[]][] = [
    [TextOutput, [{ text: "" }, { text: "a", more: 1 }]],
    [TextsOutput, [{ texts: [] }, { texts: ["", "a"] }]],
    [FileOutput, [{ file: new Uint8Array() }, { file: Buffer.from("a") }]],
  ];
  const others = [
    null,
    undefined,
    [],
    "a",
    {},
    { text: 1 },
    { texts: "a" },
    { texts: [1] },
    { texts: [null] },
    {
      file: "a",
    },
    { file: [1] },
    { file: new ArrayBuffer(1) },
    { text: null, texts: null, file: null },
  ];
  for (const [codec, outputs] of accepted) {
    for (const output of outputs) equal(codec.is(output), true);
    for (const [other, outputs] of accepted) {
      if (other !== codec) { for (const output of outputs) equal(codec.is(output), false); }
    }
    for (const u of others) equal(codec.is(u), false);
  }
});
