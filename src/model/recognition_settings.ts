/**
 * The settings of a recognition of text, and the formats of its results.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { isObject } from "../internal/json.ts";
import { boolean, fields, nullable } from "./codec.ts";
import { type CompleteSettings, DetectionSettings } from "./settings.ts";
import { createCodec, identity } from "./type.ts";

/**
 * Every {@linkcode ResultType}, in the service's own spelling. Source: the service's OpenAPI description.
 *
 * @category Recognize
 */
export const RESULT_TYPES = [
  "Text",
  "Pdf",
  "TextAndPdf",
  "Hocr",
  "TextAndHocr",
  "PdfAndHocr",
  "TextAndPdfAndHocr",
  "ImagePNG",
  "JSON",
] as const;

/**
 * A format in which the service returns recognized text.
 *
 * @category Recognize
 */
export type ResultType = typeof RESULT_TYPES[number];

/**
 * Every {@linkcode TableResultType}, in the service's own spelling. Source: the service's OpenAPI description.
 *
 * @category Recognize
 */
export const TABLE_RESULT_TYPES = ["Text", "Excel", "Csv", "CsvAndExcel"] as const;

/**
 * A format in which the service returns a recognized table.
 *
 * @category Recognize
 */
export type TableResultType = typeof TABLE_RESULT_TYPES[number];

/**
 * A format that is text: plain text, hOCR (HTML with coordinates), or JSON whose fields the service does not document.
 *
 * @category Recognize
 */
export type TextFormat = Extract<ResultType, "Text" | "Hocr" | "JSON">;

/**
 * The settings of a recognition. Every field is optional. The library sends every setting with every image, since the
 * service's sources disagree about the defaults. Source: the service's pages on recognizing images and regions.
 *
 * @category Recognize
 */
export interface RecognitionSettings extends DetectionSettings {
  /**
   * Whether to correct the spelling of the recognized text. The service supports it for some of the languages.
   *
   * @default {false}
   */
  readonly makeSpellCheck?: boolean | undefined;
}

/**
 * {@linkcode RecognitionSettings} and a format of text.
 *
 * @category Recognize
 */
export interface TextSettings<Format extends TextFormat = TextFormat> extends RecognitionSettings {
  /**
   * The format of the text.
   *
   * @default {"Text"}
   */
  readonly resultType?: Format | undefined;
}

/**
 * {@linkcode RecognitionSettings} with a value for every field.
 *
 * @category Recognize
 */
export interface CompleteRecognitionSettings extends CompleteSettings {
  /** Whether to correct the spelling of the recognized text. */
  readonly makeSpellCheck: boolean;
}

interface Given {
  readonly makeSpellCheck?: boolean | null;
}

const Given: t.Type<Given, unknown, unknown> = /* @__PURE__ */ fields<Given>(
  { makeSpellCheck: /* @__PURE__ */ nullable(boolean) },
  "RecognitionSettings",
);

/**
 * The codec of {@linkcode RecognitionSettings}. Fields that are missing or null get their default.
 *
 * @example
 * ```ts
 * import { RecognitionSettings } from "@ocr-cloud/regions";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { equal } from "node:assert/strict";
 *
 * const settings = RecognitionSettings.decode({ language: "German" });
 * equal(isRight(settings) && settings.right.makeSpellCheck, false);
 * ```
 *
 * @category Recognize
 */
export const RecognitionSettings: t.Type<CompleteRecognitionSettings, unknown, unknown> = /* @__PURE__ */ createCodec<
  CompleteRecognitionSettings,
  unknown,
  unknown
>(
  "RecognitionSettings",
  (u): u is CompleteRecognitionSettings =>
    isObject(u) && typeof u.makeSpellCheck === "boolean" && DetectionSettings.is(u),
  (u, context) =>
    pipe(
      DetectionSettings.validate(u, context),
      E.chain((settings) =>
        pipe(
          Given.validate(u, context),
          E.map(({ makeSpellCheck }) => ({ ...settings, makeSpellCheck: makeSpellCheck ?? false })),
        )
      ),
    ),
  identity,
);
