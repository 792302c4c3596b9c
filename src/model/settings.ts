/**
 * The settings of a detection, which are sent with an image.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { boolean, explain, fields, guarded, nullable, oneOf } from "./codec.ts";
import { Language } from "./language.ts";
import { createCodec, identity } from "./type.ts";

/**
 * The algorithm of the structure analysis. Source: the service's OpenAPI description.
 *
 * @category Detect
 */
export type DsrMode =
  | "Regions"
  | "DsrNoFilter"
  | "DsrAndFilter"
  | "NoDsrNoFilter"
  | "TextDetector"
  | "DsrPlusDetector"
  | "PolygonalTextDetector"
  | "LineDetector";

/**
 * Every {@linkcode DsrMode}.
 *
 * @category Detect
 */
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
 *
 * @category Detect
 */
export const DsrMode: t.Type<DsrMode> = /* @__PURE__ */ oneOf(DSR_MODES);

/**
 * The confidence that the algorithm requires of a region. Source: the service's OpenAPI description.
 *
 * @category Detect
 */
export type DsrConfidence = "Default" | "Low" | "LowMid" | "Mid" | "MidHigh" | "High" | "Ultra" | "All";

/** Every {@linkcode DsrConfidence}. */
export const DSR_CONFIDENCES: readonly DsrConfidence[] = [
  "Default",
  "Low",
  "LowMid",
  "Mid",
  "MidHigh",
  "High",
  "Ultra",
  "All",
];

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
 *
 * @category Detect
 */
export const DsrConfidence: t.Type<DsrConfidence> = /* @__PURE__ */ oneOf(DSR_CONFIDENCES);

/**
 * The settings of a detection. Every field is optional. The library sends every setting with every image, since the
 * service's sources disagree about the defaults. Source: the service's page on sending an image for detection.
 *
 * @category Detect
 */
export interface DetectionSettings {
  /**
   * The language of the text.
   *
   * @default {"English"}
   */
  readonly language?: Language | undefined;
  /**
   * Whether to straighten a page that is tilted by at most 15 degrees.
   *
   * @default {true}
   */
  readonly makeSkewCorrect?: boolean | undefined;
  /**
   * The angle by which to rotate the image, in degrees: a 32-bit integer. The service does not document the direction.
   *
   * @default {0}
   */
  readonly rotate?: number | undefined;
  /**
   * Whether to convert the image to black and white.
   *
   * @default {false}
   */
  readonly makeBinarization?: boolean | undefined;
  /**
   * Whether to increase the contrast.
   *
   * @default {true}
   */
  readonly makeContrastCorrection?: boolean | undefined;
  /**
   * Whether to enlarge the image.
   *
   * @default {false}
   */
  readonly makeUpsampling?: boolean | undefined;
  /**
   * The algorithm of the structure analysis.
   *
   * @default {"Regions"}
   */
  readonly dsrMode?: DsrMode | undefined;
  /**
   * The confidence that the algorithm requires of a region.
   *
   * @default {"Default"}
   */
  readonly dsrConfidence?: DsrConfidence | undefined;
}

/**
 * {@linkcode DetectionSettings} with a value for every field.
 *
 * @category Detect
 */
export type CompleteSettings = { readonly [K in keyof DetectionSettings]-?: Exclude<DetectionSettings[K], undefined> };

/**
 * The settings as sent on the wire. The service's OpenAPI description spells `Rotate` with a capital letter.
 *
 * @category Detect
 */
export interface WireSettings extends Omit<CompleteSettings, "rotate"> {
  /** The angle by which to rotate the image, in degrees: a 32-bit integer. */
  readonly Rotate: number;
}

const DEFAULTS: CompleteSettings = {
  language: "English",
  makeSkewCorrect: true,
  rotate: 0,
  makeBinarization: false,
  makeContrastCorrection: true,
  makeUpsampling: false,
  dsrMode: "Regions",
  dsrConfidence: "Default",
};

const Degrees: t.Type<number> = /* @__PURE__ */ guarded(
  "an integer number of degrees",
  (u): u is number => typeof u === "number" && u === (u | 0),
);

const KEYS = /* @__PURE__ */ Object.keys(DEFAULTS) as (keyof DetectionSettings)[];

type Given = { readonly [K in keyof DetectionSettings]: DetectionSettings[K] | null };

const Given: t.Type<Given, unknown, unknown> = /* @__PURE__ */ givenCodec();

/** Created in a function, so that a bundle which does not use it does not contain the calls within it. */
function givenCodec(): t.Type<Given, unknown, unknown> {
  return fields<Given>({
    language: nullable(Language),
    makeSkewCorrect: nullable(boolean),
    rotate: nullable(Degrees),
    makeBinarization: nullable(boolean),
    makeContrastCorrection: nullable(boolean),
    makeUpsampling: nullable(boolean),
    dsrMode: nullable(DsrMode),
    dsrConfidence: nullable(DsrConfidence),
  }, "DetectionSettings");
}

/**
 * The codec of {@linkcode DetectionSettings}. Fields that are missing or null get their default.
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
 *
 * @category Detect
 */
export const DetectionSettings: t.Type<CompleteSettings> = /* @__PURE__ */ createCodec<CompleteSettings>(
  "DetectionSettings",
  (u): u is CompleteSettings => Given.is(u) && KEYS.every((key) => (u[key] ?? null) !== null),
  (u, context) => pipe(Given.validate(u, context), E.map(complete)),
  identity,
);

/**
 * Returns the settings as the library sends them, with a value for every field.
 *
 * @throws {RangeError} If a setting has a value that the service does not support.
 *
 * @example
 * ```ts
 * import { toWireSettings } from "@ocr-cloud/regions";
 * import { equal } from "node:assert/strict";
 *
 * const settings = toWireSettings({ dsrMode: "LineDetector", rotate: 90 });
 * equal(settings.language, "English");
 * equal(settings.Rotate, 90);
 * ```
 *
 * @category Detect
 */
export function toWireSettings(settings: DetectionSettings = {}): WireSettings {
  return spellForWire(checkSettings(DetectionSettings, settings));
}

/** Returns the settings with a value for every field. Throws a `RangeError` if the service does not support one. */
export function checkSettings<A>(codec: t.Type<A, unknown, unknown>, settings: unknown): A {
  const decoded = codec.decode(settings);
  if (E.isRight(decoded)) return decoded.right;
  throw new RangeError(
    `Cannot submit a task as its settings must be supported by the service: ${explain(decoded.left).join("; ")}`,
  );
}

/** Spells the names of complete settings as the service does. */
export function spellForWire<A extends CompleteSettings>(settings: A): Omit<A, "rotate"> & WireSettings {
  const { rotate, ...others } = settings;
  return { ...others, Rotate: rotate };
}

function complete(given: Given): CompleteSettings {
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
