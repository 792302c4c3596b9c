/**
 * What the emulator does for each kind of task.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { isObject } from "../internal/json.ts";
import { preview } from "../internal/text.ts";
import { explain, fields, guarded, list, nullable, oneOf } from "../model/codec.ts";
import type { Language } from "../model/language.ts";
import { TextsOutput } from "../model/output.ts";
import { RecognitionSettings, RESULT_TYPES, type ResultType } from "../model/recognition_settings.ts";
import { Payload, type Region, Regions } from "../model/region.ts";
import type { Result } from "../model/response.ts";
import { DetectionSettings, type DsrMode } from "../model/settings.ts";

/**
 * What the emulator does for the kinds of tasks. Each function is called for at most `workers` tasks at a time. If it
 * rejects, the task ends with the status `Error` and the message of the rejection. A call that never settles occupies
 * its worker forever, even if the task is canceled.
 *
 * @category Emulator
 */
export interface KindOptions {
  /**
   * Detects the regions of an image. Gets the bytes of the image and the requested mode (`dsrMode`).
   *
   * @default {() => Promise.resolve([])}
   */
  readonly detect?: ((image: Uint8Array, mode: DsrMode) => Promise<readonly Region[]>) | undefined;
  /**
   * Recognizes the text of an image: of each region, in the order of the request, or a single text of the whole image.
   *
   * @default {undefined} empty texts
   */
  readonly recognize?: ((image: Uint8Array, request: RecognitionRequest) => Promise<readonly string[]>) | undefined;
  /**
   * Further kinds of tasks, by their name in the service, such as `DeskewImage`. Each function returns the results of a
   * task. Other kinds end with the status `Error`, since the emulator cannot emulate them.
   *
   * @default {{}}
   */
  readonly tasks?: Readonly<Record<string, (submission: Submission) => Promise<readonly Result[]>>> | undefined;
}

/**
 * What a recognizer is asked for.
 *
 * @category Emulator
 */
export interface RecognitionRequest {
  /** The language of the text. */
  readonly language: Language;
  /** The format of the texts. */
  readonly format: "Text" | "Hocr";
  /** The regions, or null for the whole image. */
  readonly regions: readonly Region[] | null;
}

/**
 * The body of a request that submits a task.
 *
 * @category Emulator
 */
