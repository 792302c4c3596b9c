/** This library: `watchRegions` or, on a world without requests, the same stream around a poll that sends none. */
import { DETECTION, type Detection } from "../../../src/model/detection.ts";
import { policyFor } from "../../../src/client/poll_once.ts";
import { connect } from "../../../src/client/service.ts";
import { fixed } from "../../../src/polling/schedule.ts";
import { startPoll, step } from "../../../src/polling/step.ts";
import type { Poll } from "../../../src/client/poll_loop.ts";
import { statusStream, watchRegions } from "../../../src/stream/watch.ts";
import type { Watch, World } from "../world.ts";

export function watcher({ delay, poll, connection }: World): Watch {
  const service = connect({ token: "token", ...connection });
  const options = { schedule: fixed({ delay }) };
  if (connection !== null) {
    return (id, done) => {
      watchRegions(id, options)(service).subscribe({ complete: done });
    };
  }
  // What `pollOnce` does around its request.
  const pollPlain: Poll<Detection> = async (_service, _kind, policy, state, now) =>
    step(state, await poll(state.id), now(), policy);
  return (id, done) => {
    const policy = policyFor(service, options);
    statusStream(service, DETECTION, policy, undefined, (now) => startPoll(id, now(), null, policy), pollPlain)
      .subscribe({ complete: done });
  };
}
