/**
 * The detection of text regions, with its settings.
 *
 * @module
 */
import { type Detection, DETECTION_OUTPUT } from "./detection.ts";
import { type DetectionSettings, toWireSettings } from "./settings.ts";
import { DETECT_REGIONS_NAME, type ImageSource, isGuid, type TaskKind } from "./task_kind.ts";

/**
 * The input of a detection.
 *
 * @category Detect
 */
export interface DetectionInput {
  /** The image file. */
  readonly image: ImageSource;
  /** The settings of the detection. */
  readonly settings?: DetectionSettings | undefined;
}

/**
 * The kind of tasks that detect the text regions of an image. `submitImage`, `fetchRegions`, `watchRegions` and
 * `detectRegions` are the functions for tasks, applied to this kind.
 *
 * @category Detect
 */
export const DETECT_REGIONS: TaskKind<DetectionInput, Detection> = {
  name: DETECT_REGIONS_NAME,
  path: "/v5.0/ocr/DetectRegions",
  output: DETECTION_OUTPUT,
  encode: ({ image, settings }) => ({ image, settings: toWireSettings(settings) }),
  isId: isGuid,
};
