/**
 * The kinds of tasks that the matrix of faults is run with: the calls of each kind, and what its tasks return.
 *
 * @module
 */
import type { Observable } from "rxjs";
import { cancelTask, fetchRegions, fetchTask, submitImage, submitTask } from "../../src/client/operations.ts";
import type { Req, Service } from "../../src/client/service.ts";
import type { EmulatorOptions } from "../../src/emulator/emulator.ts";
import { DETECTION } from "../../src/model/detection.ts";
import { RECOGNIZE_REGIONS } from "../../src/model/recognition.ts";
import type { Reply } from "../../src/model/reply.ts";
import type { TaskStatus } from "../../src/model/task_status.ts";
import type { WatchOptions } from "../../src/client/poll_loop.ts";
import { detectRegions, type RunOptions, runTask, watchRegions, watchTask } from "../../src/stream/watch.ts";

/** A kind of task, as the library offers it. */
export interface Subject {
  readonly name: string;
  readonly path: string;
  readonly submit: () => Req<string>;
  readonly fetch: (id: string) => Req<TaskStatus<object>>;
  readonly cancel: (id: string) => Req<void>;
  readonly watch: (id: string, options: WatchOptions) => (service: Service) => Observable<Reply<object>>;
  readonly run: (options: RunOptions) => (service: Service) => Observable<Reply<object>>;
  /** The settings of a request that submits a task without the library. */
  readonly settings: object;
  /** What the service finds in every image. */
  readonly emulator: EmulatorOptions;
  /** The same, as the library returns it. */
  readonly output: object;
}

const IMAGE = new Uint8Array([1, 2, 3]);
const REGION = { left: 0, top: 8, right: 697, bottom: 441 };

/** Detections, with the functions that are named after them. */
export const DETECT: Subject = {
  name: DETECTION.name,
  path: DETECTION.path,
  submit: () => submitImage(IMAGE),
  fetch: fetchRegions,
  cancel: cancelTask,
  watch: watchRegions,
  run: (options) => detectRegions(IMAGE, {}, options),
  settings: {},
  emulator: { detect: () => Promise.resolve([REGION]) },
  output: { regions: [REGION] },
};

const INPUT = { image: IMAGE, regions: [REGION, REGION] };

/** Recognitions of two regions, with the functions for tasks of any kind. */
export const RECOGNIZE: Subject = {
  name: RECOGNIZE_REGIONS.name,
  path: RECOGNIZE_REGIONS.path,
  submit: () => submitTask(RECOGNIZE_REGIONS, INPUT),
  fetch: (id) => fetchTask(RECOGNIZE_REGIONS, id),
  cancel: (id) => cancelTask(id, RECOGNIZE_REGIONS),
  watch: (id, options) => watchTask(RECOGNIZE_REGIONS, id, { ...options, results: 2 }),
  run: (options) => runTask(RECOGNIZE_REGIONS, INPUT, options),
  settings: { regions: [{ rect: { bottomRightX: 9 }, order: 0 }, { rect: { bottomRightX: 8 }, order: 1 }] },
  emulator: { recognize: () => Promise.resolve(["To Lucasta", "Die Äpfel 😀"]) },
  output: { texts: ["To Lucasta", "Die Äpfel 😀"] },
};
