/**
 * The kinds of tasks that improve an image before its text is recognized. Their output is a PNG file.
 *
 * @module
 */
import { FileOutput } from "./output.ts";
import { type ImageSource, isGuid, type TaskKind } from "./task_kind.ts";

/**
 * The input of a preprocessing task.
 *
 * @category Recognize
 */
export interface ImageInput {
  /** The image file. */
  readonly image: ImageSource;
}

/**
 * The kind of tasks that convert an image to black and white.
 *
 * @category Recognize
 */
export const BINARIZE_IMAGE: TaskKind<ImageInput, FileOutput> = /* @__PURE__ */ preprocessing("BinarizeImage");

/**
 * The kind of tasks that straighten a tilted page.
 *
 * @category Recognize
 */
export const DESKEW_IMAGE: TaskKind<ImageInput, FileOutput> = /* @__PURE__ */ preprocessing("DeskewImage");

/**
 * The kind of tasks that flatten a curved page, such as a photograph of an open book.
 *
 * @category Recognize
 */
export const DEWARP_IMAGE: TaskKind<ImageInput, FileOutput> = /* @__PURE__ */ preprocessing("DewarpImage");

/**
 * The kind of tasks that enlarge an image.
 *
 * @category Recognize
 */
export const UPSCALE_IMAGE: TaskKind<ImageInput, FileOutput> = /* @__PURE__ */ preprocessing("UpscaleImage");

function preprocessing(name: string): TaskKind<ImageInput, FileOutput> {
  return {
    name,
    path: `/v5.0/ocr/${name}`,
    output: FileOutput,
    encode: ({ image }) => ({ image }),
    isId: isGuid,
  };
}
