/**
 * All of `@ocr-cloud/regions` but its streams, and so without rxjs: decoders, schedules, the polling as a pure step, and
 * the single calls. For scripts, and for Workers that count milliseconds.
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
export type { AbortSignalLike } from "./abort.ts";
export type { Fetch, FetchInit, FetchResponse, WebBody } from "./client/transport.ts";
export type { BudgetOptions } from "./budget.ts";
export {
  type Call,
  type GaveUp,
  type Http,
  type Malformed,
  type Network,
  type RegionsError,
  type Timeout,
  toError,
  type TooLarge,
  type Unauthorized,
  type Unconfirmed,
} from "./error.ts";
export { History, NO_HISTORY, type Span } from "./history.ts";
export { learned, type LearnedOptions } from "./learned.ts";
export { PollState } from "./poll_state.ts";
export { Payload, type Point, type RecognitionRegion, Region, Regions, toRecognitionRegions } from "./region.ts";
export { Language, LANGUAGES } from "./model/language.ts";
export {
  type CompleteSettings,
  DetectionSettings,
  DSR_MODES,
  DsrConfidence,
  DsrMode,
  toWireSettings,
  type WireSettings,
} from "./settings.ts";
export {
  type Complete,
  exponential,
  type ExponentialOptions,
  fixed,
  type FixedOptions,
  type Progress,
  type RetryOptions,
  type Schedule,
} from "./schedule.ts";
export {
  type Completed,
  decodeResponse,
  describe,
  type DescribeOptions,
  type Failed,
  type FinalStatus,
  isFinal,
  match,
  type NotExist,
  type Pending,
  type Processing,
  type Reply,
  RETENTION,
  TaskStatus,
} from "./task_status.ts";
export {
  type Done,
  type Next,
  type PollOptions,
  type PollPolicy,
  pollPolicy,
  resumePoll,
  startPoll,
  step,
  type Wait,
} from "./step.ts";
export { createMemory, type Credentials, type Memory, type TokenSource } from "./token.ts";
export { connect, type ConnectOptions, type Req, type Retry, type Service } from "./request.ts";
export { cancelTask, fetchRegions, type ImageSource, submitImage, turn } from "./api.ts";
