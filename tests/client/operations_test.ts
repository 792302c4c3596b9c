import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, strictEqual as equal, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { runInNewContext } from "node:vm";
import { cancelTask, submitImage } from "../../src/client/operations.ts";
import { fetchRegions } from "../../src/client/operations.ts";
import {
  gaveUp,
  http,
  malformed,
  network,
  permissionDenied,
  type RegionsError,
  tooLarge,
  unauthorized,
  unconfirmed,
  unreadable,
} from "../../src/model/error.ts";
import type { ImageSource } from "../../src/model/task_kind.ts";
import { serviceOf } from "../support/service.ts";
import type { Retry } from "../../src/client/service.ts";
import { toWireSettings } from "../../src/model/settings.ts";
import { COMPLETED, completed, ID, mock, pending, refused, reset, silent, text, token } from "../support/mock.ts";

const IMAGE = new Uint8Array([1, 2, 3]);

/** The body of a request that submits it. */
const SIZE = JSON.stringify({ image: "AQID", settings: toWireSettings() }).length;

Deno.test("submitImage() sends the image and all settings as JSON for every type of image", async () => {
  const images: ImageSource[] = [IMAGE, IMAGE.buffer, new Blob([IMAGE]), new Uint8Array([0, 1, 2, 3]).subarray(1)];
  for (const image of images) {
    const world = mock();
    deepEqual(await submitImage(image, { dsrMode: "LineDetector", rotate: 90 })(serviceOf(world))(), E.right(ID));
    const { method, url, headers } = world.requests[1];
    deepEqual([method, new URL(url).pathname, headers.get("Content-Type")], [
      "POST",
      "/v5.0/ocr/DetectRegions",
      "application/json",
    ]);
    deepEqual(await world.requests[1].json(), {
      image: "AQID",
      settings: {
        language: "English",
        makeSkewCorrect: true,
        Rotate: 90,
        makeBinarization: false,
        makeContrastCorrection: true,
        makeUpsampling: false,
        dsrMode: "LineDetector",
        dsrConfidence: "Default",
      },
    });
  }
});

Deno.test("submitImage() is certain that nothing was sent if it is aborted as the token arrives", async () => {
  const world = mock();
  const controller = new AbortController();
  const get = (): Promise<E.Either<never, string>> => {
    controller.abort();
    return Promise.resolve(E.right("token"));
  };
  const aborting = { ...serviceOf(world), tokens: { get, refuse: () => false } };
  const reply = await submitImage(IMAGE)(aborting, controller)();
  deepEqual([reply, world.calls], [E.left(gaveUp("aborted", null)), []]);
});

Deno.test("submitImage() throws for invalid images and settings", () => {
  throws(() => submitImage("scan.png" as never), {
    name: "TypeError",
    message:
      'Cannot submit an image as it must be a typed array, a DataView, a buffer or a Blob: current value is "scan.png"',
  });
  throws(() => submitImage(IMAGE, { rotate: 0.5 }), {
    name: "RangeError",
    message: "Cannot submit a task as its settings must be supported by the service: " +
      "DetectionSettings/rotate: expected an integer number of degrees or null, got 0.5",
  });
});

Deno.test("submitImage() accepts the id as text, with whitespace, and as a JSON string", async () => {
  for (const body of [ID, `${ID}\r\n`, `"${ID}"`, ID.toUpperCase()]) {
    const reply = await submitImage(IMAGE)(serviceOf(mock({ submit: [text(body)] })))();
    equal(E.isRight(reply) && reply.right.toLowerCase(), ID);
  }
});

Deno.test("submitImage() retries after 408, 425, 429 or 503 only with evidence from the service", async () => {
  for (const status of [408, 425, 429, 503]) {
    const problem = JSON.stringify({ type: null, title: "Busy", status, detail: null });
    const envoy = "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
    for (
      const [answer, expected] of [
        [text("", status, { "Retry-After": "0" }), http("submit", status, 0, "")],
        [text("<html>", status, { "Retry-After": "0" }), http("submit", status, 0, "<html>")],
        [text(problem, status), http("submit", status, null, "Busy")],
        [text("", status), unconfirmed(http("submit", status, null, ""))],
        [text(envoy, status), unconfirmed(http("submit", status, null, envoy))],
        [text("", status, { "Retry-After": "soon" }), unconfirmed(http("submit", status, null, ""))],
        [text('{"title":"Busy"}', status), unconfirmed(http("submit", status, null, "Busy"))],
        [text('{"title":"Busy","status":500}', status), unconfirmed(http("submit", status, null, "Busy"))],
        [text(`[{"status":${status}}]`, status), unconfirmed(http("submit", status, null, `[{"status":${status}}]`))],
      ] as const
    ) {
      const world = mock({ submit: [answer] });
      deepEqual(await submitImage(IMAGE)(serviceOf(world))(), E.left(expected));
      equal(world.calls.length, expected._tag === "Http" ? 4 : 2);
    }
    const once = mock({ submit: [text(problem, status), text(ID)] });
    deepEqual(await submitImage(IMAGE)(serviceOf(once))(), E.right(ID));
  }
});

