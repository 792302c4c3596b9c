/**
 * What the jobs of the page do: requests to the back end, object URLs, and the clock.
 *
 * @module
 */
import {
  cancelAt,
  fromEventStream,
  type RegionsError,
  submitTo,
  type SubscribeOptions,
  TextsOutput,
} from "@ocr-cloud/regions/client";
import * as E from "fp-ts/lib/Either.js";
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import { interval, map, Observable, of, startWith, switchMap } from "rxjs";
import type { Card } from "./card.ts";
import type { Job } from "./jobs.ts";
import type { Action } from "./state.ts";

/** How often the clock tells the time, in milliseconds. */
const TICK = 100;

/** Switched off in both tasks, since these settings may move the coordinates of the regions. */
const AS_IS = {
  makeSkewCorrect: false,
  makeBinarization: false,
  makeContrastCorrection: false,
  makeUpsampling: false,
};

/** Runs a job. Nothing happens before the subscription, and unsubscribing ends everything. */
export function runJob(job: Job): Observable<Action> {
  switch (job._tag) {
    case "Show":
      return keepUrl(job.card);
    case "Detect":
      return detect(job.card);
    case "Recognize":
      return recognize(job.card);
    case "Cancel":
      return cancel(job.card, job.task);
    case "Clock":
      return interval(TICK).pipe(map(() => ({ _tag: "Tick" })));
  }
}

/** Makes an object URL of an image, and revokes it at the end. */
function keepUrl({ id, image }: Card): Observable<Action> {
  return new Observable((subscriber) => {
    const url = URL.createObjectURL(image);
    subscriber.next({ _tag: "Show", id, url });
    return () => URL.revokeObjectURL(url);
  });
}

function detect({ id, image, settings }: Card): Observable<Action> {
  const { language, dsrMode, dsrConfidence } = settings;
  return runTask(
    id,
    image,
    "/tasks",
    { language, dsrMode, dsrConfidence, ...AS_IS },
    (task, options) => fromEventStream(task, options).pipe(map((reply): Action => ({ _tag: "Detected", id, reply }))),
  );
}

function recognize({ id, image, settings, regions }: Card): Observable<Action> {
  const fields = { language: settings.language, ...AS_IS, regions: (regions ?? []).map(({ region }) => region) };
  return runTask(
    id,
    image,
    "/texts",
    fields,
    (task, options) =>
      fromEventStream(task, { ...options, output: TextsOutput }).pipe(
        map((reply): Action => ({ _tag: "Recognized", id, reply })),
      ),
  );
}

/** Submits a task, and watches it. */
function runTask(
  id: number,
  image: Blob,
  url: string,
  fields: object,
  watch: (task: string, options: Pick<SubscribeOptions, "onRetry">) => Observable<Action>,
): Observable<Action> {
  const watchLoudly = (task: string): Observable<Action> =>
    new Observable((subscriber) =>
      watch(task, { onRetry: () => subscriber.next({ _tag: "Interrupted", id }) })
        .pipe(startWith<Action>({ _tag: "Submitted", id, task }))
        .subscribe(subscriber)
    );
  return fromTaskEither((signal) => submitTo(url, { signal })(image, fields)).pipe(
    switchMap(E.fold((error) => of<Action>({ _tag: "Failed", id, error }), watchLoudly)),
  );
}

function cancel({ id }: Card, task: string): Observable<Action> {
  return fromTaskEither((signal) => cancelAt(task, { signal })).pipe(
    map(
      E.fold<RegionsError, void, Action>((error) => ({ _tag: "Failed", id, error }), () => ({ _tag: "Canceled", id })),
    ),
  );
}

/** Runs a request, which unsubscribing aborts. */
function fromTaskEither<A>(
  start: (signal: AbortSignal) => TaskEither<RegionsError, A>,
): Observable<E.Either<RegionsError, A>> {
  return new Observable((subscriber) => {
    const controller = new AbortController();
    start(controller.signal)().then((outcome) => {
      subscriber.next(outcome);
      subscriber.complete();
    }, (error) => subscriber.error(error));
    return () => controller.abort();
  });
}
