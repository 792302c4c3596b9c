/** This library: `watchRegions` or, on a world without requests, the same stream around a poll that sends none. */
import { policyFor } from "../../../src/client/operations.ts";
import {
  connect,
  fixed,
  type Next,
  type PollOptions,
  type PollState,
  type Service,
  startPoll,
  step,
  watchRegions,
} from "../../../mod.ts";
import { follow, type Turn } from "../../../src/stream/watch.ts";
import type { Watch, World } from "../world.ts";

export function watcher({ delay, poll, fetch }: World): Watch {
  const service = connect({ token: "token", fetch: fetch ?? (() => Promise.reject(new Error("No request is sent"))) });
  const options = { schedule: fixed({ delay }) };
  if (fetch !== null) {
    return (id, done) => {
      watchRegions(id, options)(service).subscribe({ complete: done });
    };
  }
  // What `pollOnce` does around its request.
  const turn: Turn =
    (now) => (state: PollState, options: PollOptions) => (service: Service) => async (): Promise<Next> =>
      step(state, await poll(state.id), now(), policyFor(service, options));
  return (id, done) => {
    follow(service, (policy, _, now) => startPoll(id, now(), null, policy), options, turn).subscribe({
      complete: done,
    });
  };
}