Deno.test("submitImage() retries if the request was never sent", async () => {
  const world = mock({ submit: [refused, refused, text(ID)] });
  deepEqual(await submitImage(IMAGE)(serviceOf(world))(), E.right(ID));
  deepEqual(world.calls, ["token", "submit", "submit", "submit"]);
  const closed = mock({ submit: [refused] });
  deepEqual(await submitImage(IMAGE)(serviceOf(closed))(), E.left(network("submit", "connect ECONNREFUSED", true)));
  deepEqual(closed.calls, ["token", "submit", "submit", "submit"]);
});

/** The rejection of Deno's `fetch` without `--allow-net`. */
const denied = (): Promise<never> =>
  Promise.reject(Object.assign(new Error("Requires net access"), { name: "NotCapable" }));

Deno.test("submitImage() returns Unconfirmed for all other failures and sends the image once", async () => {
  const one = ["token", "submit"];
  for (
    const [answer, expected, calls] of [
      [text("", 400), http("submit", 400, null, ""), one],
      [text("", 404), http("submit", 404, null, ""), one],
      [text("", 413), http("submit", 413, null, ""), one],
      [text("", 301), http("submit", 301, null, ""), one],
      [text("", 500), unconfirmed(http("submit", 500, null, "")), one],
      [text("", 502), unconfirmed(http("submit", 502, null, "")), one],
      [text("", 504), unconfirmed(http("submit", 504, null, "")), one],
      [text("", 500, { "Retry-After": "0" }), unconfirmed(http("submit", 500, 0, "")), one],
      [text('{"status":504}', 504), unconfirmed(http("submit", 504, null, '{"status":504}')), one],
      [denied, permissionDenied("submit", "Requires net access"), one],
      [reset, unconfirmed(network("submit", "read ECONNRESET")), one],
      [silent, unconfirmed({ _tag: "Timeout", call: "submit", after: 100 + SIZE / 1000 }), one],
      [text("<html>"), unconfirmed(malformed(['TaskId: expected the id of a task, got "<html>"'])), one],
      [text(""), unconfirmed(malformed(['TaskId: expected the id of a task, got ""'])), one],
      [text("Maintenance"), unconfirmed(malformed(['TaskId: expected the id of a task, got "Maintenance"'])), one],
      [
        text(ID + ID),
        unconfirmed(malformed([`TaskId: expected the id of a task, got "${(ID + ID).slice(0, 40)}…"`])),
        one,
      ],
      [text("x".repeat(10_001)), unconfirmed(tooLarge("submit", 10_000)), one],
    ] as const
  ) {
    const world = mock({ submit: [answer] });
    deepEqual(await submitImage(IMAGE)(serviceOf(world))(), E.left(expected));
    deepEqual(world.calls, calls);
  }
});

Deno.test("submitImage() does not return Unconfirmed if no token could be fetched", async () => {
  const world = mock({ token: [refused, refused, token()] });
  deepEqual(await submitImage(IMAGE)(serviceOf(world))(), E.right(ID));
  const cut = mock({ token: [refused] });
  deepEqual(await submitImage(IMAGE)(serviceOf(cut))(), E.left(network("token", "connect ECONNREFUSED", true)));
  deepEqual(cut.calls, ["token", "token", "token"]);
});

Deno.test("submitImage() sends the image again with another token after a 401", async () => {
  const world = mock({ submit: [text("", 401), text(ID)] });
  deepEqual(await submitImage(IMAGE)(serviceOf(world))(), E.right(ID));
  deepEqual(world.calls, ["token", "submit", "token", "submit"]);
  const refusing = mock({ submit: [text("", 401)] });
  deepEqual(await submitImage(IMAGE)(serviceOf(refusing))(), E.left(unauthorized("submit", "")));
});

