/** The usual RxJS poller. */
import * as E from "fp-ts/lib/Either.js";
import { defer, repeat, takeWhile } from "rxjs";
import { isFinal } from "../../../src/core.ts";
import type { Watch, World } from "../world.ts";

export function watcher({ delay, poll }: World): Watch {
  return (id, done) => {
    defer(() => poll(id)).pipe(
      repeat({ delay }),
      takeWhile((reply) => E.isRight(reply) && !isFinal(reply.right), true),
    ).subscribe({ complete: done });
  };
}
