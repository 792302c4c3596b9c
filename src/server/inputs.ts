/**
 * Converts uploads to the inputs of tasks.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { preview, quote } from "../internal/text.ts";
import { explain } from "../model/codec.ts";
import type { DetectionInput } from "../model/detect_regions.ts";
import type { RegionsInput } from "../model/recognition.ts";
import { RecognitionSettings } from "../model/recognition_settings.ts";
import { Regions } from "../model/region.ts";
import { DetectionSettings } from "../model/settings.ts";
import type { Upload } from "./upload.ts";

/**
 * Converts an upload to the input of a task. A `Left` is a sentence that says what is wrong with the upload.
 *
 * @category Server
 */
export type ReadInput<Input> = (upload: Upload) => E.Either<string, Input>;

/**
 * Converts an upload to the input of a detection. The fields are its settings.
 *
 * @example
 * ```ts
 * import { detectionInput } from "@ocr-cloud/regions/server";
 * import { left } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const upload = { image: new Uint8Array([1]), fields: { dsrMode: "Regions", colour: true } };
 * deepEqual(detectionInput(upload), left('Unknown setting "colour".'));
 * ```
 *
 * @category Server
 */
export function detectionInput({ image, fields }: Upload): E.Either<string, DetectionInput> {
  return pipe(readSettings(DetectionSettings, fields), E.map((settings) => ({ image, settings })));
}

/**
 * Converts an upload to the input of a recognition. The field `regions` is an array of regions, as in the status of a
 * detection, and the others are the settings.
 *
 * @example
 * ```ts
 * import { recognitionInput } from "@ocr-cloud/regions/server";
 * import { left } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const upload = { image: new Uint8Array([1]), fields: { language: "German" } };
 * deepEqual(recognitionInput(upload), left("regions: expected an array of one or more regions, got nothing"));
 * ```
 *
 * @category Server
 */
export function recognitionInput({ image, fields }: Upload): E.Either<string, RegionsInput> {
  const { regions, resultType, ...others } = fields;
  if (!Regions.is(regions) || regions.length === 0) {
    return E.left(`regions: expected an array of one or more regions, got ${preview(regions)}`);
  }
  if (resultType !== undefined && resultType !== "Text" && resultType !== "Hocr") {
    return E.left(`resultType: expected Text or Hocr, got ${preview(resultType)}`);
  }
  return pipe(
    readSettings(RecognitionSettings, others),
    E.map((settings) => ({ image, regions, settings: { ...settings, resultType } })),
  );
}

function readSettings<A extends object>(
  codec: t.Decoder<unknown, A>,
  fields: Readonly<Record<string, unknown>>,
): E.Either<string, A> {
  const settings = codec.decode(fields);
  if (E.isLeft(settings)) {
    return E.left(explain(settings.left).map((line) => quote(line.replace(/^\w+\//, ""))).join("; "));
  }
  const unknown = Object.keys(fields).find((name) => !Object.keys(settings.right).includes(name));
  return unknown === undefined ? settings : E.left(`Unknown setting ${preview(unknown)}.`);
}
