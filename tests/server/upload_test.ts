import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as E from "fp-ts/lib/Either.js";
import { detectionInput, recognitionInput } from "../../src/server/inputs.ts";
import { readUpload, type Upload } from "../../src/server/upload.ts";
import { REGION } from "../support/statuses.ts";

const LIMITS = { maxImageBytes: 1000, uploadTimeout: 1000 };
const PNG = { "Content-Type": "image/png" };

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Sends an endless body, `size` bytes at a time. */
function endless(size: number, delay: number) {
  let sent = 0, isCanceled = false;
  const body = new ReadableStream({
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (isCanceled) return;
      sent += size;
      controller.enqueue(new Uint8Array(size));
    },
    cancel: () => void (isCanceled = true),
  });
  const request = new Request(
    "http://localhost/tasks",
    { method: "POST", headers: PNG, body, duplex: "half" } as RequestInit,
  );
  return { request, sent: () => sent, isCanceled: () => isCanceled };
}

const statusOf = (upload: E.Either<Response, Upload>): number => E.isLeft(upload) ? upload.left.status : 200;

Deno.test("an upload is counted while it arrives, and canceled as soon as it exceeds the limit", async () => {
  const { request, sent, isCanceled } = endless(400, 0);
  equal(statusOf(await readUpload(request, LIMITS)), 413);
  deepEqual([isCanceled(), sent() < 3000], [true, true]);
});

Deno.test("an upload that states a length over the limit is refused before it arrives", async () => {
  const { request, sent } = endless(400, 10);
  const headers = { ...PNG, "Content-Length": "1001" };
  equal(statusOf(await readUpload(new Request(request, { headers }), LIMITS)), 413);
  equal(sent() <= 400, true);
  await new Promise((resolve) => setTimeout(resolve, 20));
});

Deno.test("an upload that is too slow is canceled", async () => {
  const { request, isCanceled } = endless(1, 5);
  const started = performance.now();
  equal(statusOf(await readUpload(request, { ...LIMITS, uploadTimeout: 40 })), 408);
  equal(performance.now() - started < 1000, true);
  equal(isCanceled(), true);
  await new Promise((resolve) => setTimeout(resolve, 10));
});

Deno.test("an upload in tiny pieces takes no more memory than its bytes", async () => {
  const pieces: WeakRef<Uint8Array>[] = [];
  let sent = 0, kept = Infinity;
  const body = new ReadableStream({
    pull: async (controller) => {
      if (sent++ === 500) {
        // A reference is weak only after the current task.
        await new Promise((resolve) => setTimeout(resolve));
        collectGarbage();
        kept = pieces.filter((piece) => piece.deref() !== undefined).length;
        return controller.close();
      }
      const piece = new Uint8Array([sent]);
      pieces.push(new WeakRef(piece));
      controller.enqueue(piece);
    },
  });
  const request = new Request(
    "http://localhost/tasks",
    { method: "POST", headers: PNG, body, duplex: "half" } as RequestInit,
  );
  const upload = await readUpload(request, LIMITS);
  deepEqual(E.isRight(upload) && upload.right.image, Uint8Array.from({ length: 500 }, (_, i) => i + 1));
  ok(kept < 50, `${kept} of 500`);
});

Deno.test("an upload that breaks off is refused", async () => {
  const body = new ReadableStream({
    pull: (controller) => controller.error(new TypeError("connection reset")),
  });
  const request = new Request(
    "http://localhost/tasks",
    { method: "POST", headers: PNG, body, duplex: "half" } as RequestInit,
  );
  equal(statusOf(await readUpload(request, LIMITS)), 400);
});

Deno.test("the fields of an upload are texts, or JSON if they look like it", async () => {
  const form = new FormData();
  form.set("image", new Blob([new Uint8Array([1])]));
  form.set("regions", JSON.stringify([REGION]));
  form.set("broken", "[1");
  form.set("file", new Blob(["not a field"]));
  const url = "http://localhost/tasks?a=true&b=false&c=-12&d=1.5&e=text&f=&g=12345678901234567890&h=null";
  const upload = await readUpload(new Request(url, { method: "POST", body: form }), LIMITS);
  deepEqual(E.isRight(upload) && upload.right, {
    image: new Uint8Array([1]),
    fields: {
      a: true,
      b: false,
      c: -12,
      d: "1.5",
      e: "text",
      f: "",
      g: "12345678901234567890",
      h: "null",
      regions: [REGION],
      broken: "[1",
    },
  });
});

Deno.test("detectionInput() accepts the settings of a detection only", () => {
  const image = new Uint8Array([1]);
  const input = detectionInput({ image, fields: { dsrMode: "LineDetector", rotate: 90 } });
  equal(E.isRight(input) && input.right.image, image);
  equal(E.isRight(input) && input.right.settings?.dsrMode, "LineDetector");
  deepEqual(detectionInput({ image, fields: { makeSpellCheck: true } }), E.left('Unknown setting "makeSpellCheck".'));
  const invalid = detectionInput({ image, fields: { dsrMode: "lines", rotate: "left" } });
  const lines = E.isLeft(invalid) ? invalid.left.split("; ") : [];
  deepEqual(lines.map((line) => line.replace(/: .*/, "")), ["rotate", "dsrMode"]);
});

Deno.test("recognitionInput() requires regions, and accepts the settings of a recognition", () => {
  const image = new Uint8Array([1]);
  const fields = { regions: [REGION], language: "German", makeSpellCheck: true, resultType: "Hocr" };
  const input = recognitionInput({ image, fields });
  deepEqual(E.isRight(input) && input.right.regions, [REGION]);
  deepEqual(E.isRight(input) && [input.right.settings?.language, input.right.settings?.resultType], ["German", "Hocr"]);
  for (const regions of [undefined, [], "text", [1], [{ left: 2, top: 0, right: 1, bottom: 1 }]]) {
    equal(E.isLeft(recognitionInput({ image, fields: { regions } })), true);
  }
  deepEqual(
    recognitionInput({ image, fields: { regions: [REGION], resultType: "Pdf" } }),
    E.left('resultType: expected Text or Hocr, got "Pdf"'),
  );
});
