/**
 * The drawing of regions over their image that a command writes.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { pipe } from "fp-ts/lib/function.js";
import type { Region } from "../model/region.ts";
import { toSvg } from "../page/svg.ts";
import { checkTarget, messageOf, type Target, type Written } from "./files.ts";

/** A drawing to be written. */
export interface Drawing {
  readonly file: string;
  readonly target: Target;
  readonly image: Uint8Array | undefined;
}

/** Checks whether the drawing can be written. A Left is a sentence for the user. */
export async function prepareDrawing(
  file: string | null,
  imageFile: string | null,
  image: Uint8Array | undefined,
): Promise<E.Either<string, Drawing | null>> {
  if (file === null) return E.right(null);
  return pipe(await checkTarget("drawing", file, imageFile), E.map((target) => ({ file, target, image })));
}

/** Draws the regions, with their texts if there are any. */
export async function draw(
  { target, image }: Drawing,
  regions: readonly Region[],
  texts?: readonly string[],
): Promise<Written> {
  let svg: string;
  try {
    svg = toSvg(regions, { image, texts });
  } catch (error) {
    return E.left(messageOf(error));
  }
  return await target.write(svg);
}
