import * as E from "fp-ts/lib/Either.js";
import * as O from "fp-ts/lib/Option.js";
import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal, throws } from "node:assert/strict";
import { lastValueFrom, type Observable, toArray } from "rxjs";
import { createMemory } from "../../src/client/memory.ts";
import { connect, type Service } from "../../src/client/service.ts";
import { malformed } from "../../src/model/error.ts";
import type { History } from "../../src/model/history.ts";
import { PollState } from "../../src/model/poll_state.ts";
import { DETECT_REGIONS } from "../../src/model/detect_regions.ts";
import { BINARIZE_IMAGE, DESKEW_IMAGE } from "../../src/model/preprocessing.ts";
import { RECOGNIZE_IMAGE, RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import type { Reply } from "../../src/model/reply.ts";
import { fixed, type Schedule } from "../../src/polling/schedule.ts";
import { toEventStream } from "../../src/stream/event_stream.ts";
import { toPromise } from "../../src/stream/to_promise.ts";
import { readRegions } from "../../src/stream/read.ts";
import { runTask, watchTask } from "../../src/stream/watch.ts";
import { json } from "../support/arbitrary.ts";
import { IMAGE, SAMPLES } from "../support/kinds.ts";
import { done, failed, ID, type Mock, mock, notExist, pending, processing, text } from "../support/mock.ts";
import { serviceOf } from "../support/service.ts";
import { REGION } from "../support/statuses.ts";

/** Polls almost without delay. */
const SOON = { schedule: fixed({ delay: 1 }), minDelay: 0 };

const INPUT = { image: IMAGE, regions: [REGION, REGION] };

const A = { type: "Text", data: "YQ==" };

function collect<A extends object>(replies: Observable<Reply<A>>): Promise<Reply<A>[]> {
  return lastValueFrom(replies.pipe(toArray()));
}

const tags = (replies: readonly Reply<object>[]): string[] => replies.map((reply) => E.toUnion(reply)._tag);

const wrongCount = (count: number): Reply<never> =>
  E.left(malformed([`Response/results: expected 2 results, got an array of ${count}`]));

for (const { kind, input, results, output } of SAMPLES) {
  Deno.test(`runTask() submits ${kind.name} and emits its statuses up to its output`, async () => {
    const world = mock({ fetch: [pending, processing, done(...results)] });
    const submitted: string[] = [];
    const onSubmit = (id: string): number => submitted.push(id);
    deepEqual(await collect(runTask(kind, input, { ...SOON, onSubmit })(serviceOf(world))), [
      E.right({ _tag: "Pending", id: ID }),
      E.right({ _tag: "Pending", id: ID }),
      E.right({ _tag: "Processing", id: ID }),
      E.right({ _tag: "Completed", id: ID, ...output, notices: [] }),
    ]);
    deepEqual(submitted, [ID]);
    deepEqual(world.calls, ["token", "submit", "fetch", "fetch", "fetch"]);
    deepEqual(
      world.requests.slice(1).map(({ url }) => new URL(url).pathname),
      world.calls.slice(1).map(() => kind.path),
    );
  });

  Deno.test(`watchTask() watches ${kind.name} by its id`, async () => {
    const world = mock({ fetch: [pending, done(...results)] });
    const replies = await collect(watchTask(kind, ID, SOON)(serviceOf(world)));
    deepEqual(replies.at(-1), E.right({ _tag: "Completed", id: ID, ...output, notices: [] }));
    equal(world.requests.slice(1).every(({ url }) => url.endsWith(`${kind.path}?id=${ID}`)), true);
  });

  Deno.test(`toPromise() resolves with the output of ${kind.name}, or rejects with what happened`, async () => {
    const promiseOf = (world: Mock) => toPromise(watchTask(kind, ID, SOON)(serviceOf(world)));
    const completed = { _tag: "Completed", id: ID, ...output, notices: [] };
    deepEqual(await promiseOf(mock({ fetch: [done(...results)] })), completed);
    await rejects(promiseOf(mock({ fetch: [failed("Too dark.")] })), /^Error: The task failed \(Too dark\)/);
    await rejects(promiseOf(mock({ fetch: [notExist] })), /^Error: The service does not know task a371d027/);
    await rejects(promiseOf(mock({ fetch: [text("", 403)] })), { name: "RegionsError" });
  });
}

Deno.test("runTask() ends with Malformed if there is not one text per region", async () => {
  for (const count of [0, 1, 3]) {
    const world = mock({ fetch: [pending, done(...Array(count).fill(A))] });
    const replies = await collect(runTask(RECOGNIZE_REGIONS, INPUT, SOON)(serviceOf(world)));
    deepEqual(replies.slice(2), [wrongCount(count)]);
    // An unintelligible response is retried once.
    deepEqual(world.calls, ["token", "submit", "fetch", "fetch", "fetch"]);
  }
  const healed = mock({ fetch: [done(A), done(A, A)] });
  deepEqual(await collect(runTask(RECOGNIZE_REGIONS, INPUT, SOON)(serviceOf(healed))), [
    E.right({ _tag: "Pending", id: ID }),
    E.right({ _tag: "Completed", id: ID, texts: ["a", "a"], notices: [] }),
  ]);
});

Deno.test("watchTask() checks the number of texts if it knows how many there must be", async () => {
  const watch = (results: number | undefined, ...texts: typeof A[]) =>
    collect(watchTask(RECOGNIZE_REGIONS, ID, { ...SOON, results })(serviceOf(mock({ fetch: [done(...texts)] }))));
  deepEqual(await watch(2, A), [wrongCount(1)]);
  deepEqual(await watch(2, A, A, A), [wrongCount(3)]);
  deepEqual(tags(await watch(2, A, A)), ["Completed"]);
  deepEqual(tags(await watch(undefined, A)), ["Completed"]);
  deepEqual(tags(await watch(0)), ["Completed"]);
});

Deno.test("watchTask() throws for a number of results that no task can have", () => {
  for (const [results, shown] of [[-1, "-1"], [0.5, "0.5"], [NaN, "NaN"], [Infinity, "Infinity"], ["2", '"2"']]) {
    throws(() => watchTask(RECOGNIZE_REGIONS, ID, { results: results as number }), {
      name: "RangeError",
      message: `Cannot watch a task as results must be an integer of 0 or more: current value is ${shown}`,
    });
  }
});

/** Runs a recognition of two regions until its first poll, and returns the state after a round trip through JSON. */
async function interrupted(): Promise<PollState> {
  const service = serviceOf(mock({ fetch: [pending] }));
  const last = await lastValueFrom(runTask(RECOGNIZE_REGIONS, INPUT, { ...SOON, maxPolls: 1 })(service));
  ok(E.isLeft(last) && last.left._tag === "GaveUp");
  const state = PollState.decode(json(last.left.state));
  ok(E.isRight(state));
  return state.right;
}

Deno.test("watchTask() resumes from a state that holds the kind and the number of results", async () => {
  const state = await interrupted();
  deepEqual([state.kind, state.results], ["RecognizeRegions", 2]);
  for (const results of [undefined, 1, 7]) {
    const resume = (...texts: typeof A[]) => {
      const service = serviceOf(mock({ fetch: [done(...texts)] }));
      return collect(watchTask(RECOGNIZE_REGIONS, ID, { ...SOON, resume: state, results })(service));
    };
    deepEqual(await resume(A), [wrongCount(1)]);
    deepEqual(tags(await resume(A, A)), ["Completed"]);
  }
});

Deno.test("watchTask() throws for the state of another kind or another task", async () => {
  const state = await interrupted();
  const message = `Cannot resume the watch of task ${ID} as the state must be of the same task`;
  throws(() => watchTask(RECOGNIZE_IMAGE, ID, { resume: state }), { name: "RangeError", message });
  throws(() => watchTask(RECOGNIZE_REGIONS, ID, { resume: { ...state, id: "1" } }), { name: "RangeError", message });
  // Version 1 had only detections.
  const { kind: _, results: __, ...old } = state;
  const resume = { ...old, version: 1 } as unknown as PollState;
  throws(() => watchTask(RECOGNIZE_REGIONS, ID, { resume }), { name: "RangeError", message });
});

Deno.test("runTask() learns the durations of each kind separately, and passes each schedule its own", async () => {
  const known: History = { version: 1, spans: [[2000, 3100]] };
  const memory = createMemory({ RecognizeImage: known });
  const seen: History[] = [];
  const schedule: Schedule = ({ history }) => {
    seen.push(history);
    return O.some(0);
  };
  const serviceWith = (...results: typeof A[]): Service =>
    connect({ token: "t", fetch: mock({ fetch: [pending, done(...results)] }).fetch, memory, schedule });
  await collect(runTask(RECOGNIZE_IMAGE, { image: IMAGE }, { minDelay: 0 })(serviceWith(A)));
  deepEqual(seen, [known, known]);
  equal(memory.history("RecognizeImage").spans.length, 2);
  await collect(runTask(BINARIZE_IMAGE, { image: IMAGE }, { minDelay: 0 })(serviceWith(A)));
  deepEqual(seen.slice(2), [{ version: 1, spans: [] }, { version: 1, spans: [] }]);
  deepEqual(Object.keys(memory.toJSON()), ["RecognizeImage", "BinarizeImage"]);
  deepEqual([memory.history().spans.length, memory.history("BinarizeImage").spans.length], [0, 1]);
});

Deno.test("runTask() and watchTask() learn the durations of each size class separately, even after a resumption", async () => {
  const large: History = { version: 1, spans: [[2000, 3100]] };
  const memory = createMemory({ "RecognizeImage/large": large });
  const seen: History[] = [];
  const schedule: Schedule = ({ history }) => {
    seen.push(history);
    return O.some(0);
  };
  const serviceWith = (world: Mock): Service => connect({ token: "t", fetch: world.fetch, memory, schedule });
  const lengths = (): (readonly [string, number])[] =>
    Object.entries(memory.toJSON()).map(([key, { spans }]) => [key, spans.length]);

  const options = { sizeClass: "large", minDelay: 0 };
  await collect(runTask(RECOGNIZE_IMAGE, { image: IMAGE }, options)(serviceWith(mock({ fetch: [pending, done(A)] }))));
  deepEqual(seen.splice(0), [large, large]);
  deepEqual(lengths(), [["RecognizeImage/large", 2]]);

  const submittedAt = Date.now() - 5000;
  const gaveUp = await collect(
    watchTask(RECOGNIZE_IMAGE, ID, { ...options, submittedAt, maxPolls: 1 })(serviceWith(mock({ fetch: [pending] }))),
  );
  deepEqual(seen.splice(0).map(({ spans }) => spans.length), [2, 2]);
  const last = gaveUp.at(-1);
  ok(last !== undefined && E.isLeft(last) && last.left._tag === "GaveUp");
  const state = PollState.decode(json(last.left.state));
  ok(E.isRight(state));
  equal(state.right.sizeClass, "large");
  await collect(
    watchTask(RECOGNIZE_IMAGE, ID, { minDelay: 0, resume: state.right })(
      serviceWith(mock({ fetch: [pending, done(A)] })),
    ),
  );
  deepEqual(seen.map(({ spans }) => spans.length), [2]);
  deepEqual(lengths(), [["RecognizeImage/large", 3]]);
});

Deno.test("toEventStream() writes the bytes of a file as Base64", async () => {
  const replies = watchTask(DESKEW_IMAGE, ID, SOON)(serviceOf(mock({ fetch: [done({ data: "iVBORw==" })] })));
  const events = await new Response(toEventStream(replies)).text();
  equal(events.split("\n")[1], `data: {"_tag":"Completed","id":"${ID}","file":{"$base64":"iVBORw=="},"notices":[]}`);
});

Deno.test("toEventStream() writes recognized text on one line", async () => {
  const written = { type: "Text", data: btoa("To\nLucasta,\r\n\r\nid: 9") };
  const replies = watchTask(RECOGNIZE_IMAGE, ID, SOON)(serviceOf(mock({ fetch: [done(written)] })));
  const [id, data, ...rest] = (await new Response(toEventStream(replies)).text()).split(/\r\n|\r|\n/);
  deepEqual([id, rest[0]], ["id: 1", ""]);
  equal(JSON.parse(data.slice("data: ".length)).text, "To\nLucasta,\r\n\r\nid: 9");
});

Deno.test("runTask() and readRegions() throw for a size class that could not be stored", () => {
  for (const sizeClass of [5, null, Symbol("a")]) {
    const options = { sizeClass: sizeClass as never };
    throws(() => runTask(DETECT_REGIONS, { image: IMAGE }, options), RangeError);
    throws(() => readRegions(IMAGE, {}, options), RangeError);
  }
});
