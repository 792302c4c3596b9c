import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { deepStrictEqual as deepEqual, rejects, strictEqual as equal } from "node:assert/strict";
import type { RegionsError } from "../../src/model/error.ts";
import { DETECTION, type Detection } from "../../src/model/detection.ts";
import type { Region } from "../../src/model/region.ts";
import {
  type Absent,
  type DurableStorage,
  type Over,
  readTask,
  type StoredTask,
  writeTask,
} from "../../src/server/task_storage.ts";
import { pollPolicy } from "../../src/polling/policy.ts";
import { startPoll } from "../../src/polling/step.ts";
import { waiting } from "../support/waiting.ts";
import type { Reply } from "../../src/model/reply.ts";
import { TaskStatus } from "../../src/model/task_status.ts";
import { pollState, regionsError, taskStatus } from "../support/arbitrary.ts";
import { ID } from "../support/mock.ts";
import { sizeOf, VALUE_LIMIT } from "./durable_world.ts";

const NOW = 1_800_000_000_000;

/** Creates a storage with the size limit of key-value storage. It rejects writes after the first `lasts`. */
function createStorage(values = new Map<string, unknown>(), lasts = Infinity): DurableStorage {
  return {
    get: <T>(key: string) => Promise.resolve(structuredClone(values.get(key)) as T | undefined),
    put: (key, value) => {
      if (sizeOf(value) > VALUE_LIMIT || lasts-- <= 0) {
        return Promise.reject(new Error("the storage rejects the write"));
      }
      values.set(key, structuredClone(value));
      return Promise.resolve();
    },
    deleteAll: () => Promise.resolve(values.clear()),
    setAlarm: () => Promise.resolve(),
    deleteAlarm: () => Promise.resolve(),
  };
}

const over = (last: Reply): Over<Detection> => ({
  _tag: "Over",
  dueAt: NOW,
  heard: [{ _tag: "Processing", id: ID }],
  last,
});

const isStatus = (value: TaskStatus | RegionsError): value is TaskStatus => TaskStatus.is(value);

const failed = (text: string): Reply => E.right({ _tag: "Error", id: ID, messages: [text] });

async function roundTrip(
  task: Exclude<StoredTask<Detection>, { _tag: "Foreign" }>,
): Promise<Absent | StoredTask<Detection>> {
  const storage = createStorage();
  await writeTask(storage, DETECTION, task);
  return readTask(storage, DETECTION);
}

async function expectWhole(reply: Reply): Promise<void> {
  const task = await roundTrip(over(reply));
  deepEqual(task?._tag === "Over" && task.last, reply);
}

Deno.test("readTask() returns tasks as they were written", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(taskStatus),
      pollState,
      fc.oneof(taskStatus, regionsError),
      async (heard, state, last) => {
        const reply: Reply = isStatus(last) ? E.right(last) : E.left(last);
        const tasks: Parameters<typeof roundTrip>[0][] = [
          { _tag: "Sending", dueAt: NOW },
          { _tag: "Polling", dueAt: NOW, heard, state },
          { _tag: "Over", dueAt: NOW, heard, last: reply },
        ];
        for (const task of tasks) deepEqual(await roundTrip(task), task);
      },
    ),
  ));

Deno.test("readTask() returns results of 37,489 triangles and of 20 MB completely", async () => {
  const regions = Array.from({ length: 37_489 }, (_, i): Region => ({
    left: i,
    top: i,
    right: i + 2000,
    bottom: i + 1000,
    polygon: [{ x: i, y: i }, { x: i + 2000, y: i }, { x: i, y: i + 1000 }],
  }));
  await expectWhole(E.right({ _tag: "Completed", id: ID, regions, notices: [] }));
  await expectWhole(failed("x".repeat(20_000_000)));
});

Deno.test("readTask() returns a reply completely wherever it is divided into parts", async () => {
  const length = JSON.stringify(failed("")).length;
  for (const parts of [1, 2, 3]) {
    for (const more of [-2, -1, 0, 1, 2]) {
      for (const character of ["x", "é", "…", "😀", "\ud800", '"']) {
        const bytes = character === "\ud800" ? 6 : character === '"' ? 2 : new TextEncoder().encode(character).length;
        const text = "y".repeat(parts * 128_000 + more - length - bytes) + character;
        await expectWhole(failed(text));
      }
    }
  }
});

Deno.test("writeTask() leaves the previous task in place if it fails partway", async () => {
  const before: StoredTask<Detection> = { _tag: "Sending", dueAt: NOW };
  const after = over(failed("x".repeat(300_000)));
  for (let lasts = 0; lasts < 4; lasts++) {
    const values = new Map<string, unknown>();
    await writeTask(createStorage(values), DETECTION, before);
    await rejects(writeTask(createStorage(values, lasts), DETECTION, after));
    equal((await readTask(createStorage(values), DETECTION))._tag, "Sending");
    await writeTask(createStorage(values), DETECTION, after);
    const task = await readTask(createStorage(values), DETECTION);
    deepEqual(task?._tag === "Over" && task.last, after.last);
  }
});

Deno.test("readTask() returns Malformed if parts of a reply are missing or damaged", async () => {
  for (const part of [0, 1, 2]) {
    for (const other of [undefined, "text", new Uint8Array([0x22])]) {
      const values = new Map<string, unknown>();
      await writeTask(createStorage(values), DETECTION, over(failed("x".repeat(300_000))));
      values.set(`reply:${part}`, other);
      const task = await readTask(createStorage(values), DETECTION);
      equal(task?._tag === "Over" && E.isLeft(task.last) && task.last.left._tag, "Malformed");
    }
  }
});

Deno.test("readTask() returns Foreign for a value that this version did not write", async () => {
  const { state } = waiting(startPoll(ID, NOW, null, pollPolicy()));
  const polling = { version: 1, _tag: "Polling", dueAt: NOW, heard: [], state };
  const foreign = [
    null,
    [],
    "text",
    {},
    { ...polling, version: 2 },
    { ...polling, _tag: "Waiting" },
    { ...polling, dueAt: NaN },
    { ...polling, heard: [{ _tag: "Paused" }] },
    { ...polling, state: { ...state, version: 3 } },
    { ...polling, kind: "RecognizeImage" },
    { version: 1, _tag: "Over", dueAt: NOW, heard: [] },
  ];
  for (const value of foreign) {
    equal(
      (await readTask(createStorage(new Map([["task", value]])), DETECTION))._tag,
      "Foreign",
      JSON.stringify(value),
    );
  }
});
