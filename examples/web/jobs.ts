/**
 * What runs in the background, as a function of the state: a job runs as long as the state has it.
 *
 * @module
 */
import { Observable, type Subscription } from "rxjs";
import { type Card, isBusy } from "./card.ts";
import type { State } from "./state.ts";

/** Something that runs in the background. */
export type Job =
  /** Keeps the image's object URL. */
  | { readonly _tag: "Show"; readonly card: Card }
  /** Runs the current task of a card. */
  | { readonly _tag: "Detect"; readonly card: Card }
  | { readonly _tag: "Recognize"; readonly card: Card }
  /** Cancels a task in the service. */
  | { readonly _tag: "Cancel"; readonly card: Card; readonly task: string }
  /** Tells the time. */
  | { readonly _tag: "Clock" };

/** The jobs of a state, by keys. A job with the same key is the same job, whatever has become of its card. */
export function jobsOf({ cards }: State): ReadonlyMap<string, Job> {
  const jobs = new Map<string, Job>();
  for (const card of cards) {
    const { id, runs, progress } = card;
    jobs.set(`show ${id}`, { _tag: "Show", card });
    if (progress._tag === "Running") {
      const _tag = progress.step === "detect" ? "Detect" : "Recognize";
      jobs.set(`${progress.step} ${id} ${runs}`, { _tag, card });
    }
    if (progress._tag === "Canceling") {
      jobs.set(`cancel ${id} ${runs}`, { _tag: "Cancel", card, task: progress.task });
    }
  }
  if (cards.some(isBusy)) jobs.set("clock", { _tag: "Clock" });
  return jobs;
}

/**
 * Subscribes to a job when a state has it for the first time, and unsubscribes when a state does not have it anymore.
 * Emits what the jobs emit.
 */
export function runJobs<A>(
  states: Observable<ReadonlyMap<string, Job>>,
  run: (job: Job) => Observable<A>,
): Observable<A> {
  return new Observable((subscriber) => {
    const running = new Map<string, Subscription>();
    subscriber.add(() => running.forEach((subscription) => subscription.unsubscribe()));
    subscriber.add(states.subscribe((jobs) => {
      for (const [key, subscription] of running) {
        if (jobs.has(key)) continue;
        running.delete(key);
        subscription.unsubscribe();
      }
      for (const [key, job] of jobs) {
        if (running.has(key)) continue;
        running.set(
          key,
          run(job).subscribe({
            next: (value) => subscriber.next(value),
            error: (error) => subscriber.error(error),
          }),
        );
      }
    }));
  });
}
