/**
 * Detects the text regions of images with a cloud OCR service, and reads their text. Submits an image, and returns its
 * task as a typed RxJS stream of statuses that ends with the result.
 *
 * Not affiliated with the maker of the service.
 *
 * @example
 * ```ts
 * import { connect, describe, detectRegions, fixed } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 *
 * await detectRegions(image, {}, { schedule: fixed({ delay: 100 }) })(service)
 *   .forEach((reply) => console.log(describe(reply)));
 * ```
 *
 * @module
 */
export * from "./src/core.ts";
export {
  type BatchContext,
  type BatchImage,
  type BatchLimits,
  type BatchOptions,
  type BatchReply,
  detectMany,
  type DetectManyOptions,
  readMany,
  type ReadManyOptions,
  runMany,
} from "./src/stream/batch.ts";
export type { Journal, JournalStorage } from "./src/stream/journal.ts";
export { type EventStreamOptions, toEventStream, toReadableStream } from "./src/stream/event_stream.ts";
export { type SvgOptions, svgWarnings, toSvg } from "./src/page/svg.ts";
export { cancelReading, type ReadOptions, readRegions, type ReadSettings } from "./src/stream/read.ts";
export { toPromise } from "./src/stream/to_promise.ts";
export { detectRegions, type RunOptions, runTask, watchRegions, watchTask } from "./src/stream/watch.ts";
