import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import type { Submission } from "../../src/emulator/emulator.ts";
import type { Result } from "../../src/model/response.ts";
import { BASE, completed, failed, openEmulator, pathOf, settle, STATUS } from "../support/emulator.ts";
import { IMAGE } from "../support/kinds.ts";

/** Every kind of task in the service's API description, except for what is deprecated. */
const ALL = [
  "BinarizeImage",
  "ConvertTextToSpeech",
  "ConvertTextToSpeechTrial",
  "DeskewImage",
  "DetectRegions",
  "DewarpImage",
  "DjVu2PDF",
  "IdentifyFont",
  "RecognizeAndParseInvoice",
  "RecognizeImage",
  "RecognizeImageTrial",
  "RecognizeLabel",
  "RecognizePdf",
  "RecognizeReceipt",
  "RecognizeRegions",
  "RecognizeTable",
  "UpscaleImage",
];
const EMULATED = ["DetectRegions", "RecognizeImage", "RecognizeRegions"];

for (const name of ALL) {
  Deno.test(`emulate() has every call for ${name}`, async () => {
    const { call, read, submit, service } = await openEmulator();
    const path = pathOf(name);
    const options = await service(BASE + path, { method: "OPTIONS" });
    deepEqual([options.status, options.headers.get("Allow")], [204, "GET, HEAD, POST, DELETE, OPTIONS"]);
    equal((await call("PUT", path)).status, 405);
    for (const method of ["GET", "HEAD", "POST", "DELETE"]) {
      const refused = await service(`${BASE}${path}?id=1`, { method });
      // Trials need no token.
      equal(refused.status === 401, !name.endsWith("Trial"), method);
    }
    equal((await read(name, "1")).taskStatus, "NotExist");

    const id = await submit(name);
    const body = await read(name, id);
    equal(body.taskStatus, EMULATED.includes(name) ? "Completed" : "Error");
    const head = await call("HEAD", `${path}?id=${id}`);
    deepEqual([head.status, await head.text()], [200, ""]);
    deepEqual(await (await call("GET", `${STATUS}?id=${id}`)).json(), { ...body, results: null });
    const canceled = await call("DELETE", `${path}?id=${id}`);
    deepEqual([canceled.status, await canceled.text()], [200, ""]);
    equal((await read(name, id)).taskStatus, "NotExist");
    equal((await (await call("GET", `${STATUS}?id=${id}`)).json()).taskStatus, "NotExist");
  });
}

Deno.test("emulate() ends a task of a kind that it does not emulate with Error, and says what to do", async () => {
  const { submit, read } = await openEmulator();
  for (const name of ALL.filter((name) => !EMULATED.includes(name))) {
    const id = await submit(name);
    const message = `The emulator does not support ${name}. Pass a function for it in the option tasks.`;
    deepEqual(await read(name, id), failed(id, message));
  }
});

Deno.test("emulate() responds with 404 to a kind that the service does not have, unless tasks has it", async () => {
  const { refuse } = await openEmulator();
  equal(await refuse("TranslateImage", { image: "AQID" }, 404), "This path does not exist.");
  const { submit, read } = await openEmulator({ tasks: { TranslateImage: () => Promise.resolve([]) } });
  const id = await submit("TranslateImage");
  deepEqual(await read("TranslateImage", id), completed(id, []));
});

Deno.test("emulate() knows a task only at the path of its kind", async () => {
  const { call, read, submit } = await openEmulator();
  const ids = new Map<string, string>();
  for (const name of ALL) ids.set(name, await submit(name));
  for (const [name, id] of ids) {
    for (const other of ALL.filter((other) => other !== name)) {
      deepEqual(await read(other, id), {
        id,
        responseStatusCode: "TaskNotFound",
        taskStatus: "NotExist",
        results: null,
        error: null,
      });
      // Canceling it there has no effect.
      equal((await call("DELETE", `${pathOf(other)}?id=${id}`)).status, 200);
    }
    ok((await read(name, id)).taskStatus !== "NotExist");
    ok((await (await call("GET", `${STATUS}?id=${id}`)).json()).taskStatus !== "NotExist");
  }
});

Deno.test("emulate() ends a task with Error however a function fails, and continues with the next task", async () => {
  const failures: [() => Promise<never>, string][] = [
    [() => Promise.reject(new Error("No language data.")), "No language data."],
    [() => Promise.reject("a text"), "a text"],
    [() => Promise.reject(undefined), "No error message, got nothing."],
    [() => {
      throw new RangeError("thrown");
    }, "thrown"],
  ];
  for (const [fail, message] of failures) {
    const { submit, read } = await openEmulator({ recognize: fail, detect: fail, tasks: { DeskewImage: fail } });
    for (const name of ["RecognizeImage", "DetectRegions", "DeskewImage", "RecognizeRegions"]) {
      const id = await submit(name);
      deepEqual(await read(name, id), failed(id, message));
    }
  }
});

