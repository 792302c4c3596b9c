/**
 * Regions as a picture: numbered outlines over their image, in one SVG text.
 *
 * @module
 */
import { preview } from "../model/codec.ts";
import { placeLabels, type Size } from "./labels.ts";
import { type Picture, toPicture } from "./picture.ts";
import { escapeXml } from "./xml.ts";
import { type Point, Region } from "../model/region.ts";

export { svgWarnings } from "./picture.ts";

/** The size of every label, of its text and of the lines around labels and regions. In pixels. */
interface LabelStyle extends Size {
  readonly em: number;
  readonly line: number;
}

// Of the eight colors of Okabe and Ito ("Color Universal Design", 2008, https://jfly.uni-koeln.de/color/), those whose
// lines have the contrast of 3:1 with white paper that WCAG 2.2 requires (1.4.11), except black, which the text has.
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"] as const;

// Dashes and gaps, in widths of the line. With three styles and four colors, neighbors differ in both, and a pair of
// the two recurs only after twelve regions.
const DASHES: readonly (readonly number[])[] = [[], [5, 2.5], [1.5, 1.5]];

/**
 * Options of {@linkcode toSvg}.
 *
 * @category Views
 */
export interface SvgOptions {
  /**
   * The image under the regions: the bytes of its file, which the SVG then holds as a `data:` URL, or a link to it:
   * `http:`, `https:`, `data:image/` or relative. Bytes may be in any typed array, `DataView`, Node.js `Buffer`,
   * `ArrayBuffer` or `SharedArrayBuffer`. Read a `Blob` first: `await blob.arrayBuffer()`.
   *
   * Bytes are shown upright by every viewer, as their EXIF orientation says; {@linkcode svgWarnings} tells what may
   * keep viewers from showing them. Browsers load no linked image if the SVG is itself shown as an image (`<img>`, a
   * README): there, only bytes and `data:` links are visible.
   *
   * @default {undefined} the regions alone
   */
  readonly image?: ArrayBufferView | ArrayBufferLike | string | undefined;
  /**
   * Width of the image as displayed, in pixels: for a photograph taken sideways, after it has been turned. Finite and
   * above 0.
   *
   * @default {undefined} as the image's bytes say, otherwise as far as the regions extend
   */
  readonly width?: number | undefined;
  /**
   * Height of the image as displayed, in pixels. Finite and above 0.
   *
   * @default {undefined} as the image's bytes say, otherwise as far as the regions extend
   */
  readonly height?: number | undefined;
  /**
   * Names the picture for screen readers and on hover.
   *
   * @default {"3 text regions"} with the number of the regions
   */
  readonly title?: string | undefined;
  /**
   * Which regions show their number. `auto`: those that have space for it nearby, where it covers no region and no
   * other number; on a page full of words these are mostly the first words of the lines. `always`: every region, even
   * if the number covers text. `never`: none. Each region shows its number on hover in any case.
   *
   * @default {"auto"}
   */
  readonly labels?: "auto" | "always" | "never" | undefined;
}

/**
 * Draws regions over their image, numbered 1, 2, 3 … in the order given, as an SVG document. Neighbors differ in color
 * (also for color-blind readers), dashes and number, so that a black-and-white print is readable. The text is
 * well-formed XML whatever the title and link contain; it contains no script and needs no font. It can be placed in an
 * HTML page as it is.
 *
 * The time is linear in the number of regions.
 *
 * @throws {RangeError} If `width` or `height` is not finite and above 0, or `labels` is not one of its values.
 * @throws {TypeError} If `image` is neither bytes nor a link, is empty, or is a link of another kind, or if a region is
 * not a {@linkcode Region}.
 *
 * @example
 * ```ts
 * import { toSvg } from "@ocr-cloud/regions";
 * import { match } from "node:assert/strict";
 *
 * const svg = toSvg([{ left: 12, top: 40, right: 300, bottom: 88 }], { image: "page.png", width: 320, height: 480 });
 * match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*width="320" height="480" viewBox="0 0 320 480" role="img"/);
 * match(svg, /<title>Region 1: 12, 40, 300, 88<\/title>/);
 * ```
 *
 * @category Views
 */
export function toSvg(regions: readonly Region[], options: SvgOptions = {}): string {
  const { image, title = `${regions.length} text region${regions.length === 1 ? "" : "s"}`, labels = "auto" } = options;
  regions.forEach(checkRegion);
  checkLabels(labels);
  const picture = image === undefined ? null : toPicture(image);
  const width = checkSize("width", options.width) ?? picture?.size?.width;
  const height = checkSize("height", options.height) ?? picture?.size?.height;
  // Two decimals are printed: a page below that would vanish.
  const page = {
    width: Math.max(0.01, width ?? regions.reduce((extent, { right }) => Math.max(extent, right), 1)),
    height: Math.max(0.01, height ?? regions.reduce((extent, { bottom }) => Math.max(extent, bottom), 1)),
  };
  const digits = String(regions.length).length;
  const em = Math.min(Math.sqrt(page.width * page.height) / 65, page.width / (digits + 1), page.height / 2);
  const style = { width: em * (0.6 * digits + 0.5), height: em * 1.25, em, line: em / 9 };
  const places = labels === "never" ? [] : placeLabels(regions, page, style, labels);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `width="${print(page.width)}" height="${print(page.height)}" ` +
    `viewBox="0 0 ${print(page.width)} ${print(page.height)}" role="img" ` +
    `font-family="sans-serif" font-weight="bold" font-size="${print(em)}" text-anchor="middle">`,
    `<title>${escapeXml(title)}</title>`,
    picture === null ? "" : drawPicture(picture, width, height),
    regions.map((region, i) => drawRegion(region, i, style.line)).join("\n"),
    // After all shapes, so that no region covers the number of another.
    places.map((place, i) => place === null ? "" : drawLabel(place, i, style)).filter((text) => text !== "").join("\n"),
    "</svg>\n",
  ].filter((text) => text !== "").join("\n");
}

