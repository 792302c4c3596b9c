import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, ok, strictEqual as equal, throws } from "node:assert/strict";
import { cancelTask, fetchTask, submitTask } from "../../src/client/operations.ts";
import { pollTask } from "../../src/client/poll_once.ts";
import { malformed, unconfirmed } from "../../src/model/error.ts";
import { type FileOutput, TextOutput } from "../../src/model/output.ts";
import { BINARIZE_IMAGE } from "../../src/model/preprocessing.ts";
import { RECOGNIZE_IMAGE, RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import { type TaskKind, taskRef } from "../../src/model/task_kind.ts";
import { pollPolicy } from "../../src/polling/policy.ts";
import { startPoll } from "../../src/polling/step.ts";
import { IMAGE, SAMPLES } from "../support/kinds.ts";
import { done, ID, mock, pending, reset, text } from "../support/mock.ts";
import { serviceOf } from "../support/service.ts";
import { REGION } from "../support/statuses.ts";
import { waiting } from "../support/waiting.ts";

/** A kind whose ids the library knows nothing about, as a caller may define it. */
const SPEECH: TaskKind<string, TextOutput> = {
  name: "ConvertTextToSpeech",
  path: "/v5.0/ocr/ConvertTextToSpeech",
  output: TextOutput,
  encode: (text) => ({ text, settings: { language: "English", resultType: "Wav" } }),
};

/** The service's own example of an id that is not a GUID. */
const SPEECH_ID = "TTS01232-9d40-4f2d-8eda-f1fc0b12bce6";

for (const { kind, input, results, output } of SAMPLES) {
  Deno.test(`submitTask() submits ${kind.name} to its path, with the image in Base64`, async () => {
    const world = mock();
    deepEqual(await submitTask(kind, input)(serviceOf(world))(), E.right(ID));
    const request = world.requests[1];
    const { method, url, headers } = request;
    deepEqual([method, url, headers.get("Content-Type")], [
      "POST",
      `https://api.aspose.cloud${kind.path}`,
      "application/json",
    ]);
    const { image: _, ...others } = kind.encode(input);
    deepEqual(await request.json(), { image: "AQID", ...others });
  });

  Deno.test(`fetchTask() fetches the output of ${kind.name} from its path`, async () => {
    const world = mock({ fetch: [done(...results)] });
    deepEqual(
      await fetchTask(kind, ID)(serviceOf(world))(),
      E.right({ _tag: "Completed", id: ID, ...output, notices: [] }),
    );
    equal(world.requests[1].url, `https://api.aspose.cloud${kind.path}?id=${ID}`);
    const waiting = mock({ fetch: [pending] });
    deepEqual(await fetchTask(kind, ID)(serviceOf(waiting))(), E.right({ _tag: "Pending", id: ID }));
  });

  Deno.test(`cancelTask() cancels ${kind.name} at its path`, async () => {
    const world = mock();
    deepEqual(await cancelTask(ID, kind)(serviceOf(world))(), E.right(undefined));
    const { method, url } = world.requests[1];
    deepEqual([method, url], ["DELETE", `https://api.aspose.cloud${kind.path}?id=${ID}`]);
  });
}

Deno.test("submitTask() sends the exact body that the service documents", async () => {
  const world = mock();
  const settings = { language: "German", makeSpellCheck: true, resultType: "Hocr" } as const;
  await submitTask(RECOGNIZE_REGIONS, { image: new Blob([IMAGE]), regions: [REGION], settings })(serviceOf(world))();
  deepEqual(await world.requests[1].json(), {
    image: "AQID",
    settings: {
      language: "German",
      makeSkewCorrect: true,
      makeSpellCheck: true,
      makeContrastCorrection: true,
      makeBinarization: false,
      makeUpsampling: false,
      Rotate: 0,
      dsrMode: "Regions",
      dsrConfidence: "Default",
      resultType: "Hocr",
      regions: [{ rect: { topLeftX: 0, topLeftY: 8, bottomRightX: 697, bottomRightY: 441 }, order: 0 }],
    },
  });
  const another = mock();
  await submitTask(BINARIZE_IMAGE, { image: IMAGE })(serviceOf(another))();
  equal(await another.requests[1].text(), '{"image":"AQID"}');
});

Deno.test("submitTask() submits a task without an image", async () => {
  const world = mock({ submit: [text(SPEECH_ID)] });
  deepEqual(await submitTask(SPEECH, "To Lucasta")(serviceOf(world))(), E.right(SPEECH_ID));
  deepEqual(await world.requests[1].json(), {
    text: "To Lucasta",
    settings: { language: "English", resultType: "Wav" },
  });
});

Deno.test("submitTask() throws before it sends anything if the image or the input is invalid", () => {
  for (const { kind, input } of SAMPLES) {
    for (
      const [image, shown] of [["scan.png", '"scan.png"'], [null, "null"], [undefined, "nothing"], [
        [1],
        "an array of 1",
      ]]
    ) {
      throws(() => submitTask(kind, { ...input as object, image } as never), {
        name: "TypeError",
        message: "Cannot submit an image as it must be a typed array, a DataView, a buffer or a Blob: " +
          `current value is ${shown}`,
      });
    }
  }
  throws(() => submitTask(RECOGNIZE_REGIONS, { image: IMAGE, regions: [] }), {
    name: "RangeError",
    message: "Cannot recognize regions as there must be at least one: current value is an array of 0",
  });
  throws(() => submitTask(RECOGNIZE_IMAGE, { image: IMAGE, settings: { resultType: "Pdf" as "Text" } }), {
    name: "RangeError",
    message: 'Cannot submit a task as resultType must be one of Text, Hocr, JSON: current value is "Pdf"',
  });
});

Deno.test("submitTask() accepts GUIDs and the ids of speech from every kind", async () => {
  for (const { kind, input } of SAMPLES) {
    for (const id of [ID, ID.toUpperCase(), SPEECH_ID]) {
      for (const body of [id, `${id}\r\n`, `"${id}"`]) {
        deepEqual(await submitTask(kind, input)(serviceOf(mock({ submit: [text(body)] })))(), E.right(id));
      }
    }
  }
});

Deno.test("submitTask() returns Unconfirmed for a truncated id and for a page, and sends the image once", async () => {
  for (const { kind, input } of SAMPLES) {
    for (const body of [ID.slice(0, -1), ID.slice(0, 8), "Maintenance", "", "<html>", SPEECH_ID.slice(1)]) {
      const world = mock({ submit: [text(body)] });
      const error = malformed([`TaskId: expected the id of a task, got ${JSON.stringify(body)}`]);
      deepEqual(await submitTask(kind, input)(serviceOf(world))(), E.left(unconfirmed(error)));
      deepEqual(world.calls, ["token", "submit"]);
    }
  }
});

Deno.test("submitTask() accepts any token as an id if the kind does not say which texts are ids", async () => {
  for (const id of [SPEECH_ID, "1", "TTSb4705-1", "a371d027-4b0d-4d86-8825-c8d818dd4ed"]) {
    deepEqual(await submitTask(SPEECH, "a")(serviceOf(mock({ submit: [text(id)] })))(), E.right(id));
  }
  for (const body of ["", "<html>", "two words", "a_b", "é", "a\nb", "{}", '"', '""']) {
    const world = mock({ submit: [text(body)] });
    const error = malformed([`TaskId: expected the id of a task, got ${JSON.stringify(body)}`]);
    deepEqual(await submitTask(SPEECH, "a")(serviceOf(world))(), E.left(unconfirmed(error)));
  }
});

Deno.test("submitTask() sends an image of any kind once if the outcome is unknown", async () => {
  for (const { kind, input } of SAMPLES) {
    const world = mock({ submit: [reset] });
    const reply = await submitTask(kind, input)(serviceOf(world))();
    equal(E.isLeft(reply) && reply.left._tag, "Unconfirmed");
    deepEqual(world.calls, ["token", "submit"]);
  }
});

Deno.test("fetchTask() keeps ids that are not GUIDs, and rejects a response about another task", async () => {
  const world = mock({ fetch: [done()] });
  const error = `Response/id: expected the requested id "${SPEECH_ID}", got "${ID}"`;
  deepEqual(await fetchTask(SPEECH, SPEECH_ID)(serviceOf(world))(), E.left(malformed([error])));
  equal(new URL(world.requests[1].url).search, `?id=${SPEECH_ID}`);
});

Deno.test("fetchTask() accepts any number of texts, unless it is told how many regions were sent", async () => {
  for (const count of [0, 1, 3]) {
    const results = Array.from({ length: count }, () => ({ type: "Text", data: "YQ==" }));
    const reply = await fetchTask(RECOGNIZE_REGIONS, ID)(serviceOf(mock({ fetch: [done(...results)] })))();
    deepEqual(reply, E.right({ _tag: "Completed", id: ID, texts: Array(count).fill("a"), notices: [] }));
    const checked = await fetchTask(RECOGNIZE_REGIONS, ID, 3)(serviceOf(mock({ fetch: [done(...results)] })))();
    equal(E.isRight(checked), count === 3);
  }
});

Deno.test("fetchTask() returns Malformed for a file that is missing, after one retry", async () => {
  const world = mock({ fetch: [done()] });
  const reply: E.Either<unknown, unknown> = await fetchTask<FileOutput>(BINARIZE_IMAGE, ID)(serviceOf(world))();
  deepEqual(reply, E.left(malformed(["Response/results: expected one result, got an array of 0"])));
  deepEqual(world.calls, ["token", "fetch", "fetch"]);
});

for (const { kind, input, results, output } of SAMPLES) {
  Deno.test(`pollTask() polls ${kind.name} once, at its path`, async () => {
    const { state } = waiting(startPoll(taskRef(kind, ID, input), Date.now(), null, pollPolicy()));
    const world = mock({ fetch: [pending, done(...results)] });
    const service = serviceOf(world);
    const next = await pollTask(kind, state)(service)();
    ok(next._tag === "Wait");
    deepEqual(next.heard, { _tag: "Pending", id: ID });
    const last = await pollTask(kind, next.state)(service)();
    ok(last._tag === "Done");
    deepEqual(last.reply, E.right({ _tag: "Completed", id: ID, ...output, notices: [] }));
    equal(world.requests.slice(1).every(({ url }) => url.endsWith(`${kind.path}?id=${ID}`)), true);
  });
}

Deno.test("pollTask() ends with Malformed after two responses with another number of texts than regions", async () => {
  const task = taskRef(RECOGNIZE_REGIONS, ID, { image: IMAGE, regions: [REGION, REGION] });
  const { state } = waiting(startPoll(task, Date.now(), null, pollPolicy()));
  const error = malformed(["Response/results: expected 2 results, got an array of 1"]);
  const service = serviceOf(mock({ fetch: [done({ type: "Text", data: "YQ==" })] }));
  const next = await pollTask(RECOGNIZE_REGIONS, state)(service)();
  ok(next._tag === "Wait");
  deepEqual(next.failure, error);
  deepEqual(await pollTask(RECOGNIZE_REGIONS, next.state)(service)(), {
    _tag: "Done",
    heard: null,
    reply: E.left(error),
  });
});

Deno.test("pollTask() throws for the state of another kind", () => {
  const { state } = waiting(startPoll(ID, Date.now(), null, pollPolicy()));
  throws(() => pollTask(RECOGNIZE_IMAGE, state), {
    name: "RangeError",
    message: 'Cannot poll a task as its state must be of the kind RecognizeImage: current value is "DetectRegions"',
  });
});

Deno.test("submitTask() throws a TypeError if the path of the kind is not one, before anything is sent", () => {
  throws(() => submitTask({ ...RECOGNIZE_IMAGE, path: "v5.0/ocr/RecognizeImage" }, { image: new Uint8Array(1) }), {
    name: "TypeError",
    message: "Cannot submit a task as the path of its kind must start with a slash: " +
      'current value is "v5.0/ocr/RecognizeImage"',
  });
});
