import { deepStrictEqual as deepEqual, ok, strictEqual as equal } from "node:assert/strict";
import fc from "fast-check";
import { left } from "fp-ts/lib/Either.js";
import { elapsed, hasEnded, isBusy } from "../../examples/web/card.ts";
import { type Action, INITIAL, SLOTS, update } from "../../examples/web/state.ts";
import { network } from "../../src/model/error.ts";
import { region } from "../support/arbitrary.ts";
import { add, after, detected, found, image, LINES, read, recognized, submitted, TASK } from "./cards.ts";

const FAILURE = network("submit", "connection refused");

const tags = (...actions: readonly Action[]): readonly string[] =>
  after(...actions).cards.map((it) => it.progress._tag);

Deno.test("at most three images are processed at a time, in the order in which they were added", () => {
  const five = add("a", "b", "c", "d", "e");
  deepEqual(tags(five), ["Running", "Running", "Running", "Waiting", "Waiting"]);
  deepEqual(tags(five, { _tag: "Failed", id: 2, error: FAILURE }), [
    "Running",
    "Failed",
    "Running",
    "Running",
    "Waiting",
  ]);
});

Deno.test("an image that is canceled in the service keeps its place until it is", () => {
  const four = [add("a", "b", "c", "d"), submitted(1), { _tag: "Cancel", id: 1 }] as const;
  deepEqual(tags(...four), ["Canceling", "Running", "Running", "Waiting"]);
  deepEqual(tags(...four, { _tag: "Canceled", id: 1 }), ["Canceled", "Running", "Running", "Running"]);
});

Deno.test("the regions are in reading order, and their texts belong to them", () => {
  const [card] = after(add("a"), submitted(1), found(1), submitted(1), read(1, "first", "second")).cards;
  deepEqual(card.progress, { _tag: "Done" });
  deepEqual(card.regions, [{ region: LINES[1], text: "first" }, { region: LINES[0], text: "second" }]);
});

Deno.test("the recognition follows the detection, unless there is nothing to read or to be read", () => {
  const detection = after(add("a"), submitted(1), found(1)).cards[0].progress;
  deepEqual(detection, { _tag: "Running", step: "recognize", task: null, status: null, isLost: false });
  deepEqual(tags(add("a"), submitted(1), found(1, [])), ["Done"]);
  const withoutText = { _tag: "Choose", settings: { readsText: false } } as const;
  deepEqual(tags(withoutText, add("a"), submitted(1), found(1)), ["Done"]);
});

Deno.test("settings apply to the images that are added afterwards", () => {
  const { cards } = after(add("a"), { _tag: "Choose", settings: { dsrMode: "Regions" } }, add("b"));
  deepEqual(cards.map(({ settings }) => settings.dsrMode), ["LineDetector", "Regions"]);
});

Deno.test("each event counts as a poll, and ends an interruption", () => {
  const pending = detected(1, { _tag: "Pending", id: "1" });
  const lost = after(add("a"), submitted(1), pending, { _tag: "Interrupted", id: 1 }).cards[0];
  deepEqual(lost.progress, { _tag: "Running", step: "detect", task: TASK, status: "Pending", isLost: true });
  equal(lost.polls, 1);
  const processing = detected(1, { _tag: "Processing", id: "1" });
  const [card] = after(add("a"), submitted(1), pending, { _tag: "Interrupted", id: 1 }, processing).cards;
  deepEqual(card.progress, { _tag: "Running", step: "detect", task: TASK, status: "Processing", isLost: false });
  equal(card.polls, 2);
});

