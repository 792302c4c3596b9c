import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { encodeBase64, toBase64 } from "../../src/internal/base64.ts";
import { jsonWithImage } from "../../src/internal/json_body.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

Deno.test("encodeBase64() agrees with toBase64() for arbitrary bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    equal(text(encodeBase64(bytes)), toBase64(bytes));
    equal(text(encodeBase64(bytes.subarray(1))), toBase64(bytes.slice(1)));
  }));
});

Deno.test("jsonWithImage() makes JSON with the same value as JSON.stringify(), whatever the fields are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.dictionary(fc.string(), fc.jsonValue()), async (image, fields) => {
      const { image: _image, ...others } = fields;
      const json = await jsonWithImage(image, others);
      deepEqual(JSON.parse(await json.text()), JSON.parse(JSON.stringify({ image: toBase64(image), ...others })));
      equal(await (await jsonWithImage(null, others)).text(), JSON.stringify(others));
    }),
  );
});

Deno.test("jsonWithImage() joins the pieces of a large image, whose last one alone is padded", async () => {
  const piece = 3 * 2 ** 18;
  for (const length of [piece - 1, piece, piece + 1, 2 * piece + 2]) {
    const image = new Uint8Array(length).map((_, i) => (i * 7919) >> 3);
    const json = await jsonWithImage(image, { settings: {} });
    equal(json.size, Math.ceil(length / 3) * 4 + `{"image":"","settings":{}}`.length);
    deepEqual(JSON.parse(await json.text()), { image: toBase64(image), settings: {} });
  }
});

Deno.test("jsonWithImage() lets other work continue while it encodes a large image", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await jsonWithImage(new Uint8Array(30_000_000), {});
  clearInterval(timer);
  ok(turns >= 10, String(turns));
});
