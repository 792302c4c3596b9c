/** AWS's waiter, with the same least and longest delay. */
import { checkExceptions, createWaiter, WaiterState } from "@smithy/util-waiter";
import * as E from "fp-ts/lib/Either.js";
import { isFinal } from "../../../src/core.ts";
import type { Watch, World } from "../world.ts";

export function watcher({ delay, poll }: World): Watch {
  const params = { client: {}, maxWaitTime: 300, minDelay: delay / 1000, maxDelay: delay / 1000 };
  return (id, done) => {
    createWaiter(params, id, async (_, id) => {
      const reply = await poll(id);
      const final = E.isLeft(reply) || isFinal(reply.right);
      return final ? { state: WaiterState.SUCCESS, reason: reply } : { state: WaiterState.RETRY };
    }).then((result) => {
      checkExceptions(result);
      done();
    });
  };
}