Deno.test("a failure states its reason", () => {
  const reasonAfter = (...actions: readonly Action[]): unknown => {
    const { progress } = after(add("a"), ...actions).cards[0];
    return progress._tag === "Failed" ? progress.reason : progress;
  };
  const failed = "The connection to the service failed (connection refused). Check the network and the address, then " +
    "try again.";
  equal(reasonAfter({ _tag: "Failed", id: 1, error: FAILURE }), failed);
  equal(reasonAfter(submitted(1), { _tag: "Detected", id: 1, reply: left(FAILURE) }), failed);
  equal(
    reasonAfter(submitted(1), detected(1, { _tag: "Error", id: "1", messages: ["No image."] })),
    "The task failed (No image). Check the image and the settings, then submit it again.",
  );
  equal(
    reasonAfter(submitted(1), detected(1, { _tag: "NotExist", id: "1", messages: [] })),
    "The service does not know task 1, which may have expired. Check the id, or submit the image again.",
  );
});

Deno.test("an image that has not been submitted is canceled at once", () => {
  deepEqual(tags(add("a", "b", "c", "d"), { _tag: "Cancel", id: 1 }, { _tag: "Cancel", id: 4 }), [
    "Canceled",
    "Running",
    "Running",
    "Canceled",
  ]);
});

Deno.test("a task that cannot be canceled has failed", () => {
  deepEqual(tags(add("a"), submitted(1), { _tag: "Cancel", id: 1 }, { _tag: "Failed", id: 1, error: FAILURE }), [
    "Failed",
  ]);
});

Deno.test("after a recognition that failed, only the recognition is repeated", () => {
  const choice = { _tag: "Choose", settings: { dsrMode: "Regions" } } as const;
  const failed = recognized(1, { _tag: "Error", id: "2", messages: [] });
  const [card] = after(add("a"), submitted(1), found(1), submitted(1), failed, choice, { _tag: "Repeat", id: 1 }).cards;
  deepEqual(card.progress, { _tag: "Running", step: "recognize", task: null, status: null, isLost: false });
  equal(card.settings.dsrMode, "LineDetector");
  equal(card.regions?.length, 2);
  deepEqual([card.runs, card.polls], [2, 0]);
});

Deno.test("otherwise, everything is repeated with the current settings", () => {
  const choice = { _tag: "Choose", settings: { dsrMode: "Regions" } } as const;
  for (const actions of [[found(1, [])], [{ _tag: "Failed", id: 1, error: FAILURE }]] as const) {
    const [card] = after(add("a"), submitted(1), ...actions, choice, { _tag: "Repeat", id: 1 }).cards;
    deepEqual(card.progress, { _tag: "Running", step: "detect", task: null, status: null, isLost: false });
    equal(card.settings.dsrMode, "Regions");
    equal(card.regions, null);
  }
});

Deno.test("only images that have ended are repeated or removed", () => {
  const four = add("a", "b", "c", "d");
  deepEqual(tags(four, { _tag: "Repeat", id: 1 }, { _tag: "Remove", id: 1 }, { _tag: "Remove", id: 4 }), [
    "Running",
    "Running",
    "Running",
    "Waiting",
  ]);
  const ended = [four, { _tag: "Cancel", id: 1 }, { _tag: "Cancel", id: 2 }] as const;
  deepEqual(after(...ended, { _tag: "Remove", id: 1 }).cards.map(({ id }) => id), [2, 3, 4]);
  deepEqual(after(...ended, { _tag: "RemoveEnded" }).cards.map(({ id }) => id), [3, 4]);
});

Deno.test("the time of an image runs while it is processed", () => {
  const five = after(add("a", "b", "c", "d"), { _tag: "Tick" }, { _tag: "Cancel", id: 1 }, { _tag: "Tick" });
  deepEqual(five.cards.map((card) => elapsed(card, five.now)), [2000, 3000, 3000, 1000]);
});

Deno.test("a region that is pointed at is shown, also if another part of the page was", () => {
  const zoomed = [add("a"), submitted(1), found(1), { _tag: "ZoomTo", id: 1, region: 1 }] as const;
  const [{ viewport }] = after(...zoomed).cards;
  const [card] = after(...zoomed, { _tag: "Point", id: 1, region: 0 }).cards;
  equal(card.active, 0);
  equal(card.viewport.zoom, viewport.zoom);
  ok(card.viewport.top < viewport.top);
  equal(after(...zoomed, { _tag: "Point", id: 1, region: 7 }).cards[0].active, null);
});

