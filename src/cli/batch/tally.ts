/**
 * What became of the images of a batch: counts, and a summary for people.
 *
 * @module
 */
import { duration } from "../../model/describe.ts";
import { count } from "../words.ts";
import { FAILURES } from "./outputs.ts";

/** How an image ended that was not completed. */
export type Ending =
  /** The service ended its task without a result. */
  | "failed"
  /** A call failed: it was not accepted, or the status of its task could not be determined. */
  | "interrupted"
  /** It could not be read, or its output cannot be written. Nothing was sent. */
  | "unreadable"
  /** It may have been accepted. */
  | "unconfirmed"
  /** Its task continues. */
  | "unfinished"
  /** Its task was canceled. */
  | "canceled"
  /** It was completed, and its output could not be written. */
  | "unwritten";

/** An image that was not completed. */
export interface Failure {
  readonly key: string;
  readonly ending: Ending;
  /** One or two sentences. */
  readonly reason: string;
  /** The id of its task, or null if that is not known. */
  readonly id: string | null;
}

/** The counts of a batch. */
export interface Tally {
  readonly complete: () => void;
  /** Counts an image whose task was submitted and is not waited for. */
  readonly submit: () => void;
  readonly fail: (failure: Failure) => void;
  readonly counts: () => Counts;
}

/** What has become of the images so far. */
export interface Counts {
  readonly completed: number;
  readonly submitted: number;
  readonly endings: ReadonlyMap<Ending, number>;
  /** The first failures, at most {@linkcode MAX_FAILURES}. */
  readonly failures: readonly Failure[];
}

/** The number of failures that the summary names. The others are counted, and named in the file of failures. */
export const MAX_FAILURES = 1000;

/** Counts from zero. */
export function createTally(): Tally {
  let completed = 0, submitted = 0;
  const endings = new Map<Ending, number>();
  const failures: Failure[] = [];
  return {
    complete: () => void completed++,
    submit: () => void submitted++,
    fail: (failure) => {
      endings.set(failure.ending, (endings.get(failure.ending) ?? 0) + 1);
      if (failures.length < MAX_FAILURES) failures.push(failure);
    },
    counts: () => ({ completed, submitted, endings, failures }),
  };
}

/** The number of images that did not end as they should. */
export function countFailures({ endings }: Counts): number {
  return Array.from(endings.values()).reduce((sum, count) => sum + count, 0);
}

const WORDS: readonly (readonly [Ending, string])[] = [
  ["failed", "failed"],
  ["interrupted", "interrupted by an error"],
  ["unreadable", "not sent"],
  ["unwritten", "completed, but not written"],
  ["unconfirmed", "unconfirmed"],
  ["unfinished", "still in progress"],
  ["canceled", "canceled"],
];

/** What becomes of images in progress when a batch is stopped. */
const STOPS: readonly Ending[] = ["unfinished", "canceled"];

/**
 * Summarizes a batch for people, as lines.
 *
 * @param out The folder of its output, or null if there is none.
 * @param elapsed The duration of the batch in milliseconds.
 * @param isStopped Whether the batch ended before its last image.
 */
export function summarize(counts: Counts, out: string | null, elapsed: number, isStopped: boolean): readonly string[] {
  const { completed, submitted, endings, failures } = counts;
  const number = (ending: Ending): number => endings.get(ending) ?? 0;
  const all = countFailures(counts), total = all + completed + submitted;
  const parts = [
    ...completed > 0 || submitted === 0 ? [`${completed} of ${count(total, "image")} completed`] : [],
    ...submitted > 0 ? [`${submitted} of ${count(total, "image")} submitted`] : [],
    ...WORDS.flatMap(([ending, words]) => number(ending) === 0 ? [] : [`${number(ending)} ${words}`]),
  ];
  const canResume = ["interrupted", "unfinished", "unwritten", "canceled"] as const;
  return [
    `${isStopped ? "Stopped: " : ""}${parts.join(", ")} (${duration(elapsed)}).`,
    // What has just been said is not repeated.
    ...total === 1
      ? []
      : failures.filter(({ ending }) => !(isStopped && STOPS.includes(ending))).map((failure) =>
        `  ${failure.key}: ${failure.reason}`
      ),
    ...all > failures.length ? [`  … and ${all - failures.length} more.`] : [],
    // Without a folder, only detections can be submitted, and `watch` gets all of their results.
    ...out === null ? submitted > 0 ? ["To get the results: ocr-regions watch --last"] : [] : [
      ...completed > 0 ? [`The output is in ${out}.`] : [],
      ...all > failures.length ? [`All failures are in ${out}/${FAILURES}.`] : [],
      ...submitted > 0 ? ["To get the results, run the same command with --resume instead of --detach."] : [],
      ...isStopped || canResume.some((ending) => number(ending) > 0)
        ? ["To continue, run the same command with --resume."]
        : [],
      ...number("unconfirmed") > 0
        ? ["To send the unconfirmed ones again, which may be billed twice, use --resume --resubmit."]
        : [],
      ...number("failed") > 0 ? ["To send the failed ones again, use --resume --resubmit."] : [],
    ],
  ];
}
