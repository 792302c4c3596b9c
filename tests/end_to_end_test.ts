// End-to-end tests of the public API with the emulator and its detector, over HTTP, on real pages.
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { lastValueFrom, toArray } from "rxjs";
import {
  cancelTask,
  connect,
  type DetectionSettings,
  detectRegions,
  fetchRegions,
  fixed,
  type Region,
  type Service,
  submitImage,
  toSvg,
  watchRegions,
} from "../mod.ts";
import { type Detector, startDetector } from "../src/emulator/detector.ts";
import { emulate, type EmulatorOptions } from "../src/emulator/emulator.ts";
import { serve } from "../src/emulator/serve.ts";

const credentials = { clientId: "id", clientSecret: "secret" };
const schedule = fixed({ delay: 50 });

async function withService(
  options: EmulatorOptions,
  test: (service: Service, requests: readonly string[]) => Promise<void>,
): Promise<void> {
  const handle = emulate({ credentials, ...options });
  const requests: string[] = [];
  const server = await serve((request) => {
    requests.push(`${request.method} ${new URL(request.url).pathname}`);
    return handle(request);
  }, 0);
  try {
    await test(connect({ credentials, baseUrl: server.url, schedule }), requests);
  } finally {
    await server.close();
  }
}

async function withDetector(test: (detector: Detector) => Promise<void>): Promise<void> {
  const detector = startDetector();
  try {
    await test(detector);
  } finally {
    await detector.close();
  }
}

async function regionsOf(service: Service, image: Uint8Array, settings: DetectionSettings): Promise<readonly Region[]> {
  const reply = await lastValueFrom(detectRegions(image, settings)(service));
  ok(E.isRight(reply) && reply.right._tag === "Completed", JSON.stringify(reply));
  return reply.right.regions;
}

Deno.test("detectRegions() detects regions within the bounds of four real pages, and toSvg() draws them", async () => {
  await withDetector((detector) =>
    withService({ detect: detector.detect, workers: 2 }, async (service) => {
      const pages: [string, number, number, number, number][] = [
        ["lucasta.047.jpg", 1065, 1879, 2, 2],
        ["cavalerie.29.jpg", 929, 1252, 3, 40],
        ["patent.png", 2320, 3408, 12, 80],
        ["zanotti-78.jpg", 1052, 1524, 1, 40],
      ];
      await Promise.all(pages.map(async ([name, width, height, least, most]) => {
        const image = await Deno.readFile(`examples/pages/${name}`);
        const regions = await regionsOf(service, image, {});
        ok(least <= regions.length && regions.length <= most, `${name}: ${regions.length}`);
        for (const { left, top, right, bottom } of regions) {
          ok(0 <= left && left < right && right <= width && 0 <= top && top < bottom && bottom <= height, name);
        }
        equal(toSvg(regions, { image }).match(/<image /g)?.length, 1);
      }));
    })
  );
});

Deno.test("dsrMode selects blocks, lines or words", async () => {
  const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
  await withDetector((detector) =>
    withService({ detect: detector.detect }, async (service) => {
      const blocks = await regionsOf(service, image, { dsrMode: "Regions" });
      const lines = await regionsOf(service, image, { dsrMode: "LineDetector" });
      const words = await regionsOf(service, image, { dsrMode: "TextDetector" });
      ok(blocks.length < lines.length && lines.length < words.length);
    })
  );
});

Deno.test("a task goes through Pending, Processing and Completed with a single token", async () => {
  const times = { pickupTime: 120, serviceTime: 120 };
  await withService(times, async (service, requests) => {
    const replies = await lastValueFrom(detectRegions(new Uint8Array([1]))(service).pipe(toArray()));
    const tags = replies.map((reply) => E.isRight(reply) ? reply.right._tag : reply.left._tag);
    deepEqual([...new Set(tags)], ["Pending", "Processing", "Completed"]);
    equal(requests.filter((request) => request === "POST /connect/token").length, 1);
    equal(requests.filter((request) => request === "POST /v5.0/ocr/DetectRegions").length, 1);
  });
});

Deno.test("a canceled task does not exist, and its watch ends with NotExist", async () => {
  await withService({ serviceTime: 60_000 }, async (service) => {
    const id = await submitImage(new Uint8Array([1]))(service)();
    ok(E.isRight(id));
    const watched = lastValueFrom(watchRegions(id.right)(service));
    equal(E.isRight(await fetchRegions(id.right)(service)()), true);
    deepEqual(await cancelTask(id.right)(service)(), E.right(undefined));
    deepEqual(await watched, E.right({ _tag: "NotExist", id: id.right, messages: [] }));
  });
});

Deno.test("a hundred watches of one service share a token and each return their own regions", async () => {
  let count = 0;
  const detect = (image: Uint8Array): Promise<Region[]> =>
    Promise.resolve([{ left: 0, top: 0, right: image[0], bottom: 1 + count++ % 3 }]);
  await withService({ detect, workers: 8, serviceTime: 30 }, async (service, requests) => {
    const widths = Array.from({ length: 100 }, (_, i) => i + 1);
    const found = await Promise.all(widths.map((width) => regionsOf(service, new Uint8Array([width]), {})));
    deepEqual(found.map(([{ right }]) => right), widths);
    equal(requests.filter((request) => request === "POST /connect/token").length, 1);
  });
});
