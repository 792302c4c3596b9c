import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import { createReplayClock } from "../../src/cli/doctor/examine.ts";
import { QUESTIONS } from "../../src/cli/doctor/questions.ts";
import { answerTo, examineReplay, examineWith, type Nature, serviceOf, textOf } from "./doctor_world.ts";
import { toJsonReport, toRecording, toReport } from "../../src/cli/doctor/report.ts";

/** The answers about a service of a certain nature. */
async function answersOf(nature: Nature, ...names: readonly string[]): Promise<readonly string[]> {
  const clock = createReplayClock();
  const { log } = await examineWith(serviceOf(nature, clock.now), { clock });
  return names.map((name) => textOf(answerTo(name, log)));
}

Deno.test("doctor tells in which direction Rotate turns, and that coordinates refer to the turned image", async () => {
  for (const [rotation, word] of [[1, "clockwise"], [-1, "counterclockwise"]] as const) {
    deepEqual(await answersOf({ rotation }, "rotate"), [
      `It rotates the image ${word}, and coordinates refer to the rotated image.`,
    ]);
  }
  deepEqual(await answersOf({ rotation: 0 }, "rotate"), [
    "Rotate had no visible effect: the regions are the same as without it.",
  ]);
});

Deno.test("doctor tells whether coordinates refer to the changed image or to the one that was sent", async () => {
  const names = ["deskew-frame", "rotate", "upsampling-frame"];
  deepEqual(await answersOf({}, ...names), [
    "The straightened image.",
    "It rotates the image clockwise, and coordinates refer to the rotated image.",
    "The upsampled image, which is 2 times as large.",
  ]);
  deepEqual(await answersOf({ convertsBack: true }, ...names), [
    "The image as it was sent, although it was deskewed.",
    "Coordinates refer to the image as it was sent, whether or not it was rotated.",
    "The image as it was sent.",
  ]);
});

Deno.test("doctor recognizes the frame although the canvas was enlarged", async () => {
  deepEqual(await answersOf({ shift: { x: 58, y: 45 } }, "deskew-frame", "rotate"), [
    "The straightened image.",
    "It rotates the image clockwise, and coordinates refer to the rotated image.",
  ]);
});

Deno.test("doctor tells by which factor an upsampled image is larger", async () => {
  for (const upsampling of [1.5, 3, 4]) {
    deepEqual(await answersOf({ upsampling }, "upsampling-frame"), [
      `The upsampled image, which is ${upsampling} times as large.`,
    ]);
  }
});

Deno.test("doctor tells whether rows are polygons", async () => {
  deepEqual(await answersOf({ isPolygon: true }, "polygon-rows"), ["Yes."]);
  deepEqual(await answersOf({ isPolygon: false }, "polygon-rows"), ["Not for this page."]);
});

Deno.test("doctor tells the order of regions and of texts", async () => {
  const names = ["region-order", "text-order"];
  deepEqual(await answersOf({ sort: "height", texts: "sent" }, ...names), [
    "From top to bottom, across the columns.",
    "In the order in which the regions were sent.",
  ]);
  deepEqual(await answersOf({ sort: "column", texts: "order" }, ...names), [
    "Column by column, each from top to bottom.",
    "By the field order.",
  ]);
});

Deno.test("doctor tells whether DELETE drops a finished result", async () => {
  deepEqual(await answersOf({ deletes: true }, "delete"), ["Yes. The result is gone."]);
  deepEqual(await answersOf({ deletes: false }, "delete"), ["No. The result can still be fetched."]);
});

Deno.test("doctor tells whether the first GET waits", async () => {
  const clock = createReplayClock();
  deepEqual(await answersOf({}, "first-get"), ["No. It returns the current status at once."]);

  const service = serviceOf({}, clock.now);
  const waiting = await examineWith(async (input, init) => {
    // Long enough for every task to end.
    if (init?.method === "GET" && String(input).includes("Regions?id=")) {
      const isEnded = (await (await service(input, init)).json()).taskStatus === "Completed";
      if (!isEnded) await clock.advance(1600);
    }
    return await service(input, init);
  }, { clock });
  equal(textOf(answerTo("first-get", waiting.log)), "Yes. It returns when the task has ended.");

  const instant = await examineWith(serviceOf({}, createReplayClock().now, 0));
  equal(
    textOf(answerTo("first-get", instant.log)),
    "Cannot tell: Every task had ended by then, so there was nothing to wait for.",
  );
});

Deno.test("doctor sends no more calls than it states, and no more images", async () => {
  // Each task ends with its last poll, or never.
  for (const [serviceTime, most] of [[25_000, 49], [1e9, 45]]) {
    let calls = 0, images = 0;
    const clock = createReplayClock();
    const service = serviceOf({}, clock.now, serviceTime);
    const { log } = await examineWith((input, init) => {
      calls++;
      if (init?.method === "POST" && String(input).includes("/ocr/")) images++;
      return service(input, init);
    }, { clock });
    deepEqual([calls, images, log.length], [most, 7, most]);
  }
});

