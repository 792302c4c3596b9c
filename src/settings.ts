/**
 * What a detection can be told: the settings that are sent with an image.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import * as t from "io-ts";
import { explain, fields, guarded, nullable, oneOf } from "./codec.ts";

/** The structure-analysis algorithm. Source: the service's OpenAPI description. */
export type DsrMode =
  | "Regions"
  | "DsrNoFilter"
  | "DsrAndFilter"
  | "NoDsrNoFilter"
  | "TextDetector"
  | "DsrPlusDetector"
  | "PolygonalTextDetector"
  | "LineDetector";

/** Every {@linkcode DsrMode}. */
export const DSR_MODES: readonly DsrMode[] = [
  "Regions",
  "DsrNoFilter",
  "DsrAndFilter",
  "NoDsrNoFilter",
  "TextDetector",
  "DsrPlusDetector",
  "PolygonalTextDetector",
  "LineDetector",
];

/**
 * The codec of {@linkcode DsrMode}.
 *
 * @example
 * ```ts
 * import { DsrMode } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(DsrMode.is("LineDetector"), true);
 * ```
 */
export const DsrMode: t.Type<DsrMode> = oneOf(DSR_MODES);

/** How sure the algorithm must be of a region. Source: the service's OpenAPI description. */
export type DsrConfidence = "Default" | "Low" | "LowMid" | "Mid" | "MidHigh" | "High" | "Ultra" | "All";

/**
 * The codec of {@linkcode DsrConfidence}.
 *
 * @example
 * ```ts
 * import { DsrConfidence } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(DsrConfidence.is("Certain"), false);
 * ```
 */
export const DsrConfidence: t.Type<DsrConfidence> = oneOf([
  "Default",
  "Low",
  "LowMid",
  "Mid",
  "MidHigh",
  "High",
  "Ultra",
  "All",
]);

/**
 * What a detection can be told. All of it is optional, and all of it is sent, since the service's own sources do not
 * agree on the defaults. Source: the service's page on sending an image for detection.
 */
export interface DetectionSettings {
  /**
   * The language of the text, by its English name. The service knows some 170.
   *
   * @default {"English"}
   */
  readonly language?: string;
  /**
   * Whether to straighten a page that is tilted by 15 degrees or less.
   *
   * @default {true}
   */
  readonly makeSkewCorrect?: boolean;
  /**
   * By how many whole degrees to turn the image.
   *
   * @default {0}
   */
  readonly rotate?: number;
  /**
   * Whether to reduce the image to black and white.
   *
   * @default {false}
   */
  readonly makeBinarization?: boolean;
  /**
   * Whether to raise the contrast.
   *
   * @default {true}
   */
  readonly makeContrastCorrection?: boolean;
  /**
   * Whether to enlarge the image.
   *
   * @default {false}
   */
  readonly makeUpsampling?: boolean;
  /**
   * The structure-analysis algorithm.
   *
   * @default {"Regions"}
   */
  readonly dsrMode?: DsrMode;
  /**
   * How sure the algorithm must be of a region.
   *
   * @default {"Default"}
   */
  readonly dsrConfidence?: DsrConfidence;
}

const DEFAULTS: Required<DetectionSettings> = {
  language: "English",
  makeSkewCorrect: true,
  rotate: 0,
  makeBinarization: false,
  makeContrastCorrection: true,
  makeUpsampling: false,
  dsrMode: "Regions",
  dsrConfidence: "Default",
};

const Degrees: t.Type<number> = guarded("a whole number of degrees", (u): u is number => Number.isSafeInteger(u));

const KEYS = Object.keys(DEFAULTS) as (keyof DetectionSettings)[];

type Given = { readonly [K in keyof DetectionSettings]: DetectionSettings[K] | null };

const Given: t.Type<Given, unknown, unknown> = fields<Given>({
  language: nullable(t.string),
  makeSkewCorrect: nullable(t.boolean),
  rotate: nullable(Degrees),
  makeBinarization: nullable(t.boolean),
  makeContrastCorrection: nullable(t.boolean),
  makeUpsampling: nullable(t.boolean),
  dsrMode: nullable(DsrMode),
  dsrConfidence: nullable(DsrConfidence),
}, "DetectionSettings");

/**
 * The codec of {@linkcode DetectionSettings}: what is absent or null becomes its default.
 *
 * @example
 * ```ts
 * import { DetectionSettings } from "@ocr-cloud/regions";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { equal } from "node:assert/strict";
 *
 * const settings = DetectionSettings.decode({ dsrMode: "LineDetector", rotate: null });
 * equal(isRight(settings) && settings.right.rotate, 0);
 * ```
 */
export const DetectionSettings: t.Type<
  Required<DetectionSettings>,
  Required<DetectionSettings>,
  unknown
> = new t.Type<Required<DetectionSettings>, Required<DetectionSettings>, unknown>(
  "DetectionSettings",
  (u): u is Required<DetectionSettings> => Given.is(u) && KEYS.every((key) => (u[key] ?? null) !== null),
  (u, context) => E.map(complete)(Given.validate(u, context)),
  t.identity,
);

/**
 * The settings as they are sent, complete.
 *
 * @throws {RangeError} If a setting has a value that the service does not know.
 *
 * @example
 * ```ts
 * import { toWireSettings } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * equal(toWireSettings({ dsrMode: "LineDetector" }).language, "English");
 * ```
 */
export function toWireSettings(settings: DetectionSettings = {}): Required<DetectionSettings> {
  const complete = DetectionSettings.decode(settings);
  if (E.isRight(complete)) return complete.right;
  throw new RangeError(
    `Cannot detect regions as the settings are not the service's: ${explain(complete.left).join("; ")}`,
  );
}

function complete(given: Given): Required<DetectionSettings> {
  return {
    language: given.language ?? DEFAULTS.language,
    makeSkewCorrect: given.makeSkewCorrect ?? DEFAULTS.makeSkewCorrect,
    rotate: given.rotate ?? DEFAULTS.rotate,
    makeBinarization: given.makeBinarization ?? DEFAULTS.makeBinarization,
    makeContrastCorrection: given.makeContrastCorrection ?? DEFAULTS.makeContrastCorrection,
    makeUpsampling: given.makeUpsampling ?? DEFAULTS.makeUpsampling,
    dsrMode: given.dsrMode ?? DEFAULTS.dsrMode,
    dsrConfidence: given.dsrConfidence ?? DEFAULTS.dsrConfidence,
  };
}
