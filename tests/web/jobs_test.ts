import { deepStrictEqual as deepEqual, strictEqual as equal } from "node:assert/strict";
import { EMPTY, map, Observable, of, Subject } from "rxjs";
import { type Job, jobsOf, runJobs } from "../../examples/web/jobs.ts";
import type { Action } from "../../examples/web/state.ts";
import { add, after, detected, found, submitted } from "./cards.ts";

const keysAfter = (...actions: readonly Action[]): readonly string[] => [...jobsOf(after(...actions)).keys()];

Deno.test("each image has its URL, and each task that runs its job", () => {
  deepEqual(keysAfter(), []);
  deepEqual(keysAfter(add("a")), ["show 1", "detect 1 1", "clock"]);
  deepEqual(keysAfter(add("a"), submitted(1), found(1)), ["show 1", "recognize 1 1", "clock"]);
  deepEqual(keysAfter(add("a"), submitted(1), found(1, [])), ["show 1"]);
  deepEqual(keysAfter(add("a"), submitted(1), { _tag: "Cancel", id: 1 }), ["show 1", "cancel 1 1", "clock"]);
  deepEqual(keysAfter(add("a"), submitted(1), found(1, []), { _tag: "Remove", id: 1 }), []);
});

Deno.test("a job continues while its card changes, and another run is another job", () => {
  const actions = [add("a"), submitted(1), detected(1, { _tag: "Pending", id: "1" }), { _tag: "Tick" }] as const;
  deepEqual(keysAfter(...actions), keysAfter(add("a")));
  deepEqual(keysAfter(add("a"), { _tag: "Cancel", id: 1 }, { _tag: "Repeat", id: 1 }), [
    "show 1",
    "detect 1 2",
    "clock",
  ]);
});

Deno.test("runJobs() starts each job once, and ends it when the state does not have it anymore", () => {
  const log: string[] = [];
  const states = new Subject<ReturnType<typeof jobsOf>>();
  const run = (job: Job): Observable<string> =>
    new Observable((subscriber) => {
      log.push(`start ${job._tag}`);
      subscriber.next(job._tag);
      return () => log.push(`end ${job._tag}`);
    });
  const heard: string[] = [];
  const subscription = runJobs(states, run).subscribe((tag) => heard.push(tag));
  states.next(jobsOf(after(add("a"))));
  states.next(jobsOf(after(add("a"), submitted(1))));
  deepEqual(log, ["start Show", "start Detect", "start Clock"]);
  states.next(jobsOf(after(add("a"), submitted(1), found(1, []))));
  deepEqual(log.slice(3), ["end Detect", "end Clock"]);
  subscription.unsubscribe();
  deepEqual(log.slice(5), ["end Show"]);
  deepEqual(heard, ["Show", "Detect", "Clock"]);
  equal(states.observed, false);
});

Deno.test("runJobs() does not complete with its jobs, and does not run a job again that has completed", () => {
  let count = 0, isOver = false;
  const states = new Subject<ReturnType<typeof jobsOf>>();
  const run = (): Observable<never> => {
    count++;
    return EMPTY;
  };
  runJobs(states, run).subscribe({ complete: () => isOver = true });
  states.next(jobsOf(after(add("a"))));
  states.next(jobsOf(after(add("a"), submitted(1))));
  deepEqual([count, isOver], [3, false]);
});

Deno.test("runJobs() passes errors on, and ends every job", () => {
  let ended = 0;
  const run = ({ _tag }: Job): Observable<never> =>
    _tag === "Clock" ? of(0).pipe(map(() => fail())) : new Observable(() => () => void ended++);
  let error: unknown = null;
  runJobs(of(jobsOf(after(add("a")))), run).subscribe({ error: (it) => error = it });
  deepEqual([error, ended], [new Error("broken"), 2]);
});

function fail(): never {
  throw new Error("broken");
}
