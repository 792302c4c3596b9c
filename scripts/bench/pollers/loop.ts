/** A plain asynchronous loop. */
import * as E from "fp-ts/lib/Either.js";
import { isFinal } from "../../../src/core.ts";
import type { Watch, World } from "../world.ts";

export function watcher({ delay, poll }: World): Watch {
  return async (id, done) => {
    for (;;) {
      const reply = await poll(id);
      if (E.isLeft(reply) || isFinal(reply.right)) return done();
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  };
}