export interface Submission {
  /** The image, or null if there is none. */
  readonly image: Uint8Array | null;
  /** The other fields of the body. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Processes a task. */
export type Work = () => Promise<readonly Result[]>;

/** Reads what is to be done for a submission. A `Left` names the path of each invalid value and what was expected there. */
export type Plan = (submission: Submission) => E.Either<readonly string[], Work>;

/** Every kind of task of the service, by its name. Trials need no token. Source: the service's OpenAPI description. */
const NAMES = [
  "BinarizeImage",
  "ConvertTextToSpeech",
  "ConvertTextToSpeechTrial",
  "DeskewImage",
  "DetectRegions",
  "DewarpImage",
  "DjVu2PDF",
  "IdentifyFont",
  "RecognizeAndParseInvoice",
  "RecognizeImage",
  "RecognizeImageTrial",
  "RecognizeLabel",
  "RecognizePdf",
  "RecognizeReceipt",
  "RecognizeRegions",
  "RecognizeTable",
  "UpscaleImage",
] as const;

const MISSING_IMAGE = E.left([`Request/image: expected an image in Base64, got ${preview(undefined)}`]);

/** Returns the plan of each kind of task, by its name. */
export function createPlans({ detect, recognize, tasks = {} }: KindOptions): ReadonlyMap<string, Plan> {
  const plans = new Map<string, Plan>(NAMES.map((name) => [name, () => E.right(() => refuse(name))]));
  plans.set("DetectRegions", planDetection(detect ?? (() => Promise.resolve([]))));
  const recognizer = recognize ?? ((_, { regions }) => Promise.resolve((regions ?? [null]).map(() => "")));
  plans.set("RecognizeImage", planRecognition(recognizer, false));
  plans.set("RecognizeRegions", planRecognition(recognizer, true));
  for (const [name, process] of Object.entries(tasks)) {
    plans.set(name, (submission) => E.right(async () => checkResults(await process(submission))));
  }
  return plans;
}

const isText = (u: unknown): boolean => typeof u === "string" || u === null || u === undefined;

const isResult = (u: unknown): u is Result => isObject(u) && isText(u.type) && isText(u.data);

function checkResults(results: unknown): readonly Result[] {
  if (Array.isArray(results)) {
    // A copy has no holes, which `every` would skip.
    const copy: unknown[] = [...results];
    if (copy.every(isResult)) return copy.map(({ type, data }) => ({ type, data }));
  }
  throw new Error("The function in tasks returned something other than an array of results.");
}

function refuse(name: string): Promise<never> {
  return Promise.reject(
    new Error(`The emulator does not support ${name}. Pass a function for it in the option tasks.`),
  );
}

function planDetection(detect: NonNullable<KindOptions["detect"]>): Plan {
  return ({ image, fields }) => {
    if (image === null) return MISSING_IMAGE;
    const settings = readSettings(DetectionSettings, fields.settings);
    return E.isLeft(settings)
      ? settings
      : E.right(async () => toDetectionResults(await detect(image, settings.right.dsrMode)));
  };
}

function toDetectionResults(found: unknown): readonly Result[] {
  // The round trip through the codec ensures that a client can decode what the emulator sends.
  const regions = Regions.is(found) ? Regions.decode(Regions.encode(found)) : Regions.decode(null);
  if (E.isLeft(regions)) throw new Error("The detector returned something other than an array of regions.");
  return regions.right.length === 0 ? [] : [{ type: "Other", data: Payload.encode(regions.right) }];
}

const Wanted = fields<{ resultType?: ResultType | null; regions?: readonly WireRegion[] | null }>({
  resultType: nullable(oneOf(RESULT_TYPES)),
  regions: nullable(list(guarded("a region: a rect in pixels, and an order", isWireRegion), "Regions")),
}, "Settings");

interface WireRegion {
  readonly rect: { topLeftX?: number; topLeftY?: number; bottomRightX?: number; bottomRightY?: number };
  readonly order?: number;
}

function isWireRegion(u: unknown): u is WireRegion {
  return isObject(u) && isPixel(u.order) && isObject(u.rect) &&
    [u.rect.topLeftX, u.rect.topLeftY, u.rect.bottomRightX, u.rect.bottomRightY].every(isPixel);
}

/** Whether a value is a 32-bit integer, which is 0 if it is missing. */
function isPixel(u: unknown): boolean {
  return u === undefined || typeof u === "number" && u === (u | 0);
}

function planRecognition(recognize: NonNullable<KindOptions["recognize"]>, ofRegions: boolean): Plan {
  return ({ image, fields: { settings } }) => {
    if (image === null) return MISSING_IMAGE;
    const known = readSettings(RecognitionSettings, settings);
    if (E.isLeft(known)) return known;
    const wanted = readSettings(Wanted, settings ?? {});
    if (E.isLeft(wanted)) return wanted;
    const { language } = known.right;
    const format = wanted.right.resultType ?? "Text";
    const given = ofRegions ? wanted.right.regions ?? [] : [];
    const regions = given.length === 0 ? null : inOrder(given);
    return E.right(async () => {
      if (format !== "Text" && format !== "Hocr") {
        throw new Error(`The emulator does not support the resultType ${format}. It supports Text and Hocr.`);
      }
      const output: unknown = { texts: await recognize(image, { language, format, regions }) };
      const count = regions?.length ?? 1;
      if (!(TextsOutput.is(output) && output.texts.length === count)) {
        throw new Error(`The recognizer returned something other than an array of ${count} texts.`);
      }
      return TextsOutput.encode(output).map(({ data }) => ({ type: format, data }));
    });
  };
}

/** Returns the regions in their order. A missing coordinate is 0. Swapped corners are put right. */
function inOrder(regions: readonly WireRegion[]): readonly Region[] {
  return [...regions].sort((a, b) => (a.order ?? 0) - (b.order ?? 0)).map(({ rect }) => {
    const { topLeftX: x1 = 0, topLeftY: y1 = 0, bottomRightX: x2 = 0, bottomRightY: y2 = 0 } = rect;
    return { left: Math.min(x1, x2), top: Math.min(y1, y2), right: Math.max(x1, x2), bottom: Math.max(y1, y2) };
  });
}

/** Decodes the settings. The service's documentation spells it `rotate`, its OpenAPI description `Rotate`. */
function readSettings<A>(codec: t.Type<A, unknown, unknown>, given: unknown): E.Either<readonly string[], A> {
  const settings = codec.decode(isObject(given) ? { rotate: given.Rotate, ...given } : given);
  return E.mapLeft((errors: t.Errors) => explain(errors).map((line) => `Request/settings/${line}`))(settings);
}
