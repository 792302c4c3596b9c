/**
 * What a batch does for each of its images: a detection or a reading.
 *
 * @module
 */
import type { Observable } from "rxjs";
import type { Service } from "../../client/service.ts";
import { describe } from "../../model/describe.ts";
import { DETECT_REGIONS } from "../../model/detect_regions.ts";
import type { ReadStatus } from "../../model/reading.ts";
import { RECOGNIZE_REGIONS } from "../../model/recognition.ts";
import type { TaskKind } from "../../model/task_kind.ts";
import { isFinal, type TaskStatus } from "../../model/task_status.ts";
import { inReadingOrder } from "../../page/reading_order.ts";
import { type BatchImage, type BatchReply, detectMany, readMany } from "../../stream/batch.ts";
import type { JournalStorage } from "../../stream/journal.ts";
import type { Schedule } from "../../polling/schedule.ts";
import type { Detect, Read } from "../command.ts";
import { toTable } from "../result.ts";
import { count } from "../words.ts";
import type { Page } from "./page.ts";

/** The options of the library that every job takes. */
export interface JobOptions {
  readonly concurrency: number;
  readonly deadline: number | undefined;
  readonly schedule: Schedule | undefined;
  readonly signal: AbortSignal;
  readonly journal: JournalStorage;
  readonly resubmit: boolean;
}

/** What a value of the stream means. */
export type Outcome =
  | { readonly _tag: "Running"; readonly label: string }
  | { readonly _tag: "Completed"; readonly page: Page }
  | { readonly _tag: "Failed"; readonly reason: string };

/** A job, whose stream has values of type `A`. */
export interface Job<A> {
  readonly run: (
    images: AsyncIterable<BatchImage>,
    options: JobOptions,
  ) => (service: Service) => Observable<BatchReply<A>>;
  /** What determines its results, as JSON: the command, and the settings that were given. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The kinds of its tasks. */
  readonly kinds: readonly Pick<TaskKind<never, never>, "name" | "path">[];
  readonly interpret: (value: A) => Outcome;
  /** Whether the command `watch` gets the whole result of an image by the id of its task. */
  readonly isWatchable: boolean;
}

/** Detects regions. */
export function detectJob({ settings }: Pick<Detect, "settings">): Job<TaskStatus> {
  return {
    run: (images, options) => detectMany(images, settings, options),
    settings: { command: "detect", ...settings },
    kinds: [DETECT_REGIONS],
    interpret: (status) => {
      if (!isFinal(status)) return { _tag: "Running", label: status._tag };
      if (status._tag !== "Completed") return { _tag: "Failed", reason: describe(status) };
      const { regions, notices } = status;
      const page = {
        regions: inReadingOrder(regions).map((region) => ({ region })),
        image: null,
        notices,
        shown: toTable(regions),
        json: status,
        summary: `${count(regions.length, "region")} found`,
      };
      return { _tag: "Completed", page };
    },
    isWatchable: true,
  };
}

const STEPS = { preprocess: "Preprocessing", detect: "Detecting", recognize: "Recognizing" } as const;

/** Reads texts. */
export function readJob({ settings }: Read): Job<ReadStatus> {
  const isHocr = settings.resultType === "Hocr";
  return {
    run: (images, options) => readMany(images, settings, options),
    settings: { command: "read", ...settings, preprocess: settings.preprocess?.name },
    kinds: [DETECT_REGIONS, RECOGNIZE_REGIONS, ...settings.preprocess === undefined ? [] : [settings.preprocess]],
    interpret: (value) => {
      if (value.step === "done") {
        const { regions, image, notices } = value;
        const page = {
          // hOCR is markup, which no other format contains.
          regions: isHocr ? regions.map(({ region }) => ({ region })) : regions,
          image,
          notices,
          shown: toText(regions.map(({ text }) => text)),
          json: { regions, notices },
          summary: `${count(regions.length, "text")} found`,
        };
        return { _tag: "Completed", page };
      }
      const { step, status } = value;
      return status._tag === "Error" || status._tag === "NotExist"
        ? { _tag: "Failed", reason: describe(status) }
        : { _tag: "Running", label: `${STEPS[step]}: ${status._tag}` };
    },
    isWatchable: false,
  };
}

/** The texts, separated by blank lines. */
function toText(texts: readonly string[]): string {
  return texts.map((text) => text.trimEnd()).filter((text) => text !== "").map((text) => `${text}\n`).join("\n");
}
