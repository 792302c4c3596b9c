/**
 * The kinds of tasks that the service's queue processes. They share three calls and one form of response, and differ in
 * what is sent and what comes back.
 *
 * @module
 */
import type * as t from "io-ts";
import type { Result } from "./response.ts";

/**
 * An image file of at most 256 MiB in a format that the service supports: its bytes, or a `Blob`, from any realm. It is
 * encoded while other work continues, on Workers even while it is sent. Do not modify it before its task has an id.
 *
 * @category Tasks
 */
export type ImageSource = ArrayBufferView | ArrayBufferLike | Blob;

/**
 * A kind of task, as far as its results are read. This is all that is needed to fetch and watch tasks.
 *
 * @category Tasks
 */
export interface ResultKind<A extends object> {
  /** The name of the kind, by which the states of its tasks and their durations are kept. Unique. */
  readonly name: string;
  /** The path of its requests, below `baseUrl`: `/v5.0/ocr/DetectRegions`. */
  readonly path: string;
  /**
   * Decodes the output from the results of a completed task, in the order of the response. The output consists of the
   * fields that the status `Completed` has in addition to `_tag`, `id` and `notices`, which it must not have. May be a
   * codec, such as `TextOutput`.
   */
  readonly output: t.Decoder<readonly Result[], A>;
}

/**
 * A kind of task. Pass it to `submitTask`, `runTask` and the other functions for tasks, or define your own for a kind
 * that the library does not have.
 *
 * @category Tasks
 */
export interface TaskKind<Input, A extends object> extends ResultKind<A> {
  /**
   * Returns the body of the request that submits a task.
   *
   * @throws {RangeError} If the input has a value that the service does not support.
   */
  readonly encode: (input: Input) => TaskRequest;
  /** Returns the number of results that a task must have. Without it, any number may be valid. */
  readonly count?: ((input: Input) => number) | undefined;
  /**
   * Whether a text may be the id of a task, so that an error page or a truncated id is not taken for one. Without it, any
   * text of letters, digits and hyphens may be an id.
   */
  readonly isId?: ((text: string) => boolean) | undefined;
}

/**
 * The body of a request that submits a task: an image, which is sent as Base64, and other fields, which must be JSON.
 *
 * @category Tasks
 */
export interface TaskRequest {
  /** The image file. */
  readonly image?: ImageSource;
  /** Any other field. */
  readonly [field: string]: unknown;
}

/**
 * A task of the service.
 *
 * @category Tasks
 */
export interface TaskRef {
  /** The name of its kind. */
  readonly kind: string;
  /** The task's id: letters, digits and hyphens. */
  readonly id: string;
  /** The number of results that the task must have. If it has others, the response is malformed. */
  readonly results?: number | null | undefined;
  /** The size class of its image, such as `large`. The durations of each class are learned separately. */
  readonly sizeClass?: string | null | undefined;
}

/**
 * The name of the kind of a detection. Apart from the kind itself, which would bring its decoder into every bundle with a
 * state.
 */
export const DETECT_REGIONS_NAME = "DetectRegions";

/** Whether a text has the form of a GUID. The service's ids of some kinds have letters beyond F: `TTS01232-9d40-…`. */
export function isGuid(text: string): boolean {
  return /^[\da-z]{8}(?:-[\da-z]{4}){3}-[\da-z]{12}$/i.test(text);
}

/**
 * Refers to a task that was submitted.
 *
 * @param input What was submitted, if the number of its results is to be checked.
 *
 * @example
 * ```ts
 * import { RECOGNIZE_REGIONS, taskRef } from "@ocr-cloud/regions";
 * import { deepEqual } from "node:assert/strict";
 *
 * const input = { image: new Uint8Array([1]), regions: [{ left: 0, top: 8, right: 697, bottom: 441 }] };
 * deepEqual(taskRef(RECOGNIZE_REGIONS, "a371d027", input), { kind: "RecognizeRegions", id: "a371d027", results: 1 });
 * ```
 *
 * @category Tasks
 */
export function taskRef<Input, A extends object>(
  kind: TaskKind<Input, A>,
  id: string,
  input?: NoInfer<Input>,
): TaskRef {
  return { kind: kind.name, id, results: input === undefined ? null : kind.count?.(input) ?? null };
}
