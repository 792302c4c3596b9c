import { deepStrictEqual as deepEqual, match, strictEqual as equal } from "node:assert/strict";
import { createAllowance } from "../../src/emulator/body.ts";
import { emulate, type EmulatorOptions } from "../../src/emulator/emulator.ts";
import type { Region } from "../../src/model/region.ts";

const TASKS = "https://api.aspose.cloud/v5.0/ocr/DetectRegions";
const TOKEN = "https://api.aspose.cloud/connect/token";

/** An image of 30,000 bytes. The request has about 40,000 bytes and is read into a buffer of 65,536 bytes. */
const REQUEST = JSON.stringify({ image: btoa("x".repeat(30_000)), settings: {} });
const MAX = 100_000;

async function open(options: EmulatorOptions = {}) {
  const service = emulate({ maxQueuedBytes: MAX, ...options });
  const form = new URLSearchParams({ grant_type: "client_credentials", client_id: "id", client_secret: "secret" });
  const { access_token } = await (await service(TOKEN, { method: "POST", body: form })).json();
  const headers = { Authorization: `Bearer ${access_token}` };
  const send = (body: BodyInit = REQUEST): Promise<Response> =>
    service(new Request(TASKS, { method: "POST", headers, body, duplex: "half" } as RequestInit));
  const statusOf = async (response: Promise<Response>): Promise<number> => {
    const { status, body } = await response;
    await body?.cancel();
    return status;
  };
  return {
    send,
    post: (body?: BodyInit): Promise<number> => statusOf(send(body)),
    cancel: (id: string): Promise<number> => statusOf(service(`${TASKS}?id=${id}`, { method: "DELETE", headers })),
  };
}

/** A detector whose calls are completed by the test, in the order of the images. */
function byHand() {
  const ends: ((regions: readonly Region[]) => void)[] = [];
  const detect = (): Promise<readonly Region[]> => new Promise((end) => ends.push(end));
  const end = async (): Promise<void> => {
    ends.shift()?.([]);
    await settle();
  };
  return { detect, end };
}

/** Waits until all promises that can settle have settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("emulate() rejects images while maxQueuedBytes is reached and accepts them afterwards", async () => {
  const { detect, end } = byHand();
  const { send, post, cancel } = await open({ detect });
  equal(await post(), 200);
  const waiting = await (await send()).text();
  const refused = await send();
  deepEqual([refused.status, refused.headers.get("Retry-After")], [429, "1"]);
  const { status, detail } = await refused.json();
  equal(status, 429);
  match(detail, /take up all of the memory/);
  await end(); // Releases the first image and starts detection on the second one.
  equal(await post(), 200);
  equal(await post(), 429);
  await cancel(waiting); // The image is still reserved, since its detection continues.
  equal(await post(), 429);
  await end();
  equal(await post(), 200);
});

Deno.test("emulate() releases the image of a task that is canceled while Pending", async () => {
  const { send, post, cancel } = await open(byHand());
  equal(await post(), 200);
  for (let i = 0; i < 10; i++) {
    const waiting = await send();
    equal(waiting.status, 200);
    equal(await post(), 429);
    await cancel(await waiting.text());
  }
});

Deno.test("emulate() releases the images of finished tasks, however they ended", async () => {
  const outcomes = [
    () => Promise.resolve([]),
    () => Promise.reject(new Error("unreadable")),
    () => {
      throw new Error("broken");
    },
  ];
  for (const detect of outcomes) {
    const { post } = await open({ detect });
    for (let i = 0; i < 20; i++) {
      equal(await post(), 200);
      await settle();
    }
  }
});

Deno.test("emulate() releases the bytes of rejected requests", async () => {
  const throwing = (): number => {
    throw new Error("thrown by an option");
  };
  const refusing: readonly (readonly [options: EmulatorOptions, status: number])[] = [
    [{ maxImageBytes: 20_000 }, 413],
    [{ serviceTime: throwing }, 500],
  ];
  for (const [options, status] of refusing) {
    const { post } = await open(options);
    for (let i = 0; i < 20; i++) equal(await post(), status);
  }
  const { post } = await open();
  for (let i = 0; i < 20; i++) equal(await post("x".repeat(60_000)), 400);
  equal(await post(), 200);
});

Deno.test("emulate() counts the bytes of requests that are being read until they fail", async () => {
  const { post } = await open();
  const controllers: ReadableStreamDefaultController<Uint8Array>[] = [];
  const slow = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => {
        controllers.push(controller);
        controller.enqueue(new Uint8Array(60_000));
      },
    });
  const reading = post(slow());
  await settle();
  equal(await post(), 429);
  controllers[0].error(new Error("connection lost"));
  equal(await reading, 400);
  equal(await post(), 200);
});

Deno.test("emulate() rejects a request larger than maxQueuedBytes with 413", async () => {
  const { post } = await open({ maxQueuedBytes: 30_000 });
  equal(await post(), 413);
});

Deno.test("emulate() counts small images, and what else their requests hold, toward maxQueuedBytes", async () => {
  // The JSON around each image has 26 bytes.
  const { send } = await open({ ...byHand(), maxQueuedBytes: 1260 });
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) {
    const response = await send(JSON.stringify({ image: btoa("x".repeat(100)), settings: {} }));
    await response.body?.cancel();
    statuses.push(response.status);
  }
  deepEqual(statuses, [...Array(10).fill(200), 429, 429]);
});

Deno.test("createAllowance() limits the sum of all reservations", () => {
  const allowance = createAllowance(10);
  const a = allowance(), b = allowance();
  deepEqual([a(6), b(5), b(4), a(7), a(2), b(8), b(9)], [true, false, true, false, true, true, false]);
  deepEqual([a(0), b(10), a(1), b(0), a(10)], [true, true, false, true, true]);
});
