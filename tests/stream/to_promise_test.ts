import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, rejects } from "node:assert/strict";
import { of, throwError } from "rxjs";
import { gaveUp, network } from "../../src/model/error.ts";
import type { Reply } from "../../src/model/reply.ts";
import type { TaskStatus } from "../../src/model/task_status.ts";
import { toPromise } from "../../src/stream/to_promise.ts";
import { COMPLETED, ID } from "../support/mock.ts";

const stream = (...replies: Reply[]) => of(...replies);
const status = (status: TaskStatus): Reply => E.right(status);

Deno.test("toPromise() resolves with the status Completed", async () => {
  deepEqual(await toPromise(stream(status({ _tag: "Pending", id: ID }), status(COMPLETED))), COMPLETED);
});

Deno.test("toPromise() rejects with the error if the status could not be determined", async () => {
  for (const error of [network("fetch", "gone"), gaveUp("deadline", null)]) {
    await rejects(toPromise(stream(status({ _tag: "Pending", id: ID }), E.left(error))), {
      name: "RegionsError",
      cause: error,
    });
  }
});

Deno.test("toPromise() rejects with a description of any other status", async () => {
  await rejects(toPromise(stream(status({ _tag: "Error", id: ID, messages: ["No text."] }))), /\(No text\)/);
  await rejects(toPromise(stream(status({ _tag: "NotExist", id: ID, messages: [] }))), RegExp(ID));
  await rejects(toPromise(stream(status({ _tag: "Pending", id: ID }))), /queued/);
});

Deno.test("toPromise() rejects if the caller's own schedule throws", async () => {
  const fault = new Error("fault");
  await rejects(toPromise(throwError(() => fault)), fault);
});
