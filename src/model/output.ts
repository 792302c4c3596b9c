/**
 * Codecs of outputs that several kinds of tasks share: a text, a list of texts, a file.
 *
 * @module
 */
import type * as t from "io-ts";
import * as E from "../internal/either.ts";
import { pipe } from "../internal/pipe.ts";
import { fromBase64, fromUtf8, toBase64, toByteArray } from "../internal/base64.ts";
import { isObject } from "../internal/json.ts";
import { fail, mismatch, type Read, string } from "./codec.ts";
import { explainResult, type Result } from "./response.ts";
import { createCodec, failures } from "./type.ts";

/**
 * The output of a task with a single text.
 *
 * @category Tasks
 */
export interface TextOutput {
  /** The text, in the requested format. Empty if none was found. */
  readonly text: string;
}

/**
 * The output of a task with several texts.
 *
 * @category Tasks
 */
export interface TextsOutput {
  /** The texts, in the order of the response. */
  readonly texts: readonly string[];
}

/**
 * The output of a task with a single file.
 *
 * @category Tasks
 */
export interface FileOutput {
  /** The bytes of the file. */
  readonly file: Uint8Array;
}

/**
 * The codec of {@linkcode TextOutput}: at most one result, whose data is text in UTF-8.
 *
 * @example
 * ```ts
 * import { TextOutput } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * deepEqual(TextOutput.decode([{ type: "Text", data: btoa("To Lucasta") }]), right({ text: "To Lucasta" }));
 * ```
 *
 * @category Tasks
 */
export const TextOutput: t.Type<TextOutput, readonly Result[], readonly Result[]> = /* @__PURE__ */ createCodec<
  TextOutput,
  readonly Result[],
  readonly Result[]
>(
  "TextOutput",
  (u): u is TextOutput => isObject(u) && typeof u.text === "string",
  (results, context) => {
    if (results.length > 1) return fail(results, context, "expected at most one result");
    return pipe(readTexts(results, context), E.map(([text = ""]) => ({ text })));
  },
  ({ text }) => [toTextResult(text)],
);

/**
 * The codec of {@linkcode TextsOutput}: any number of results, whose data is text in UTF-8.
 *
 * @example
 * ```ts
 * import { TextsOutput } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const results = [{ type: "Text", data: btoa("To Lucasta") }, { type: "Text", data: "" }];
 * deepEqual(TextsOutput.decode(results), right({ texts: ["To Lucasta", ""] }));
 * ```
 *
 * @category Tasks
 */
export const TextsOutput: t.Type<TextsOutput, readonly Result[], readonly Result[]> = /* @__PURE__ */ createCodec<
  TextsOutput,
  readonly Result[],
  readonly Result[]
>(
  "TextsOutput",
  // The copy has undefined in place of holes, which `every` skips.
  (u): u is TextsOutput => isObject(u) && Array.isArray(u.texts) && [...u.texts].every(string.is),
  (results, context) => pipe(readTexts(results, context), E.map((texts) => ({ texts }))),
  ({ texts }) => texts.map(toTextResult),
);

/**
 * The codec of {@linkcode FileOutput}: a single result, whose data is the file. A missing file is an error.
 *
 * @example
 * ```ts
 * import { FileOutput } from "@ocr-cloud/regions";
 * import { right } from "fp-ts/lib/Either.js";
 * import { deepEqual } from "node:assert/strict";
 *
 * const file = FileOutput.decode([{ type: "Pdf", data: btoa("%PDF-") }]);
 * deepEqual(file, right({ file: new Uint8Array([37, 80, 68, 70, 45]) }));
 * ```
 *
 * @category Tasks
 */
export const FileOutput: t.Type<FileOutput, readonly Result[], readonly Result[]> = /* @__PURE__ */ createCodec<
  FileOutput,
  readonly Result[],
  readonly Result[]
>(
  "FileOutput",
  (u): u is FileOutput => isObject(u) && u.file instanceof Uint8Array,
  (results, context) => {
    if (results.length !== 1) return fail(results, context, "expected one result");
    const file = readFile(results[0].data);
    return E.isLeft(file) ? failures(explainResult(file.left, results, 0, context)) : E.right({ file: file.right });
  },
  ({ file }) => [{ type: "Other", data: toBase64(file) }],
);

function readTexts(results: readonly Result[], context: t.Context): t.Validation<readonly string[]> {
  const texts: string[] = [];
  for (let i = 0; i < results.length; i++) {
    const text = readText(results[i].data);
    if (E.isLeft(text)) return failures(explainResult(text.left, results, i, context));
    texts.push(text.right);
  }
  return E.right(texts);
}

/** Reads the text of a result. One without data has no text. */
function readText(data: string | null | undefined): Read<string> {
  const binary = fromBase64(data ?? "");
  const text = binary === null ? null : fromUtf8(binary);
  if (text !== null) return E.right(text);
  const expected = binary === null ? "expected Base64 text" : "expected UTF-8 behind the Base64";
  return E.left((context) => mismatch(data, context, expected));
}

function readFile(data: string | null | undefined): Read<Uint8Array> {
  const binary = fromBase64(data ?? "");
  return binary === null || binary === ""
    ? E.left((context) => mismatch(data, context, "expected a file in Base64"))
    : E.right(toByteArray(binary));
}

function toTextResult(text: string): Result {
  return { type: "Text", data: toBase64(new TextEncoder().encode(text)) };
}
