/**
 * The kinds of tasks that recognize text.
 *
 * @module
 */
import { preview } from "../internal/text.ts";
import { FileOutput, TextOutput, TextsOutput } from "./output.ts";
import {
  type CompleteRecognitionSettings,
  RecognitionSettings,
  type ResultType,
  type TableResultType,
  type TextFormat,
  type TextSettings,
} from "./recognition_settings.ts";
import { type RecognitionRegion, Region, toRecognitionRegions } from "./region.ts";
import { checkSettings, spellForWire, type WireSettings } from "./settings.ts";
import { type ImageSource, isGuid, type TaskKind } from "./task_kind.ts";

/**
 * The input of a recognition of a whole image.
 *
 * @category Recognize
 */
export interface RecognitionInput<Settings extends RecognitionSettings = RecognitionSettings> {
  /** The image file. */
  readonly image: ImageSource;
  /** The settings of the recognition. */
  readonly settings?: Settings | undefined;
}

/**
 * The input of {@linkcode RECOGNIZE_REGIONS}.
 *
 * @category Recognize
 */
export interface RegionsInput extends RecognitionInput<TextSettings<"Text" | "Hocr">> {
  /** The regions to recognize, at least one. Fractions of pixels are rounded outward. */
  readonly regions: readonly Region[];
}

/**
 * The kind of tasks that recognize the text of regions of an image. The output has one text per region, in the order in
 * which the regions were sent. A response with another number of results is `Malformed`, since nothing states which text
 * is missing.
 *
 * The service does not document whether coordinates refer to the image as sent or to the preprocessed one. To be safe,
 * switch off every preprocessing setting of both the detection and the recognition, as `readRegions` does.
 *
 * @example
 * ```ts
 * import { connect, fixed, RECOGNIZE_REGIONS, runTask, toPromise } from "@ocr-cloud/regions";
 * import { emulate } from "@ocr-cloud/regions/emulator";
 * import { deepEqual } from "node:assert/strict";
 *
 * const emulator = emulate({ recognize: () => Promise.resolve(["To Lucasta"]) });
 * const service = connect({ credentials: { clientId: "id", clientSecret: "secret" }, fetch: emulator });
 * const image = await Deno.readFile("examples/pages/lucasta.047.jpg");
 * const regions = [{ left: 187, top: 110, right: 894, bottom: 140 }];
 * const statuses = runTask(RECOGNIZE_REGIONS, { image, regions }, { schedule: fixed({ delay: 10 }) });
 * const { texts } = await toPromise(statuses(service));
 * deepEqual(texts, ["To Lucasta"]);
 * ```
 *
 * @category Recognize
 */
export const RECOGNIZE_REGIONS: TaskKind<RegionsInput, TextsOutput> = {
  name: "RecognizeRegions",
  path: "/v5.0/ocr/RecognizeRegions",
  output: TextsOutput,
  encode: ({ image, regions, settings = {} }) => {
    const wire = toWire(settings);
    const resultType = checkFormat(settings.resultType, ["Text", "Hocr"]);
    return { image, settings: { ...wire, resultType, regions: checkRegions(regions) } };
  },
  isId: isGuid,
  count: ({ regions }) => regions.length,
};

/**
 * The kind of tasks that recognize the text of a whole image, as plain text, hOCR or JSON.
 *
 * @category Recognize
 */
export const RECOGNIZE_IMAGE: TaskKind<RecognitionInput<TextSettings>, TextOutput> = {
  name: "RecognizeImage",
  path: "/v5.0/ocr/RecognizeImage",
  output: TextOutput,
  encode: ({ image, settings = {} }) => {
    const wire = toWire(settings);
    return { image, settings: { ...wire, resultType: checkFormat(settings.resultType, ["Text", "Hocr", "JSON"]) } };
  },
  isId: isGuid,
};

/**
 * The kind of tasks that convert an image to a searchable PDF: the preprocessed image, with the text behind it.
 *
 * @category Recognize
 */
export const RECOGNIZE_IMAGE_TO_PDF: TaskKind<RecognitionInput, FileOutput> = {
  name: "RecognizeImageToPdf",
  path: "/v5.0/ocr/RecognizeImage",
  output: FileOutput,
  encode: ({ image, settings = {} }) => ({ image, settings: { ...toWire(settings), resultType: "Pdf" as ResultType } }),
  isId: isGuid,
};

/**
 * The kind of tasks that recognize a table, as CSV.
 *
 * @category Recognize
 */
export const RECOGNIZE_TABLE: TaskKind<RecognitionInput, TextOutput> = {
  name: "RecognizeTable",
  path: "/v5.0/ocr/RecognizeTable",
  output: TextOutput,
  encode: (input) => encodeTable(input, "Csv"),
  isId: isGuid,
};

/**
 * The kind of tasks that convert an image of a table to an Excel workbook (`.xlsx`).
 *
 * @category Recognize
 */
export const RECOGNIZE_TABLE_TO_EXCEL: TaskKind<RecognitionInput, FileOutput> = {
  name: "RecognizeTableToExcel",
  path: "/v5.0/ocr/RecognizeTable",
  output: FileOutput,
  encode: (input) => encodeTable(input, "Excel"),
  isId: isGuid,
};

type WireRecognition = Omit<CompleteRecognitionSettings, "rotate"> & WireSettings;

const MAX_PIXEL = 0x7fffffff;

function encodeTable({ image, settings = {} }: RecognitionInput, resultTypeTable: TableResultType) {
  return { image, settings: { ...toWire(settings), resultTypeTable } };
}

function toWire(settings: RecognitionSettings): WireRecognition {
  return spellForWire(checkSettings(RecognitionSettings, settings));
}

function checkFormat(format: TextFormat = "Text", formats: readonly TextFormat[]): TextFormat {
  if (formats.includes(format)) return format;
  throw new RangeError(
    `Cannot submit a task as resultType must be one of ${formats.join(", ")}: current value is ${preview(format)}`,
  );
}

/** Without regions, the service would recognize the whole image. */
function checkRegions(regions: readonly Region[]): readonly RecognitionRegion[] {
  if (!Array.isArray(regions) || regions.length === 0) {
    throw new RangeError(
      `Cannot recognize regions as there must be at least one: current value is ${preview(regions)}`,
    );
  }
  // Unlike `forEach`, this visits holes.
  const invalid = regions.findIndex((region: unknown) => !Region.is(region));
  if (invalid !== -1) {
    throw new TypeError(
      `Cannot recognize region ${
        invalid + 1
      } as it must be a Region with finite coordinates, left <= right and top <= bottom: ` +
        `current value is ${preview(regions[invalid])}`,
    );
  }
  const pixels = toRecognitionRegions(regions);
  const beyond = pixels.findIndex(({ rect }) => Object.values(rect).some((pixel) => Math.abs(pixel) > MAX_PIXEL));
  if (beyond === -1) return pixels;
  throw new RangeError(`Cannot recognize region ${beyond + 1} as its coordinates must be 32-bit integers`);
}
