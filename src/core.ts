/**
 * Everything in `@ocr-cloud/regions` that does not need RxJS: decoders, schedules, polling as a pure step, and single
 * calls. For scripts, and for Workers whose startup time matters.
 *
 * @example
 * ```ts
 * import { connect, describe, fetchRegions } from "@ocr-cloud/regions/core";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 *
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulate() });
 * console.log(describe(await fetchRegions("a371d027-4b0d-4d86-8825-c8d818dd4ed9")(service)()));
 * ```
 *
 * @module
 */
export type { AbortSignalLike } from "./internal/abort.ts";
export type { Complete } from "./internal/check.ts";
export type { WebBody } from "./internal/http.ts";
export {
  type Call,
  type GaveUp,
  type Http,
  type Malformed,
  type Network,
  type PermissionDenied,
  RegionsError,
  type Timeout,
  type TooLarge,
  type Unauthorized,
  type Unconfirmed,
  type Unreadable,
} from "./model/error.ts";
export { describe, type DescribeOptions, toError } from "./model/describe.ts";
export { DETECT_REGIONS, type DetectionInput } from "./model/detect_regions.ts";
export { Detection } from "./model/detection.ts";
export { Histories, History, NO_HISTORY, type Span } from "./model/history.ts";
export { Language, LANGUAGES } from "./model/language.ts";
export { FileOutput, TextOutput, TextsOutput } from "./model/output.ts";
export { PollState } from "./model/poll_state.ts";
export { ReadState, type ReadStep } from "./model/read_state.ts";
export { FinalReadStatus, type Reading, type ReadReply, type ReadStatus, type RegionText } from "./model/reading.ts";
export { RunState } from "./model/run_state.ts";
export { finalStatusCodec, Reply, replyCodec } from "./model/reply.ts";
export { BINARIZE_IMAGE, DESKEW_IMAGE, DEWARP_IMAGE, type ImageInput, UPSCALE_IMAGE } from "./model/preprocessing.ts";
export {
  type RecognitionInput,
  RECOGNIZE_IMAGE,
  RECOGNIZE_IMAGE_TO_PDF,
  RECOGNIZE_REGIONS,
  RECOGNIZE_TABLE,
  RECOGNIZE_TABLE_TO_EXCEL,
  type RegionsInput,
} from "./model/recognition.ts";
export {
  type CompleteRecognitionSettings,
  RecognitionSettings,
  RESULT_TYPES,
  type ResultType,
  TABLE_RESULT_TYPES,
  type TableResultType,
  type TextFormat,
  type TextSettings,
} from "./model/recognition_settings.ts";
export { Payload, type Point, type RecognitionRegion, Region, Regions, toRecognitionRegions } from "./model/region.ts";
export {
  type CompleteSettings,
  DetectionSettings,
  DSR_MODES,
  DsrConfidence,
  DsrMode,
  toWireSettings,
  type WireSettings,
} from "./model/settings.ts";
export type { Result } from "./model/response.ts";
export {
  type ImageSource,
  type ResultKind,
  type TaskKind,
  type TaskRef,
  taskRef,
  type TaskRequest,
} from "./model/task_kind.ts";
export {
  type Completed,
  decodeResponse,
  decodeTask,
  type FinalStatus,
  type Finished,
  isFinal,
  match,
  type NotExist,
  type Pending,
  type Processing,
  RETENTION,
  statusCodec,
  type StatusHandlers,
  type TaskError,
  TaskStatus,
} from "./model/task_status.ts";
export { adaptive, type AdaptiveOptions } from "./polling/adaptive.ts";
export { type PollOptions, type PollPolicy, pollPolicy } from "./polling/policy.ts";
export type { RetryOptions } from "./polling/retry.ts";
export {
  exponential,
  type ExponentialOptions,
  fixed,
  type FixedOptions,
  type Schedule,
  type ScheduleInput,
} from "./polling/schedule.ts";
export { type Done, type Next, resumePoll, startPoll, step, type Wait } from "./polling/step.ts";
export type { BudgetOptions } from "./client/budget.ts";
export { createMemory, type Memory } from "./client/memory.ts";
export { cancelTask, fetchRegions, fetchTask, submitImage, submitTask } from "./client/operations.ts";
export type { WatchOptions } from "./client/poll_loop.ts";
export { pollOnce, pollTask } from "./client/poll_once.ts";
export {
  connect,
  type ConnectOptions,
  type CredentialsOptions,
  type Req,
  type Retry,
  type Service,
  type ServiceOptions,
  type TokenOptions,
} from "./client/service.ts";
export type { Credentials, TokenSource } from "./client/token.ts";
export { waitForRegions, waitForTask } from "./client/wait.ts";
export type { CallContext, Fetch, FetchInit, FetchResponse, Transport } from "./client/transport.ts";