Deno.test("submitImage() returns an error if the image can no longer be read", async () => {
  const broken = Object.assign(new Blob([IMAGE]), { arrayBuffer: () => Promise.reject(new Error("gone")) });
  const world = mock();
  deepEqual(
    await submitImage(broken)(serviceOf(world))(),
    E.left(unreadable("its file was changed or deleted, or its buffer was detached")),
  );
  deepEqual(world.calls, []);
  const bytes = IMAGE.slice();
  const submit = submitImage(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  deepEqual(
    await submit(serviceOf(world))(),
    E.left(unreadable("its file was changed or deleted, or its buffer was detached")),
  );
});

Deno.test("submitImage() accepts views, buffers and Blob-like objects from any realm", async () => {
  const foreign = runInNewContext("new Uint8Array([1, 2, 3])");
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set(IMAGE);
  const blobLike = { size: 3, arrayBuffer: () => Promise.resolve(foreign.buffer), [Symbol.toStringTag]: "Blob" };
  const images = [
    Buffer.from(IMAGE),
    new DataView(IMAGE.buffer),
    new Uint8ClampedArray(IMAGE),
    new Int8Array(IMAGE),
    shared,
    shared.buffer,
    foreign,
    foreign.buffer,
    blobLike as never,
    new File([IMAGE], "page.png"),
  ];
  for (const image of images) {
    const world = mock();
    deepEqual(await submitImage(image)(serviceOf(world))(), E.right(ID));
    equal((await world.requests[1].json()).image, "AQID");
  }
});

Deno.test("submitImage() accepts images of up to 256 MiB and sends nothing of larger ones", async () => {
  const world = mock();
  const refusal = E.left(tooLarge("submit", 268_435_456, "image"));
  const unread = (): never => {
    throw new Error("It was read");
  };
  const large = { size: 268_435_457, arrayBuffer: unread };
  const liar = { size: 1, arrayBuffer: () => Promise.resolve(new ArrayBuffer(268_435_457)) };
  for (const image of [new ArrayBuffer(268_435_457), large as never, liar as never]) {
    deepEqual(await submitImage(image)(serviceOf(world))(), refusal);
  }
  deepEqual(world.calls, []);
});

Deno.test("submitImage() allows upload time in proportion to the size of the image", async () => {
  const world = mock({ submit: [silent] });
  const image = new Uint8Array(30_000);
  const reply = await submitImage(image)({ ...serviceOf(world), minUploadRate: 200_000 })();
  // 40,000 characters of Base64 plus the rest of the JSON.
  const after = 100 + (SIZE - 4 + 40_000) / 200;
  deepEqual(reply, E.left(unconfirmed({ _tag: "Timeout", call: "submit", after })));
});

Deno.test("fetchRegions() fetches the task and ignores the content type of the response", async () => {
  const body = await (await completed(new Request("https://x.example"))).text();
  for (const type of ["application/json; charset=utf-8", "text/plain", "text/html"]) {
    const world = mock({ fetch: [text(body, 200, { "Content-Type": type })] });
    deepEqual(await fetchRegions(ID)(serviceOf(world))(), E.right(COMPLETED));
    equal(world.requests[1].url, `https://api.aspose.cloud/v5.0/ocr/DetectRegions?id=${ID}`);
  }
});

Deno.test("fetchRegions() retries transient failures, and a malformed response once", async () => {
  const world = mock({ fetch: [refused, text("", 500), pending] });
  const retries: Retry[] = [];
  deepEqual(await fetchRegions(ID)(serviceOf(world, retries))(), E.right({ _tag: "Pending", id: ID }));
  deepEqual(retries.map(({ call, id, error }) => [call, id, error._tag]), [["fetch", ID, "Network"], [
    "fetch",
    ID,
    "Http",
  ]]);
  const page = mock({ fetch: [text("<html>")] });
  deepEqual(await fetchRegions(ID)(serviceOf(page))(), E.left(malformed(['Response: expected JSON, got "<html>"'])));
  equal(page.calls.length, 3);
});

Deno.test("fetchRegions() rejects a response about another task", async () => {
  const other = "00000000-0000-0000-0000-000000000000";
  const reply = await fetchRegions(other)(serviceOf(mock()))();
  deepEqual(reply, E.left(malformed([`Response/id: expected the requested id "${other}", got "${ID}"`])));
});

Deno.test("fetchRegions() and cancelTask() encode any id", async () => {
  for (const id of ["../../x?y=z#", "a b&c", "é😀", "\ud800", "", "\0\r\n"]) {
    const world = mock({ fetch: [text("", 404)] });
    await fetchRegions(id)(serviceOf(world))();
    await cancelTask(id)(serviceOf(world))();
    for (const { url } of world.requests.filter((_, i) => world.calls[i] !== "token")) {
      const { origin, pathname, searchParams, hash } = new URL(url);
      deepEqual([origin, pathname, hash], ["https://api.aspose.cloud", "/v5.0/ocr/DetectRegions", ""]);
      equal(searchParams.get("id"), id.toWellFormed());
      equal([...searchParams].length, 1);
    }
  }
});

Deno.test("cancelTask() cancels a task and retries transient failures", async () => {
  const world = mock({ cancel: [refused, text("")] });
  deepEqual(await cancelTask(ID)(serviceOf(world))(), E.right(undefined));
  deepEqual(world.calls, ["token", "cancel", "cancel"]);
  equal(world.requests[1].method, "DELETE");
  const reply: E.Either<RegionsError, void> = await cancelTask(ID)(serviceOf(mock({ cancel: [text("", 404)] })))();
  deepEqual(reply, E.left(http("cancel", 404, null, "")));
});

Deno.test("submitImage() sends nothing if the image is transferred before it has been encoded", async () => {
  for (const delay of [0, 5]) {
    const world = mock();
    const image = new Uint8Array(20_000_000);
    const reply = submitImage(image)(serviceOf(world))();
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    structuredClone(image, { transfer: [image.buffer] });
    const error = await reply;
    equal(E.isLeft(error) && error.left._tag, "Unreadable");
    deepEqual(world.calls, []);
  }
});
