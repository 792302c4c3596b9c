import { deepStrictEqual as deepEqual, match, strictEqual as equal } from "node:assert/strict";
import {
  emulate,
  type EmulatorOptions,
  type RecognitionRequest,
  type Submission,
} from "../../src/emulator/emulator.ts";

const BASE = "https://api.aspose.cloud";
const STATUS = "Utilities/GetTaskStatus";
const IMAGE = btoa("an image");
const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Every kind of task that needs a token. Source: the service's OpenAPI description. */
const KINDS = [
  ...["DetectRegions", "RecognizeRegions", "RecognizeImage", "RecognizePdf", "RecognizeReceipt", "RecognizeLabel"],
  ...["RecognizeTable", "RecognizeAndParseInvoice", "IdentifyFont", "DjVu2PDF", "BinarizeImage", "DeskewImage"],
  ...["DewarpImage", "UpscaleImage", "ConvertTextToSpeech"],
];

async function open(options: EmulatorOptions = {}) {
  const service = emulate(options);
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "secret" });
  const { access_token } = await (await service(`${BASE}/connect/token`, { method: "POST", body: form })).json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const call = (method: string, path: string, body?: unknown): Promise<Response> =>
    service(`${BASE}/v5.0/ocr/${path}`, {
      method,
      headers,
      ...body === undefined ? {} : { body: JSON.stringify(body) },
    });
  const submit = async (kind: string, body: unknown = { image: IMAGE, settings: {} }): Promise<string> => {
    const response = await call("POST", kind, body);
    const text = await response.text();
    equal(response.status, 200, text);
    return text;
  };
  const read = async (path: string, id: string) => (await call("GET", `${path}?id=${id}`)).json();
  return {
    call,
    submit,
    read,
    /** Submits a task and waits until it has ended. */
    run: async (kind: string, body?: unknown) => {
      const id = await submit(kind, body);
      await new Promise((resolve) => setTimeout(resolve));
      return { ...await read(kind, id), id };
    },
  };
}

/** A recognizer that returns its request as a text for each region. */
const echo: NonNullable<EmulatorOptions["recognize"]> = (image, { regions, ...request }) =>
  Promise.resolve(
    (regions ?? [null]).map((region) => JSON.stringify([new TextDecoder().decode(image), request, region])),
  );

const rect = (topLeftX: number, topLeftY: number, bottomRightX: number, bottomRightY: number) => ({
  ...{ topLeftX, topLeftY, bottomRightX, bottomRightY },
});

Deno.test("emulate() recognizes regions, with one result per region in their order", async () => {
  const { run } = await open({ recognize: echo });
  const regions = [
    { rect: rect(1, 2, 3, 4), order: 2 },
    { rect: rect(30, 40, 10, 20), order: 0 },
    { rect: rect(5, 6, 7, 8), order: 1 },
  ];
  const settings = { language: "German", resultType: "Hocr", regions };
  const { results, taskStatus, error } = await run("RecognizeRegions", { image: IMAGE, settings });
  deepEqual([taskStatus, error], ["Completed", null]);
  const request = { language: "German", format: "Hocr" };
  deepEqual(
    results,
    [
      { left: 10, top: 20, right: 30, bottom: 40 },
      { left: 5, top: 6, right: 7, bottom: 8 },
      { left: 1, top: 2, right: 3, bottom: 4 },
    ].map((region) => ({ type: "Hocr", data: base64(JSON.stringify(["an image", request, region])) })),
  );
});

Deno.test("emulate() keeps the order in which regions were sent if they state none", async () => {
  const { run } = await open({
    recognize: (_, { regions }) => Promise.resolve((regions ?? []).map((r) => `${r.left}`)),
  });
  const regions = [9, 7, 8].map((x) => ({ rect: rect(x, 0, 20, 10) }));
  const { results } = await run("RecognizeRegions", { image: IMAGE, settings: { regions } });
  deepEqual(results.map(({ data }: { data: string }) => atob(data)), ["9", "7", "8"]);
});

Deno.test("emulate() recognizes the whole image, as English text unless the settings say otherwise", async () => {
  const { run } = await open({ recognize: echo });
  const whole = (language: string, format: string) => [
    { type: format, data: base64(JSON.stringify(["an image", { language, format }, null])) },
  ];
  deepEqual((await run("RecognizeImage")).results, whole("English", "Text"));
  const settings = { language: "French", resultType: "Hocr", regions: null };
  deepEqual((await run("RecognizeImage", { image: IMAGE, settings })).results, whole("French", "Hocr"));
  deepEqual((await run("RecognizeRegions", { image: IMAGE, settings })).results, whole("French", "Hocr"));
});

