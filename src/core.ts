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
export type { AbortSignalLike } from "./internal/abort.ts";
export type { Fetch, FetchInit, FetchResponse, WebBody } from "./client/transport.ts";
export type { BudgetOptions } from "./client/budget.ts";
export {
  type Call,
  type GaveUp,
  type Http,
  type Malformed,
  type Network,
  type PermissionDenied,
  type RegionsError,
  type Timeout,
  toError,
  type TooLarge,
  type Unauthorized,
  type Unconfirmed,
} from "./model/error.ts";
export { History, NO_HISTORY, type Span } from "./model/history.ts";
export { adaptive, type AdaptiveOptions } from "./polling/adaptive.ts";
export { PollState } from "./model/poll_state.ts";
export { Payload, type Point, type RecognitionRegion, Region, Regions, toRecognitionRegions } from "./model/region.ts";
export { Language, LANGUAGES } from "./model/language.ts";
export {
  type CompleteSettings,
  DetectionSettings,
  DSR_MODES,
  DsrConfidence,
  DsrMode,
  toWireSettings,
  type WireSettings,
} from "./model/settings.ts";
export {
  type Complete,
  exponential,
  type ExponentialOptions,
  fixed,
  type FixedOptions,
  type Progress,
  type RetryOptions,
  type Schedule,
} from "./polling/schedule.ts";
export {
  type Completed,
  decodeResponse,
  describe,
  type DescribeOptions,
  type FinalStatus,
  isFinal,
  match,
  type NotExist,
  type Pending,
  type Processing,
  type Reply,
  RETENTION,
  type TaskError,
  TaskStatus,
} from "./model/task_status.ts";
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
} from "./polling/step.ts";
export { createMemory, type Credentials, type Memory, type TokenSource } from "./client/token.ts";
export { connect, type ConnectOptions, type Req, type Retry, type Service } from "./client/request.ts";
export { cancelTask, fetchRegions, type ImageSource, pollOnce, submitImage } from "./client/operations.ts";
