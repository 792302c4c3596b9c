// Every kind of task has its own input and output, and so has a kind that a caller defines.
import {
  BINARIZE_IMAGE,
  cancelTask,
  type Completed,
  connect,
  fetchTask,
  type FileOutput,
  match,
  pollTask,
  RECOGNIZE_IMAGE,
  RECOGNIZE_REGIONS,
  RECOGNIZE_TABLE,
  type Region,
  type RegionsError,
  type Reply,
  type ResultKind,
  runTask,
  submitTask,
  type TaskKind,
  taskRef,
  type TaskStatus,
  TextOutput,
  type TextsOutput,
  toEventStream,
  toPromise,
  watchTask,
} from "@ocr-cloud/regions";
import { createDurableTask, type DurableStorage, type DurableTask } from "@ocr-cloud/regions/durable-object";
import { emulate, type RecognitionRequest, type Submission } from "@ocr-cloud/regions/emulator";
import type { Either } from "fp-ts/lib/Either.js";
import type { Observable } from "rxjs";

const service = connect({ token: "token" });
const image = new Uint8Array(1);
const regions: readonly Region[] = [{ left: 0, top: 8, right: 697, bottom: 441 }];

export const texts: Promise<readonly string[]> = toPromise(runTask(RECOGNIZE_REGIONS, { image, regions })(service))
  .then(({ texts }) => texts);
export const file: Promise<Uint8Array> = toPromise(watchTask(BINARIZE_IMAGE, "1")(service)).then(({ file }) => file);
export const watched: Observable<Reply<TextsOutput>> = watchTask(RECOGNIZE_REGIONS, "1", { results: 1 })(service);
export const events: ReadableStream<Uint8Array> = toEventStream(watched);
export const fetched: Promise<Either<RegionsError, TaskStatus<FileOutput>>> = fetchTask(BINARIZE_IMAGE, "1")(service)();
export const submitted: Promise<Either<RegionsError, string>> = submitTask(RECOGNIZE_TABLE, { image })(service)();
cancelTask("1", RECOGNIZE_REGIONS)(service);
taskRef(RECOGNIZE_REGIONS, "1", { image, regions });

export function words(status: Completed<TextsOutput>): string {
  // @ts-expect-error: a recognition of regions has texts
  status.regions;
  return status.texts.join();
}

export const length: (status: TaskStatus<TextOutput>) => number = match<number, TextOutput>({
  Pending: () => 0,
  Processing: () => 0,
  Completed: ({ text }) => text.length,
  Error: () => 0,
  NotExist: () => 0,
});

// @ts-expect-error: the regions are missing
submitTask(RECOGNIZE_REGIONS, { image });
// @ts-expect-error: the kinds that improve an image have no settings
submitTask(BINARIZE_IMAGE, { image, settings: {} });
// @ts-expect-error: there is no such setting, and a misspelled one must not be ignored
submitTask(RECOGNIZE_IMAGE, { image, settings: { lang: "German" } });
submitTask(RECOGNIZE_REGIONS, { image, regions, settings: { resultType: "Hocr", language: "German" } });
// @ts-expect-error: the JSON of regions is documented nowhere
submitTask(RECOGNIZE_REGIONS, { image, regions, settings: { resultType: "JSON" } });
submitTask(RECOGNIZE_IMAGE, { image, settings: { resultType: "JSON", makeSpellCheck: true } });
// @ts-expect-error: a PDF file is not text
submitTask(RECOGNIZE_IMAGE, { image, settings: { resultType: "Pdf" } });
// @ts-expect-error: there is no such language
submitTask(RECOGNIZE_IMAGE, { image, settings: { language: "Klingon" } });

/** A kind that the library does not have. */
const RECEIPTS: TaskKind<{ readonly image: Blob }, TextOutput> = {
  name: "RecognizeReceipt",
  path: "/v5.0/ocr/RecognizeReceipt",
  output: TextOutput,
  encode: ({ image }) => ({ image, settings: { language: "English" } }),
};
// Whoever only reads results needs no encoder.
const RECEIPT: ResultKind<TextOutput> = { name: RECEIPTS.name, path: RECEIPTS.path, output: TextOutput };

export const receipt: Promise<string> = toPromise(runTask(RECEIPTS, { image: new Blob([]) })(service))
  .then(({ text }) => text);
watchTask(RECEIPT, "1");
// @ts-expect-error: receipts are Blobs here
runTask(RECEIPTS, { image });
// @ts-expect-error: what is only read cannot be submitted
submitTask(RECEIPT, { image });
// @ts-expect-error: the output needs a decoder
export const broken: ResultKind<TextOutput> = { name: "Receipts", path: "/", output: JSON.parse };

export function durable(storage: DurableStorage): DurableTask<{ readonly image: Blob }, TextOutput> {
  const task = createDurableTask(storage, service, { kind: RECEIPTS, retention: 1000 });
  task.submit({ image: new Blob([]) });
  // @ts-expect-error: receipts are Blobs here
  task.submit({ image });
  return task;
}

export const polled = (state: Parameters<typeof pollTask>[1]) => pollTask(RECEIPT, state)(service);

emulate({
  recognize: (_image: Uint8Array, { language, format, regions }: RecognitionRequest) =>
    Promise.resolve((regions ?? [null]).map(() => `${language} ${format}`)),
  tasks: {
    RecognizeReceipt: ({ image, fields }: Submission) => Promise.resolve([{ data: `${image} ${fields.text}` }]),
  },
});
