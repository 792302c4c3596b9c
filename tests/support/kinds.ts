/**
 * Every kind of task that the library ships, for tests that hold for all of them.
 *
 * @module
 */
import fc from "fast-check";

import { Buffer, isUtf8 } from "node:buffer";
import { DETECT_REGIONS } from "../../src/model/detect_regions.ts";
import { BINARIZE_IMAGE, DESKEW_IMAGE, DEWARP_IMAGE, UPSCALE_IMAGE } from "../../src/model/preprocessing.ts";
import {
  RECOGNIZE_IMAGE,
  RECOGNIZE_IMAGE_TO_PDF,
  RECOGNIZE_REGIONS,
  RECOGNIZE_TABLE,
  RECOGNIZE_TABLE_TO_EXCEL,
} from "../../src/model/recognition.ts";
import type { RecognitionSettings, TextFormat } from "../../src/model/recognition_settings.ts";
import type { Region } from "../../src/model/region.ts";
import type { Result } from "../../src/model/response.ts";
import type { TaskKind } from "../../src/model/task_kind.ts";
import { region, settings } from "./arbitrary.ts";
import { absent, DETECTED, type Format, resultOf, type ValidResults } from "./responses.ts";

/** The image that is sent, which is `AQID` in Base64. */
export const IMAGE = new Uint8Array([1, 2, 3]);

/** A kind of task, with an example and arbitrary values. */
export interface Sample {
  readonly kind: TaskKind<never, object>;
  readonly input: never;
  readonly results: readonly Result[];
  /** What `results` contain. */
  readonly output: object;
  readonly inputs: fc.Arbitrary<never>;
  readonly format: Format;
}

/** Base64 of the UTF-8 of a text, or of bytes. */
export function base64(content: string | Uint8Array): string {
  return Buffer.from(content).toString("base64");
}

/** A text with characters of every plane of Unicode, but without lone surrogates. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.constantFrom("", "\ufeff", "\ufeffé", "\0", "\u{10ffff}", "\uffff", "\r\n", "[[0,8,697,441]]"),
);

/** Base64 in the forms that the service may send. */
const writing: fc.Arbitrary<(data: string) => string> = fc.constantFrom(
  (data) => data,
  (data) => data.replaceAll("=", ""),
  (data) => data.replace(/.{5}/g, "$& \r\n"),
);

const textResult = resultOf<string>(fc.oneof(
  { weight: 1, arbitrary: absent.map((data) => [data, ""] as const) },
  {
    weight: 4,
    arbitrary: fc.tuple(anyText, writing).map(([text, write]) => [write(base64(text)), withoutMark(text)] as const),
  },
));

const fileResult = resultOf<Uint8Array>(
  fc.tuple(fc.uint8Array({ minLength: 1 }), writing).map(([file, write]) => [write(base64(file)), file]),
);

/** A decoder removes a byte order mark. */
function withoutMark(text: string): string {
  return text.replace(/^\ufeff/, "");
}

/** Returns null if the text is not Base64. */
function bytesOf(data: string | null | undefined): Buffer | null {
  try {
    return Buffer.from(atob(data ?? ""), "latin1");
  } catch {
    return null;
  }
}

function textOf({ data }: { readonly data?: string | null }): string | null {
  const bytes = bytesOf(data);
  return bytes !== null && isUtf8(bytes) ? withoutMark(bytes.toString("utf8")) : null;
}

const noResults = (output: object): fc.Arbitrary<ValidResults> => absent.map((wire) => ({ wire, output }));

const TEXT: Format = {
  results: fc.oneof(
    { weight: 1, arbitrary: noResults({ text: "" }) },
    { weight: 1, arbitrary: fc.constant({ wire: [], output: { text: "" } }) },
    { weight: 4, arbitrary: textResult.map(({ wire, meaning: text }) => ({ wire: [wire], output: { text } })) },
  ),
  read: (results) => {
    const text = results.length === 0 ? "" : textOf(results[0]);
    return results.length > 1 || text === null ? null : { text };
  },
};