Deno.test("emulate() passes a submission to the function in tasks and sends its results", async () => {
  const submissions: Submission[] = [];
  const results = [{ type: "ImagePNG", data: "iVBORw==" }, { data: null }, {}];
  const process = (submission: Submission): Promise<readonly Result[]> => {
    submissions.push(submission);
    return Promise.resolve(results);
  };
  const { submit, read, call } = await openEmulator({
    tasks: { DeskewImage: process, RecognizeReceipt: process, Custom: process },
  });
  for (const name of ["DeskewImage", "RecognizeReceipt", "Custom"]) {
    const id = await submit(name, { any: "thing" });
    deepEqual(await read(name, id), completed(id, results));
    deepEqual(submissions.pop(), { image: IMAGE, fields: { settings: { any: "thing" } } });
  }
  await (await call("POST", pathOf("Custom"), { text: "To Lucasta" })).text();
  await settle();
  deepEqual(submissions.pop(), { image: null, fields: { text: "To Lucasta" } });
});

Deno.test("emulate() calls the function in tasks instead of detect and recognize", async () => {
  const never = (): never => {
    throw new Error("It was called");
  };
  const process = () => Promise.resolve([]);
  const tasks = { DetectRegions: process, RecognizeImage: process, RecognizeRegions: process };
  const { submit, read } = await openEmulator({ detect: never, recognize: never, tasks });
  for (const name of Object.keys(tasks)) {
    const id = await submit(name);
    deepEqual(await read(name, id), completed(id, []));
  }
});

Deno.test("emulate() ends a task with Error for anything but an array of results", async () => {
  const message = "The function in tasks returned something other than an array of results.";
  for (
    const results of [null, undefined, {}, "a", [null], [[]], ["a"], [{ type: 1 }], [{ data: new Uint8Array(1) }], [
      {},
      ,
      {},
    ]]
  ) {
    const { submit, read } = await openEmulator({ tasks: { DeskewImage: () => Promise.resolve(results as Result[]) } });
    const id = await submit("DeskewImage");
    deepEqual(await read("DeskewImage", id), failed(id, message));
  }
});

Deno.test("emulate() applies its limits to every kind", async () => {
  const image = btoa("x".repeat(101));
  for (const name of ALL) {
    const small = await openEmulator({ maxImageBytes: 100 });
    match(await small.refuse(name, { image, settings: {} }, 413), /^The image exceeds the limit of 100 bytes\.$/);
    match(
      await small.refuse(name, { image: "*", settings: {} }),
      /^Request\/image: expected an image in Base64, got "\*"$/,
    );
    const none = await openEmulator({ maxQueue: 0 });
    match(await none.refuse(name, { image: "AQID", settings: {} }, 429), /^The queue is full\.$/);
  }
});

Deno.test("emulate() processes tasks of all kinds in one queue, with one number of workers", async () => {
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const hold = (name: string) => <A>(result: A): Promise<A> => {
    order.push(name);
    return new Promise((resolve) => ends.push(() => resolve(result)));
  };
  const { submit, read } = await openEmulator({
    detect: () => hold("detect")([]),
    recognize: () => hold("recognize")(["a"]),
    tasks: { DeskewImage: () => hold("deskew")([]) },
  });
  const names = ["RecognizeImage", "DeskewImage", "DetectRegions"];
  const ids: string[] = [];
  for (const name of names) ids.push(await submit(name));
  for (const [i, name] of names.entries()) {
    equal(order.length, i + 1);
    equal((await read(name, ids[i])).taskStatus, "Processing");
    ends[i]();
    await settle();
    equal((await read(name, ids[i])).taskStatus, "Completed");
  }
  deepEqual(order, ["recognize", "deskew", "detect"]);
});

Deno.test("emulate() drops the oldest results once all results take up more than 256 MB", async () => {
  const data = "A".repeat(100_000_000);
  const { run, submit, call } = await openEmulator({
    workers: 2,
    tasks: {
      DeskewImage: () => Promise.resolve([{ type: "ImagePNG", data }]),
      DewarpImage: () => new Promise(() => {}),
    },
  });
  const status = async (id: string) => await (await call("GET", `${STATUS}?id=${id}`)).json();
  const unfinished = await submit("DewarpImage");
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push(await submit("DeskewImage"));
  const statuses = () => Promise.all(ids.map(async (id) => (await status(id)).taskStatus));
  deepEqual(await statuses(), ["NotExist", "Completed", "Completed"]);
  equal((await run("DetectRegions")).taskStatus, "Completed");
  deepEqual(await statuses(), ["NotExist", "Completed", "Completed"]);
  equal((await status(unfinished)).taskStatus, "Processing");
});

Deno.test("emulate() counts the bytes of all fields of queued submissions", async () => {
  const { call } = await openEmulator({
    maxQueuedBytes: 300_000,
    tasks: { ConvertTextToSpeech: () => new Promise(() => {}) },
  });
  const text = "x".repeat(100_000);
  const image = btoa("an image");
  const statuses: number[] = [];
  for (const body of [{ text }, { text, image }, { text }]) {
    statuses.push((await call("POST", pathOf("ConvertTextToSpeech"), body)).status);
  }
  deepEqual(statuses, [200, 200, 429]);
});
