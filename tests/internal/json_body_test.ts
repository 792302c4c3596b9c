import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { encodeBase64, toBase64 } from "../../src/internal/base64.ts";
import { jsonWithImage, type RequestBody } from "../../src/internal/json_body.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The body, which there must be. */
function bodyOf(body: RequestBody | null): RequestBody {
  ok(body);
  return body;
}

/** What is sent of a body. */
const sent = (body: RequestBody | null): Promise<string> => new Response(bodyOf(body).open()).text();

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
      deepEqual(JSON.parse(await sent(json)), JSON.parse(JSON.stringify({ image: toBase64(image), ...others })));
      equal(await sent(await jsonWithImage(null, others)), JSON.stringify(others));
    }),
  );
});

Deno.test("jsonWithImage() joins the pieces of a large image, whose last one alone is padded", async () => {
  const piece = 3 * 2 ** 18;
  for (const length of [piece - 1, piece, piece + 1, 2 * piece + 2]) {
    const image = new Uint8Array(length).map((_, i) => (i * 7919) >> 3);
    const json = bodyOf(await jsonWithImage(image, { settings: {} }));
    equal(json.size, Math.ceil(length / 3) * 4 + `{"image":"","settings":{}}`.length);
    deepEqual(JSON.parse(await sent(json)), { image: toBase64(image), settings: {} });
  }
});

Deno.test("jsonWithImage() lets other work continue while it encodes a large image", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await jsonWithImage(new Uint8Array(30_000_000), {});
  clearInterval(timer);
  ok(turns >= 2, String(turns));
});

/** Runs a test with a `FixedLengthStream`, as on Workers: it fails if another number of bytes is written. */
async function onWorkers(test: (lengths: readonly number[]) => Promise<void>): Promise<void> {
  const lengths: number[] = [];
  class FixedLengthStream extends TransformStream<Uint8Array, Uint8Array> {
    constructor(length: number) {
      let left = length;
      super({
        transform: (chunk, controller) => {
          left -= chunk.length;
          if (left < 0) throw new TypeError("too long");
          controller.enqueue(chunk);
        },
        flush: () => {
          if (left > 0) throw new TypeError("too short");
        },
      });
      lengths.push(length);
    }
  }
  Object.assign(globalThis, { FixedLengthStream });
  try {
    await test(lengths);
  } finally {
    Reflect.deleteProperty(globalThis, "FixedLengthStream");
  }
}

Deno.test("jsonWithImage() returns a stream of known length on Workers, anew each time", async () => {
  const image = new Uint8Array(3 * 2 ** 18 + 1).map((_, i) => (i * 7919) >> 3);
  await onWorkers(async (lengths) => {
    for (const fields of [{}, { settings: { language: "Äß😀" } }]) {
      const body = bodyOf(await jsonWithImage(image, fields));
      for (let attempt = 0; attempt < 2; attempt++) {
        ok(body.open() instanceof ReadableStream);
        const json = await sent(body);
        deepEqual(JSON.parse(json), { image: toBase64(image), ...fields });
        deepEqual(new Set([body.size, lengths.at(-1)]), new Set([new TextEncoder().encode(json).length]));
      }
    }
  });
});

Deno.test("jsonWithImage() encodes no more on Workers than is read, and stops if the request fails", async () => {
  let encoded = 0;
  const image = new Proxy(new Uint8Array(30_000_000), {
    get: (target, key) => {
      if (key !== "subarray") return Reflect.get(target, key);
      return (from: number, to: number) => (encoded++, target.subarray(from, to));
    },
  });
  await onWorkers(async () => {
    const reader = bodyOf(await jsonWithImage(image, {})).open();
    ok(reader instanceof ReadableStream);
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    await pause();
    const before = encoded;
    ok(before <= 3, String(before));
    await reader.cancel(new Error("the request failed"));
    await pause();
    equal(encoded, before);
  });
});