const TEXTS: Format = {
  results: fc.oneof(
    { weight: 1, arbitrary: noResults({ texts: [] }) },
    {
      weight: 4,
      arbitrary: fc.array(textResult, { maxLength: 3 }).map((list) => ({
        wire: list.map(({ wire }) => wire),
        output: { texts: list.map(({ meaning }) => meaning) },
      })),
    },
  ),
  read: (results) => {
    const texts = results.map(textOf);
    return texts.includes(null) ? null : { texts };
  },
};

const FILE: Format = {
  results: fileResult.map(({ wire, meaning: file }) => ({ wire: [wire], output: { file } })),
  read: (results) => {
    const file = results.length === 1 ? bytesOf(results[0].data) : null;
    return file === null || file.length === 0 ? null : { file: new Uint8Array(file) };
  },
};

const REGION: Region = { left: 0, top: 8, right: 697, bottom: 441 };
const TEXT_RESULTS = [{ type: "Text", data: base64("Die Äpfel") }];
const PNG_RESULTS = [{ type: "ImagePNG", data: base64("\x89PNG") }];
const PNG = { file: new Uint8Array(Buffer.from("\x89PNG")) };

const image = fc.constantFrom(IMAGE, new Blob([IMAGE]), IMAGE.buffer);

const recognition: fc.Arbitrary<RecognitionSettings> = fc.tuple(
  settings,
  fc.record({ makeSpellCheck: fc.boolean() }, { requiredKeys: [], noNullPrototype: true }),
).map(([settings, more]) => ({ ...settings, ...more }));

function inputsOf<Settings>(settings: fc.Arbitrary<Settings>) {
  return fc.record({ image, settings }, { requiredKeys: ["image"] });
}

function inFormats<Format extends TextFormat>(...formats: Format[]) {
  return fc.tuple(recognition, fc.constantFrom(undefined, ...formats))
    .map(([settings, resultType]) => resultType === undefined ? settings : { ...settings, resultType });
}

/** Regions that the service can be asked to recognize: within 32 bits. */
const pixels = fc.array(region.filter((region) => Object.values(region).flat().every(isPixel)), { minLength: 1 });

function isPixel(u: unknown): boolean {
  return typeof u !== "number" || Math.abs(u) < 2 ** 31 - 1;
}

/** Every kind of task that the library ships. */
export const SAMPLES: readonly Sample[] = [
  sample(
    DETECT_REGIONS,
    { image: IMAGE },
    [{ type: "Other", data: base64("[[0,8,697,441]]") }],
    { regions: [REGION] },
    inputsOf(settings),
    DETECTED,
  ),
  sample(
    RECOGNIZE_REGIONS,
    { image: IMAGE, regions: [REGION, REGION] },
    [...TEXT_RESULTS, { type: "Text", data: "" }],
    { texts: ["Die Äpfel", ""] },
    fc.tuple(inputsOf(inFormats("Text", "Hocr")), pixels).map(([input, regions]) => ({ ...input, regions })),
    TEXTS,
  ),
  sample(
    RECOGNIZE_IMAGE,
    { image: IMAGE },
    TEXT_RESULTS,
    { text: "Die Äpfel" },
    inputsOf(inFormats("Text", "Hocr", "JSON")),
    TEXT,
  ),
  sample(RECOGNIZE_IMAGE_TO_PDF, { image: IMAGE }, PNG_RESULTS, PNG, inputsOf(recognition), FILE),
  sample(RECOGNIZE_TABLE, { image: IMAGE }, TEXT_RESULTS, { text: "Die Äpfel" }, inputsOf(recognition), TEXT),
  sample(RECOGNIZE_TABLE_TO_EXCEL, { image: IMAGE }, PNG_RESULTS, PNG, inputsOf(recognition), FILE),
  ...[BINARIZE_IMAGE, DESKEW_IMAGE, DEWARP_IMAGE, UPSCALE_IMAGE].map((kind) =>
    sample(kind, { image: IMAGE }, PNG_RESULTS, PNG, fc.record({ image }), FILE)
  ),
];

/** Erases the types, so that one list can hold every kind. The input of each kind stays its own. */
function sample<Input, A extends object>(
  kind: TaskKind<Input, A>,
  input: Input,
  results: readonly Result[],
  output: A,
  inputs: fc.Arbitrary<Input>,
  format: Format,
): Sample {
  return { kind, input: input as never, results, output, inputs: inputs as fc.Arbitrary<never>, format };
}