Deno.test("emulate() sends text of all planes as UTF-8", async () => {
  const text = "Aé€😀\u0000";
  const { run } = await open({ recognize: () => Promise.resolve([text]) });
  deepEqual((await run("RecognizeImage")).results, [{ type: "Text", data: base64(text) }]);
});

Deno.test("emulate() without a recognizer finds no text", async () => {
  const { run } = await open();
  deepEqual((await run("RecognizeImage")).results, [{ type: "Text", data: "" }]);
  const regions = [{ rect: rect(0, 0, 1, 1), order: 0 }, { rect: rect(1, 1, 2, 2), order: 1 }];
  const { results } = await run("RecognizeRegions", { image: IMAGE, settings: { regions } });
  deepEqual(results, [{ type: "Text", data: "" }, { type: "Text", data: "" }]);
});

Deno.test("emulate() ends a recognition with an error that says why there is no text", async () => {
  const requests: RecognitionRequest[] = [];
  const { run } = await open({
    recognize: (_, request) => {
      requests.push(request);
      return Promise.reject(new Error("Cannot recognize German: the package is missing"));
    },
  });
  const { taskStatus, responseStatusCode, results, error } = await run("RecognizeImage");
  deepEqual([taskStatus, responseStatusCode, results], ["Error", "Error", null]);
  deepEqual(error.messages, ["Cannot recognize German: the package is missing"]);
  equal(requests.length, 1);
  for (const resultType of ["Pdf", "TextAndHocr", "JSON", "ImagePNG"]) {
    const { taskStatus, error } = await run("RecognizeImage", { image: IMAGE, settings: { resultType } });
    equal(taskStatus, "Error");
    deepEqual(error.messages, [
      `The emulator does not support the resultType ${resultType}. It supports Text and Hocr.`,
    ]);
  }
  equal(requests.length, 1);
  for (const texts of [[], ["a", "b"], [1], "a", null, [undefined]]) {
    const { run } = await open({ recognize: () => Promise.resolve(JSON.parse(JSON.stringify(texts))) });
    const { taskStatus, error } = await run("RecognizeImage");
    equal(taskStatus, "Error");
    deepEqual(error.messages, ["The recognizer returned something other than an array of 1 texts."]);
  }
});