Deno.test("doctor retries nothing, not even what the service asks to be sent again", async () => {
  const clock = createReplayClock();
  const service = serviceOf({}, clock.now);
  const requests: string[] = [];
  await examineWith((input, init) => {
    requests.push(`${init?.method} ${new URL(String(input)).pathname}`);
    const isPoll = init?.method === "GET" && !String(input).includes("ffffffff");
    return isPoll || requests.length === 4
      ? Promise.resolve(new Response("", { status: 503, headers: { "Retry-After": "0" } }))
      : service(input, init);
  }, { clock });
  deepEqual(requests.slice(0, 10), [
    "POST /connect/token",
    "GET /v5.0/ocr/DetectRegions",
    "GET /v5.0/ocr/Utilities/GetTaskStatus",
    // The first image is refused, the second one accepted and polled five times.
    "POST /v5.0/ocr/DetectRegions",
    "POST /v5.0/ocr/DetectRegions",
    ...Array(5).fill("GET /v5.0/ocr/DetectRegions"),
  ]);
  equal(requests[10], "POST /v5.0/ocr/DetectRegions");
});

Deno.test("doctor sends nothing else after two submissions that failed", async () => {
  const requests: string[] = [];
  const clock = createReplayClock();
  const service = serviceOf({}, clock.now);
  const { log } = await examineWith((input, init) => {
    requests.push(`${init?.method} ${new URL(String(input)).pathname}`);
    return init?.method === "POST" && String(input).includes("/ocr/")
      ? Promise.resolve(new Response("quota", { status: 429 }))
      : service(input, init);
  }, { clock });
  equal(requests.filter((request) => request === "POST /v5.0/ocr/DetectRegions").length, 2);
  equal(requests.length, 5);
  equal(textOf(answerTo("polygon-rows", log)), "Cannot tell: The run ended before this was sent.");
  equal(textOf(answerTo("region-order", log)), "Cannot tell: The service did not return a task's id.");
});

Deno.test("doctor sends nothing else after it was stopped", async () => {
  const controller = new AbortController();
  const clock = createReplayClock();
  const service = serviceOf({}, clock.now);
  const { log } = await examineWith(service, {
    clock,
    signal: controller.signal,
    onStep: (number) => number === 2 && controller.abort(),
  });
  ok(log.every(({ step }) => step !== "skewed"));
  ok(log.some(({ step }) => step === "plain"));
});

Deno.test("doctor reports a token that is refused, and sends nothing else", async () => {
  let calls = 0;
  const { log, refusal } = await examineWith(() => {
    calls++;
    return Promise.resolve(Response.json({ error: "invalid_client" }, { status: 400 }));
  });
  deepEqual([calls, log.length, refusal?._tag], [1, 1, "Unauthorized"]);
});

Deno.test("a recording replays byte for byte: the same calls, the same recording, the same report", async () => {
  for (const serviceTime of [0, 1500, 9000]) {
    const clock = createReplayClock();
    const { log } = await examineWith(serviceOf({ shift: { x: 9, y: 9 } }, clock.now, serviceTime), { clock });
    const replayed = await examineReplay(log);
    equal(JSON.stringify(toRecording(replayed.log)), JSON.stringify(toRecording(log)));
    equal(toReport("it", replayed.log), toReport("it", log));
    equal(toJsonReport("it", replayed.log), toJsonReport("it", log));
  }
});

Deno.test("doctor tells from the hOCR of the trial endpoint what it can", async () => {
  const clock = createReplayClock();
  const { log } = await examineWith(serviceOf({ rotation: -1 }, clock.now), { clock, isTrial: true });
  const answers = QUESTIONS.flatMap(({ name, find }) => {
    const { answer } = find(log);
    return answer._tag === "Told" ? [[name, answer.text]] : [];
  });
  deepEqual(Object.fromEntries(answers), {
    "id": "A GUID, as bare text.",
    "first-get": "No. It returns the current status at once.",
    "statuses": "In this run, NotExist with TaskNotFound, Processing with NotReady and Completed with Ok.",
    "unknown-id": "NotExist with TaskNotFound, without a message.",
    "delete": "Yes. The result is gone.",
    "deskew-frame": "The straightened image.",
    "rotate": "It rotates the image counterclockwise, and coordinates refer to the rotated image.",
    "combined-format": "As 2 results, in this order: Text, Hocr.",
    "hocr": "Boxes, no words and no confidences.",
    "json": "[{ text: string }].",
  });
  const replayed = await examineReplay(log, true);
  equal(JSON.stringify(toRecording(replayed.log)), JSON.stringify(toRecording(log)));
});

Deno.test("doctor without credentials sends no token, and asks the trial endpoint only", async () => {
  const clock = createReplayClock();
  const seen: { readonly authorization: string | null; readonly path: string }[] = [];
  const { log } = await examineWith((input, init) => {
    const { headers, url } = new Request(input, init);
    seen.push({ authorization: headers.get("Authorization"), path: new URL(url).pathname });
    return serviceOf({}, clock.now)(input, init);
  }, { clock, isTrial: true });
  ok(seen.length > 0);
  ok(seen.every(({ authorization, path }) => authorization === null && path === "/v5.0/ocr/RecognizeImageTrial"));
  equal(
    textOf(answerTo("polygon-rows", log)),
    "Cannot tell: The trial endpoint cannot answer it. Set OCR_CLIENT_ID and OCR_CLIENT_SECRET, and run the doctor again.",
  );
});
