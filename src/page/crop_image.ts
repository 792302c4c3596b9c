/**
 * Cuts regions out of an image, where the platform can decode images.
 *
 * @module
 */
import type { TaskEither } from "fp-ts/lib/TaskEither.js";
import * as E from "../internal/either.ts";
import { isBlob, toBytes } from "../internal/bytes.ts";
import { preview, quote } from "../internal/text.ts";
import type { Region } from "../model/region.ts";
import { type CropOptions, type CropRectangle, cropRectangle } from "./crop.ts";
import type { Size } from "./geometry.ts";

/**
 * Options of {@linkcode cropImage}.
 *
 * @category Page
 */
export interface CropImageOptions extends Pick<CropOptions, "padding"> {
  /**
   * The MIME type of the results. Browsers write PNG and JPEG, and most of them WebP. For any other type, they write PNG,
   * which the `type` of the results tells.
   *
   * @default {"image/png"}
   */
  readonly type?: string | undefined;
  /**
   * The quality of JPEG and WebP, from 0 to 1.
   *
   * @default {undefined} the browser's own
   */
  readonly quality?: number | undefined;
}

/**
 * The reason why no regions were cut out.
 *
 * @category Page
 */
export interface CropFailure {
  /** Discriminates it from other errors. */
  readonly _tag: "CropFailure";
  /** Whether the platform cannot crop at all, cannot decode the image, or cannot write one of the results. */
  readonly reason: "unsupported" | "undecodable" | "unwritable";
  /** What is missing, or the platform's own message, at most 300 characters. */
  readonly detail: string;
}

/** What is used of a decoded image. */
interface Bitmap extends Size {
  readonly close: () => void;
}

/** What is used of an `OffscreenCanvas`. */
interface Canvas {
  readonly getContext: (
    kind: "2d",
  ) => { readonly drawImage: (image: Bitmap, left: number, top: number) => void } | null;
  readonly convertToBlob: (options: {
    readonly type: string;
    readonly quality?: number | undefined;
  }) => Promise<Blob>;
}

type Decode = (image: Blob, options: { readonly imageOrientation: "from-image" }) => Promise<Bitmap>;
type CreateCanvas = new (width: number, height: number) => Canvas;

const isDecode = (u: unknown): u is Decode => typeof u === "function";
const isCreateCanvas = (u: unknown): u is CreateCanvas => typeof u === "function";

/**
 * Cuts regions out of an image, as image files. The image is decoded once, and its EXIF orientation is applied, since
 * regions refer to the image as displayed.
 *
 * This needs `createImageBitmap` and `OffscreenCanvas`, which browsers and their workers have. Elsewhere, such as in
 * Deno, Node.js and Cloudflare Workers, the result is a `CropFailure` whose reason is `unsupported`: pass the result of
 * {@linkcode cropRectangle} to another tool.
 *
 * @param image The image file: a `Blob` or `File`, or its bytes.
 *
 * @returns The results in the order of the regions. A region of which no pixel is in the image is null.
 *
 * @throws {RangeError} If `padding` is not finite.
 * @throws {TypeError} If `image` is neither a `Blob` nor bytes.
 *
 * @example
 * ```ts
 * import { cropImage } from "@ocr-cloud/regions/page";
 * import { isRight } from "fp-ts/lib/Either.js";
 * import { readFile } from "node:fs/promises";
 *
 * const image = await readFile("examples/pages/lucasta.047.jpg");
 * const heading = { left: 187, top: 110, right: 894, bottom: 140 };
 * const crops = await cropImage(image, [heading], { padding: 5 })();
 * if (isRight(crops)) console.log(crops.right[0]?.size);
 * else console.log(crops.left.detail); // Deno's canvases have no 2D context.
 * ```
 *
 * @category Page
 */
export function cropImage(
  image: ArrayBufferView | ArrayBufferLike | Blob,
  regions: readonly Region[],
  options: CropImageOptions = {},
): TaskEither<CropFailure, readonly (Blob | null)[]> {
  const { padding, type = "image/png", quality } = options;
  const bytes = toBytes(image);
  const blob = isBlob(image) ? image : bytes === null ? null : new Blob([new Uint8Array(bytes)]);
  if (blob === null) {
    throw new TypeError(
      "Cannot crop the image as it must be a Blob, a typed array, a DataView or an ArrayBuffer: " +
        `current value is ${preview(image)}`,
    );
  }
  const toRectangles = (size: Size) => regions.map((region) => cropRectangle(region, { padding, size }));
  // Reports an invalid padding now rather than when the image has been decoded.
  toRectangles({ width: 1, height: 1 });
  return async () => {
    const decode: unknown = Reflect.get(globalThis, "createImageBitmap");
    const createCanvas: unknown = Reflect.get(globalThis, "OffscreenCanvas");
    if (!isDecode(decode)) return failure("unsupported", "The runtime has no createImageBitmap.");
    if (!isCreateCanvas(createCanvas) || !hasContext(createCanvas)) {
      return failure("unsupported", "The runtime has no OffscreenCanvas with a 2D context.");
    }
    let bitmap: Bitmap;
    try {
      bitmap = await decode(blob, { imageOrientation: "from-image" });
    } catch (error) {
      return failure("undecodable", messageOf(error));
    }
    const cut = async ({ left, top, width, height }: CropRectangle): Promise<Blob> => {
      const canvas = new createCanvas(width, height);
      const context = canvas.getContext("2d");
      if (context === null) throw new Error("The canvas has no context.");
      context.drawImage(bitmap, -left, -top);
      return await canvas.convertToBlob({ type, quality });
    };
    try {
      // One after the other, since canvases take much memory.
      const crops: (Blob | null)[] = [];
      for (const rectangle of toRectangles(bitmap)) crops.push(rectangle === null ? null : await cut(rectangle));
      return E.right(crops);
    } catch (error) {
      return failure("unwritable", messageOf(error));
    } finally {
      bitmap.close();
    }
  };
}

/** Whether canvases have a 2D context, which those of Deno do not. */
function hasContext(createCanvas: CreateCanvas): boolean {
  try {
    return new createCanvas(1, 1).getContext("2d") !== null;
  } catch {
    return false;
  }
}

function failure(reason: CropFailure["reason"], detail: string): E.Either<CropFailure, never> {
  return E.left({ _tag: "CropFailure", reason, detail: quote(detail) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown";
}
