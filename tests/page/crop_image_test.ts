import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, fail, strictEqual as equal, throws } from "node:assert/strict";
import { cropImage } from "../../src/page/crop_image.ts";

// tests/runtimes/smoke.js crops real images in Chromium. Deno's OffscreenCanvas has no 2D context.

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });
const IMAGE = new TextEncoder().encode("image");

/** Calls of the platform's functions, as a test sees them. */
interface Platform {
  readonly calls: string[];
  readonly canvas?: Readonly<Record<string, unknown>>;
  readonly decode?: (() => Promise<unknown>) | null;
}

/** Runs a test on a platform with stand-ins for `createImageBitmap` and `OffscreenCanvas`. */
async function on({ calls, canvas, decode }: Platform, test: () => Promise<void>): Promise<void> {
  const stubs: Readonly<Record<string, unknown>> = {
    createImageBitmap: decode === null ? undefined : decode ?? (async (blob: Blob, options: unknown) => {
      calls.push(`decode ${await blob.text()} ${JSON.stringify(options)}`);
      return { width: 100, height: 50, close: () => calls.push("close") };
    }),
    OffscreenCanvas: function (width: number, height: number) {
      return {
        getContext: () => ({ drawImage: (_: unknown, x: number, y: number) => calls.push(`draw ${x} ${y}`) }),
        convertToBlob: (options: unknown) =>
          Promise.resolve(new Blob([`${width} ${height} ${JSON.stringify(options)}`])),
        ...canvas,
      };
    },
  };
  const before = Object.keys(stubs).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(stubs)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    await test();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }
}

/** Contexts for small canvases only, as browsers have them when memory runs out. */
function createContexts(): () => unknown {
  let count = 0;
  return () => count++ === 0 ? {} : null;
}

Deno.test("cropImage() decodes the image once, as displayed, and cuts out each region", async () => {
  const calls: string[] = [];
  await on({ calls }, async () => {
    const regions = [box(10, 3, 90, 20), box(200, 0, 300, 9), box(95, 45, 130, 70)];
    const task = cropImage(IMAGE, regions, { padding: 5, type: "image/webp", quality: 0.5 });
    deepEqual(calls, []);
    const crops = await task();
    const options = '{"type":"image/webp","quality":0.5}';
    deepEqual(E.isRight(crops) && await Promise.all(crops.right.map((crop) => crop?.text())), [
      `90 25 ${options}`,
      undefined,
      `10 10 ${options}`,
    ]);
    deepEqual(calls, ['decode image {"imageOrientation":"from-image"}', "draw -5 0", "draw -90 -40", "close"]);
  });
});

Deno.test("cropImage() accepts a Blob as well, and writes PNG by default", async () => {
  await on({ calls: [] }, async () => {
    for (const image of [new Blob([IMAGE]), IMAGE.buffer]) {
      const crops = await cropImage(image, [box(0, 0, 1, 1)])();
      equal(E.isRight(crops) && await crops.right[0]?.text(), '1 1 {"type":"image/png"}');
    }
  });
});

Deno.test("cropImage() says what a platform lacks", async () => {
  const failure = (reason: string, detail: string) => E.left({ _tag: "CropFailure", reason, detail });
  const canvas = failure("unsupported", "The runtime has no OffscreenCanvas with a 2D context.");
  // Which of them this runtime lacks differs.
  const plain = await cropImage(IMAGE, [])();
  equal(E.isLeft(plain) && plain.left.reason, "unsupported");
  for (const getContext of [() => null, () => fail("TypeError")]) {
    await on({ calls: [], canvas: { getContext } }, async () => deepEqual(await cropImage(IMAGE, [])(), canvas));
  }
  await on({ calls: [], decode: null }, async () => {
    deepEqual(await cropImage(IMAGE, [])(), failure("unsupported", "The runtime has no createImageBitmap."));
  });
  await on({ calls: [], decode: () => Promise.reject(new Error("not\nan image")) }, async () => {
    deepEqual(await cropImage(IMAGE, [])(), failure("undecodable", "not an image"));
  });
});

Deno.test("cropImage() releases the image even if a region cannot be written", async () => {
  const faults = [
    { canvas: { getContext: createContexts() }, detail: "The canvas has no context." },
    { canvas: { convertToBlob: () => Promise.reject(new Error("too large")) }, detail: "too large" },
  ];
  for (const { canvas, detail } of faults) {
    const calls: string[] = [];
    await on({ calls, canvas }, async () => {
      const crops = await cropImage(IMAGE, [box(0, 0, 1, 1)])();
      deepEqual(crops, E.left({ _tag: "CropFailure", reason: "unwritable", detail }));
      equal(calls.at(-1), "close");
    });
  }
});

Deno.test("cropImage() throws at once for a caller's mistake", () => {
  throws(() => cropImage(IMAGE, [box(0, 0, 1, 1)], { padding: NaN }), /padding must be finite: current value is NaN/);
  // @ts-expect-error: not bytes
  throws(() => cropImage("page.png", []), {
    name: "TypeError",
    message: "Cannot crop the image as it must be a Blob, a typed array, a DataView or an ArrayBuffer: " +
      'current value is "page.png"',
  });
});