Deno.test("emulate() rejects invalid settings of a recognition and names the setting", async () => {
  const { call } = await open();
  const cases: readonly (readonly [settings: unknown, detail: RegExp])[] = [
    [{ language: "Klingon" }, /^Request\/settings\/.*language/],
    [{ resultType: "Word" }, /^Request\/settings\/.*resultType/],
    [{ makeBinarization: "yes" }, /^Request\/settings\/.*makeBinarization/],
    [{ regions: {} }, /^Request\/settings\/.*regions/],
    [{ regions: [{ order: 0 }] }, /^Request\/settings\/.*regions/],
    [{ regions: [{ rect: rect(0, 0, 1.5, 2), order: 0 }] }, /^Request\/settings\/.*regions/],
    [{ regions: [{ rect: rect(0, 0, 2 ** 31, 2), order: 0 }] }, /^Request\/settings\/.*regions/],
    [[], /^Request\/settings\//],
  ];
  for (const kind of ["RecognizeImage", "RecognizeRegions"]) {
    for (const [settings, detail] of cases) {
      const response = await call("POST", kind, { image: IMAGE, settings });
      equal(response.status, 400, JSON.stringify(settings));
      match((await response.json()).detail, detail);
    }
    const response = await call("POST", kind, { settings: {} });
    equal(response.status, 400);
    match((await response.json()).detail, /^Request\/image: expected an image in Base64, got nothing$/);
  }
});

Deno.test("emulate() accepts every kind of task, and ends those that it does not emulate with an error", async () => {
  const { run, read, call } = await open();
  for (const kind of KINDS) {
    const { id, taskStatus, responseStatusCode, results, error } = await run(kind);
    const isEmulated = ["DetectRegions", "RecognizeRegions", "RecognizeImage"].includes(kind);
    equal(taskStatus, isEmulated ? "Completed" : "Error", kind);
    if (isEmulated) continue;
    deepEqual([responseStatusCode, results], ["Error", null]);
    deepEqual(error.messages, [
      `The emulator does not support ${kind}. Pass a function for it in the option tasks.`,
    ]);
    deepEqual(await read(STATUS, id), { id, responseStatusCode, taskStatus, results, error });
    equal((await call("HEAD", `${kind}?id=${id}`)).status, 200);
    equal((await call("PUT", kind)).status, 405);
  }
  equal((await call("POST", "TranslateImage", { image: IMAGE })).status, 404);
});

Deno.test("emulate() does not know a task by the path of another kind, and cancels it only by its own", async () => {
  const { submit, read, call } = await open({ recognize: () => Promise.resolve(["text"]) });
  const id = await submit("RecognizeImage");
  const other = await read("DetectRegions", id);
  deepEqual([other.taskStatus, other.responseStatusCode], ["NotExist", "TaskNotFound"]);
  equal((await call("DELETE", `DetectRegions?id=${id}`)).status, 200);
  equal((await read("RecognizeImage", id)).taskStatus, "Completed");
  const { taskStatus, results } = await read(STATUS, id);
  deepEqual([taskStatus, results], ["Completed", null]);
  equal((await call("DELETE", `RecognizeImage?id=${id}`)).status, 200);
  equal((await read("RecognizeImage", id)).taskStatus, "NotExist");
});

Deno.test("emulate() takes functions for further kinds, and for those that it emulates itself", async () => {
  const submissions: Submission[] = [];
  const results = [{ type: "ImagePNG", data: btoa("a PNG") }];
  const { run } = await open({
    detect: () => Promise.reject(new Error("not called")),
    tasks: {
      DeskewImage: (submission) => {
        submissions.push(submission);
        return Promise.resolve(results);
      },
      DetectRegions: () => Promise.resolve([]),
      ConvertTextToSpeech: ({ image, fields }) =>
        Promise.resolve([{ type: image === null ? "WavFile" : "?", data: btoa(`${fields.text}`) }]),
      TranslateImage: () => Promise.reject(new Error("no such language")),
    },
  });
  deepEqual((await run("DeskewImage", { image: IMAGE, settings: { a: 1 } })).results, results);
  deepEqual(submissions, [{ image: new TextEncoder().encode("an image"), fields: { settings: { a: 1 } } }]);
  equal((await run("DetectRegions")).taskStatus, "Completed");
  deepEqual((await run("ConvertTextToSpeech", { text: "hello" })).results, [{ type: "WavFile", data: btoa("hello") }]);
  deepEqual((await run("TranslateImage")).error.messages, ["no such language"]);
});

Deno.test("emulate() ends a task with an error if its function does not return results", async () => {
  for (const returned of [null, "text", {}, [null], [{ type: 1 }], [{ data: {} }]]) {
    const { run } = await open({ tasks: { DeskewImage: () => Promise.resolve(JSON.parse(JSON.stringify(returned))) } });
    const { taskStatus, error } = await run("DeskewImage");
    equal(taskStatus, "Error");
    deepEqual(error.messages, ["The function in tasks returned something other than an array of results."]);
  }
});

Deno.test("emulate() drops the oldest results once all results take up more than 256 MB", async () => {
  const data = "A".repeat(100_000_000);
  const { run, submit, read } = await open({
    workers: 2,
    tasks: {
      DeskewImage: () => Promise.resolve([{ type: "ImagePNG", data }]),
      DewarpImage: () => new Promise(() => {}),
    },
  });
  const unfinished = await submit("DewarpImage");
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push(await submit("DeskewImage"));
  await new Promise((resolve) => setTimeout(resolve));
  const statuses = () => Promise.all(ids.map(async (id) => (await read(STATUS, id)).taskStatus));
  deepEqual(await statuses(), ["NotExist", "Completed", "Completed"]);
  equal((await run("DetectRegions")).taskStatus, "Completed");
  deepEqual(await statuses(), ["NotExist", "Completed", "Completed"]);
  equal((await read(STATUS, unfinished)).taskStatus, "Processing");
});

Deno.test("emulate() counts the bytes of all fields of queued submissions", async () => {
  const { call } = await open({ maxQueuedBytes: 300_000, tasks: { ConvertTextToSpeech: () => new Promise(() => {}) } });
  const text = "x".repeat(100_000);
  const image = btoa("an image");
  const statuses: number[] = [];
  for (const body of [{ text }, { text, image }, { text }]) {
    statuses.push((await call("POST", "ConvertTextToSpeech", body)).status);
  }
  deepEqual(statuses, [200, 200, 429]);
});
