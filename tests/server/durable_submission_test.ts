/** Submissions to the handler of a Durable Object, and their repetitions. */
import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { durableTasks } from "../../src/server/durable_tasks.ts";
import { completed, mock, pending, silent, text } from "../support/mock.ts";
import { createWorld, withClock, type World } from "./durable_world.ts";

const INPUT = { image: new Uint8Array([1, 2, 3]) };

/** Submits a task as the handler does, and returns the tag of the error, or the id. */
async function submit({ task }: World): Promise<string> {
  const submitted = await durableTasks(task(), { name: "name 1" }).submit(INPUT, null);
  return E.isLeft(submitted) ? submitted.left._tag : submitted.right.id;
}

withClock("a submission that is repeated returns the same task, even after it is finished", async (clock) => {
  const service = mock({ fetch: [pending, completed] });
  const world = createWorld(service);
  equal(await submit(world), "name 1");
  await clock.tickAsync(1500);
  equal(await submit(world), "name 1");
  await clock.tickAsync(1500);
  world.restart();
  equal(await submit(world), "name 1");
  equal(service.calls.filter((call) => call === "submit").length, 1);
});

withClock("a submission that the service rejects leaves nothing behind, and can be repeated", async () => {
  const service = mock({ submit: [text("no", 402), text('"a371d027-4b0d-4d86-8825-c8d818dd4ed9"')], fetch: [pending] });
  const world = createWorld(service);
  equal(await submit(world), "Http");
  deepEqual([world.values.size, world.alarm()], [0, null]);
  equal(await submit(world), "name 1");
});

withClock("a submission without a confirmation is not repeated", async (clock) => {
  const service = mock({ submit: [silent] });
  const world = createWorld(service);
  submit(world);
  await clock.tickAsync(100);
  world.restart();
  await clock.tickAsync(120_000);
  deepEqual([await submit(world), await submit(world)], ["Unconfirmed", "Unconfirmed"]);
  equal(service.calls.filter((call) => call === "submit").length, 1);
});

withClock("a submission that is repeated returns the task even if its polls have failed", async (clock) => {
  const service = mock({ fetch: [text("no", 402)] });
  const world = createWorld(service);
  equal(await submit(world), "name 1");
  await clock.tickAsync(1500);
  equal(await submit(world), "name 1");
  const update = await durableTasks(world.task(), { name: "name 1" }).current(
    { kind: "DetectRegions", id: "name 1", results: null, submittedAt: null },
    null,
  );
  deepEqual(update._tag === "Update" && E.isLeft(update.reply) && update.reply.left._tag, "Http");
});
