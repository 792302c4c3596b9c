/**
 * The browser's half of `@ocr-cloud/regions`: submits images to your own back end, whose handler has the credentials, and
 * subscribes to the statuses of its tasks. For pages, and for any other program without credentials.
 *
 * @module
 */
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
} from "../model/error.ts";
export { describe, type DescribeOptions, toError } from "../model/describe.ts";
export type { DetectionInput } from "../model/detect_regions.ts";
export { Detection } from "../model/detection.ts";
export type { Language } from "../model/language.ts";
export { FileOutput, TextOutput, TextsOutput } from "../model/output.ts";
export type { PollState } from "../model/poll_state.ts";
export type { Point, RecognitionRegion, Region } from "../model/region.ts";
export type { Result } from "../model/response.ts";
export { Reply, replyCodec } from "../model/reply.ts";
export { type DetectionSettings, DSR_MODES, type DsrConfidence, type DsrMode } from "../model/settings.ts";
export type { ImageSource, TaskRef } from "../model/task_kind.ts";
export {
  type Completed,
  type FinalStatus,
  type Finished,
  isFinal,
  match,
  type NotExist,
  type Pending,
  type Processing,
  type StatusHandlers,
  type TaskError,
  type TaskStatus,
} from "../model/task_status.ts";
export type { RetryOptions } from "../polling/retry.ts";
export { fromEventStream, type OutputType, type Reconnection, type SubscribeOptions } from "./event_source.ts";
export type { RequestHeaders, RequestOptions } from "./request.ts";
export { cancelAt, type CancelOptions, type SubmitOptions, submitTo } from "./submit.ts";