Deno.test("what a user waits for is said", () => {
  const cases: readonly [readonly Action[], string][] = [
    [[], ""],
    [[add("a", "b")], "2 images added."],
    [[add("a"), submitted(1), detected(1, { _tag: "Pending", id: "1" }), { _tag: "Tick" }], "1 image added."],
    [[add("a"), submitted(1), found(1)], "a: 2 regions found. Reading their text."],
    [[add("a"), submitted(1), found(1), submitted(1), read(1, "", "")], "a: finished, with the text of 2 regions."],
    [[add("a"), submitted(1), found(1, [])], "a: 0 regions found."],
    [[add("a"), { _tag: "Cancel", id: 1 }], "a: canceled."],
    [[add("a"), { _tag: "Cancel", id: 1 }, { _tag: "Remove", id: 1 }], "1 image removed."],
    [
      [add("a"), { _tag: "Failed", id: 1, error: FAILURE }],
      "a: The connection to the service failed (connection refused). Check the network and the address, then try again.",
    ],
  ];
  for (const [actions, news] of cases) equal(after(...actions).news, news);
});

const id = fc.integer({ min: 0, max: 8 });
const size = fc.option(
  fc.record({ width: fc.integer({ min: 1, max: 5000 }), height: fc.integer({ min: 1, max: 5000 }) }),
);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.array(size, { maxLength: 3 }).map((sizes): Action => ({
    _tag: "Add",
    images: sizes.map((size) => image("a", size)),
  })),
  fc.record({ _tag: fc.constant("Choose" as const), settings: fc.record({ readsText: fc.boolean() }) }),
  id.map(submitted),
  fc.tuple(id, fc.array(region, { maxLength: 3 })).map(([id, regions]) => found(id, regions)),
  fc.tuple(id, fc.array(fc.string(), { maxLength: 3 })).map(([id, texts]) => read(id, ...texts)),
  id.map((id): Action => ({ _tag: "Detected", id, reply: left(FAILURE) })),
  id.map((id): Action => ({ _tag: "Failed", id, error: FAILURE })),
  fc.record({ _tag: fc.constantFrom("Interrupted", "Cancel", "Canceled", "Repeat", "Remove"), id }),
  fc.record({ _tag: fc.constantFrom("Point", "ZoomTo"), id, region: fc.option(fc.integer({ min: 0, max: 3 })) }),
  fc.record({ _tag: fc.constantFrom("RemoveEnded", "Tick") }),
);

Deno.test("whatever happens, slots are neither exceeded nor left free, and every card is consistent", () => {
  fc.assert(fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
    let state = INITIAL;
    for (const action of actions) {
      const before = state;
      state = update(state, action, state.now + 1);
      const busy = state.cards.filter(isBusy).length;
      const waiting = state.cards.filter(({ progress }) => progress._tag === "Waiting").length;
      ok(busy <= SLOTS && (waiting === 0 || busy === SLOTS));
      equal(new Set(state.cards.map(({ id }) => id)).size, state.cards.length);
      for (const card of state.cards) {
        const { progress, startedAt, endedAt, active, regions, viewport, settings } = card;
        equal(endedAt !== null, hasEnded(card));
        equal(startedAt === null, progress._tag === "Waiting");
        ok(elapsed(card, state.now) >= 0);
        ok(active === null || active < (regions?.length ?? 0));
        ok(viewport.zoom >= 1 && viewport.left >= 0 && viewport.left + 1 / viewport.zoom <= 1.000001);
        ok(progress._tag !== "Running" || progress.step === "detect" || settings.readsText && regions !== null);
      }
      // Nothing that runs is ever lost: it ends first.
      for (const card of before.cards.filter(isBusy)) ok(state.cards.some(({ id }) => id === card.id));
    }
  }));
});