function checkRegion(region: Region, i: number): void {
  if (Region.is(region)) return;
  const { left, top, right, bottom } = region;
  const value = [left, top, right, bottom].map(preview).join(", ");
  throw new TypeError(
    `Cannot draw region ${i + 1} as it must be a Region, of finite numbers, top left first: current value is ${value}`,
  );
}

function checkSize(name: string, value: number | undefined): number | undefined {
  if (value === undefined || Number.isFinite(value) && value > 0) return value;
  throw new RangeError(
    `Cannot draw the image as its ${name} must be finite and above 0: current value is ${preview(value)}`,
  );
}

function checkLabels(labels: unknown): void {
  if (labels === "auto" || labels === "always" || labels === "never") return;
  throw new RangeError(`Cannot draw labels as they must be auto, always or never: current value is ${preview(labels)}`);
}

/** Without a size the image has its own, and the regions match it; their extent would shrink it. */
function drawPicture({ href, orientation }: Picture, width?: number, height?: number): string {
  // An orientation other than 1 comes from a header, which states the size as well.
  const transform = toTransform(orientation, width ?? 0, height ?? 0);
  const [w, h] = orientation >= 5 ? [height, width] : [width, height];
  const size = (name: string, value?: number) => value === undefined ? "" : ` ${name}="${print(value)}"`;
  // Every viewer reads `xlink:href`, and Inkscape before 1.3 nothing else. To repeat the bytes in `href` would double
  // the file.
  return `<image xlink:href="${href}"${size("width", w)}${size("height", h)} preserveAspectRatio="none"` +
    `${transform === null ? "" : ` transform="matrix(${transform.map(print).join(" ")})"`}/>`;
}

/** How the stored pixels come to be as displayed, in a page of this size. Source: EXIF 2.32, tag 0x0112. */
function toTransform(orientation: number, width: number, height: number): readonly number[] | null {
  switch (orientation) {
    case 2:
      return [-1, 0, 0, 1, width, 0];
    case 3:
      return [-1, 0, 0, -1, width, height];
    case 4:
      return [1, 0, 0, -1, 0, height];
    case 5:
      return [0, 1, 1, 0, 0, 0];
    case 6:
      return [0, 1, -1, 0, width, 0];
    case 7:
      return [0, -1, -1, 0, width, height];
    case 8:
      return [0, -1, 1, 0, 0, height];
    default:
      return null;
  }
}

function drawRegion({ left, top, right, bottom, polygon }: Region, i: number, line: number): string {
  const color = COLORS[i % COLORS.length];
  const dashes = DASHES[i % DASHES.length].map((length) => print(length * line)).join(" ");
  const shape = polygon === undefined
    ? `<rect${box(left, top, right - left, bottom - top)}/>`
    : `<polygon points="${polygon.map(({ x, y }) => `${print(x)},${print(y)}`).join(" ")}"/>`;
  return `<g fill="${color}" fill-opacity="0.15" stroke="${color}" stroke-width="${print(line)}"` +
    `${dashes === "" ? "" : ` stroke-dasharray="${dashes}"`}>` +
    `<title>Region ${i + 1}: ${[left, top, right, bottom].map(print).join(", ")}</title>${shape}</g>`;
}

/** Black on white, since no ink is readable on all of the colors both in color and in gray. */
function drawLabel({ x, y }: Point, i: number, { width, height, em, line }: LabelStyle): string {
  // Digits are about 0.72 em high, and stand on y. `dominant-baseline` would center them, but in browsers alone.
  return `<rect${box(x + line / 2, y + line / 2, width - line, height - line)} fill="#fff" ` +
    `stroke="${COLORS[i % COLORS.length]}" stroke-width="${print(line)}"/>` +
    `<text x="${print(x + width / 2)}" y="${print(y + height / 2 + em * 0.36)}" fill="#000">${i + 1}</text>`;
}

function box(x: number, y: number, width: number, height: number): string {
  // SVG draws nothing at all where a width or a height is 0, not even the outline.
  const [w, h] = [width, height].map((length) => print(Math.max(length, 0.01)));
  return ` x="${print(x)}" y="${print(y)}" width="${w}" height="${h}"`;
}

/** At most two decimals, and digits alone: `String` and `toFixed` write exponents from 1e21 on. */
function print(n: number): string {
  return Math.abs(n) < 1e21 ? String(Number(n.toFixed(2))) : String(BigInt(n));
}
