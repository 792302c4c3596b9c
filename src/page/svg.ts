/**
 * Draws regions as numbered outlines over their image, as an SVG document.
 *
 * @module
 */
import { preview } from "../internal/text.ts";
import type { Size } from "./geometry.ts";
import { placeLabels } from "./labels.ts";
import { type Picture, toPicture } from "./picture.ts";
import { drawTexts } from "./text_layer.ts";
import { escapeXml, print } from "./xml.ts";
import { isRegion, type Point, type Region } from "../model/region.ts";

export { svgWarnings } from "./picture.ts";

/** The size of each label, its font size, and the stroke width of labels and regions, in pixels. */
interface LabelStyle extends Size {
  readonly em: number;
  readonly line: number;
}

// The colors of Okabe and Ito's palette for color-blind readers ("Color Universal Design", 2008,
// https://jfly.uni-koeln.de/color/) that reach the contrast of 3:1 with white that WCAG 2.2 (1.4.11) requires of lines.
// Black is left out, since it is the color of text.
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"] as const;

// Lengths of dashes and gaps, in stroke widths. With three styles and four colors, neighbors differ in both, and a
// combination recurs only after twelve regions.
const DASHES: readonly (readonly number[])[] = [[], [5, 2.5], [1.5, 1.5]];

/**
 * Options of {@linkcode toSvg}.
 *
 * @category Views
 */
export interface SvgOptions {
  /**
   * The image to draw the regions over. Pass the bytes of its file to embed them in the SVG as a `data:` URL, or a link
   * to it, which must be `http:`, `https:`, `data:image/` or relative. Bytes may be in any typed array, `DataView`,
   * Node.js `Buffer`, `ArrayBuffer` or `SharedArrayBuffer`. Read a `Blob` first: `await blob.arrayBuffer()`.
   *
   * Every viewer shows embedded bytes upright, according to their EXIF orientation. {@linkcode svgWarnings} lists
   * reasons why some viewers may not show them. If the SVG is itself displayed as an image (in an `<img>` element or a
   * README), browsers do not load linked images; embed the bytes instead.
   *
   * @default {undefined} only the regions are drawn
   */
  readonly image?: ArrayBufferView | ArrayBufferLike | string | undefined;
  /**
   * Width of the image as displayed, in pixels; for a photograph taken sideways, that is after rotation. Must be finite
   * and above 0.
   *
   * @default {undefined} the width stated in the image's bytes or, if there is none, the extent of the regions
   */
  readonly width?: number | undefined;
  /**
   * Height of the image as displayed, in pixels. Must be finite and greater than 0.
   *
   * @default {undefined} the height stated in the image's bytes or, if there is none, the extent of the regions
   */
  readonly height?: number | undefined;
  /**
   * The title of the SVG, for screen readers and as a tooltip.
   *
   * @default {"3 text regions"} with the actual number of regions
   */
  readonly title?: string | undefined;
  /**
   * Which regions are labeled with their number:
   *
   * - `auto`: regions with enough space nearby for a label that overlaps neither a region nor another label. On a page
   *   full of words, these are mostly the first words of the lines.
   * - `always`: all regions, even if a label covers text.
   * - `never`: no regions.
   *
   * In each case, hovering over a region shows its number as a tooltip.
   *
   * @default {"auto"}
   */
  readonly labels?: "auto" | "always" | "never" | undefined;
  /**
   * The text of each region, in the order of the regions. The texts are invisible, but can be selected, copied and
   * searched in browsers, and are read by screen readers.
   *
   * The lines of a text are distributed evenly over the height of its region (of a polygon, its bounding box), and each
   * is stretched to the width. Blank lines are kept but take up no space. Pass `""` for a region without text.
   *
   * @default {undefined} the SVG is a picture without text, with the role `img`
   */
  readonly texts?: readonly string[] | undefined;
}

/**
 * Draws regions over their image as an SVG document, numbered from 1 in the order given. Neighboring regions differ in
 * color, dash pattern and number, so that they can be told apart by color-blind readers and in a black-and-white print.
 *
 * The result is well-formed XML regardless of what the title, link and texts contain. It has no scripts, requires no
 * fonts, and can be inserted into an HTML page unchanged. The running time is linear in the number of regions and the
 * length of the texts.
 *
 * The role of the SVG is `img` or, with `texts`, `group`, since screen readers do not read the content of an `img`. The
 * group contains a group per region, with its text. The image, outlines and labels are hidden from screen readers.
 *
 * @throws {RangeError} If `width` or `height` is not finite and greater than 0, if `labels` is not one of its values, or
 * if the number of `texts` is not that of the regions.
 * @throws {TypeError} If `image` is neither bytes nor a link, is empty, or is a link with another scheme, if an element
 * of `regions` is not a {@linkcode Region}, or if an element of `texts` is not a string.
 *
 * @example
 * ```ts
 * import { toSvg } from "@ocr-cloud/regions";
 * import { match } from "node:assert/strict";
 *
 * const svg = toSvg([{ left: 12, top: 40, right: 300, bottom: 88 }], { image: "page.png", width: 320, height: 480 });
 * match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" .*width="320" height="480" viewBox="0 0 320 480" role="img"/);
 * match(svg, /<title>Region 1: 12, 40, 300, 88<\/title>/);
 *
 * const searchable = toSvg([{ left: 12, top: 40, right: 300, bottom: 88 }], { texts: ["graceful, which drew respect"] });
 * match(searchable, />graceful, which drew respect<\/text>/);
 * ```
 *
 * @category Views
 */
export function toSvg(regions: readonly Region[], options: SvgOptions = {}): string {
  const { image, title = `${regions.length} text region${regions.length === 1 ? "" : "s"}`, labels = "auto", texts } =
    options;
  regions.forEach(checkRegion);
  checkLabels(labels);
  if (texts !== undefined) checkTexts(texts, regions.length);
  const picture = image === undefined ? null : toPicture(image);
  const width = checkSize("width", options.width) ?? picture?.size?.width;
  const height = checkSize("height", options.height) ?? picture?.size?.height;
  // A smaller size would be printed as 0, since `print` rounds to two decimals.
  const page = {
    width: Math.max(0.01, width ?? regions.reduce((extent, { right }) => Math.max(extent, right), 1)),
    height: Math.max(0.01, height ?? regions.reduce((extent, { bottom }) => Math.max(extent, bottom), 1)),
  };
  const digits = String(regions.length).length;
  const em = Math.min(Math.sqrt(page.width * page.height) / 65, page.width / (digits + 1), page.height / 2);
  const style = { width: em * (0.6 * digits + 0.5), height: em * 1.25, em, line: em / 9 };
  const places = labels === "never" ? [] : placeLabels(regions, page, style, labels);
  const titles = regions.map(drawTitle);
  const outlines = joinLines([
    picture === null ? "" : drawPicture(picture, width, height),
    ...regions.map((region, i) => drawRegion(region, titles[i], i, style.line)),
  ]);
  // Labels come after all shapes, so that no region covers the label of another.
  const tags = joinLines(places.map((place, i) => place === null ? "" : drawLabel(place, i, style)));
  return joinLines([
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
    `width="${print(page.width)}" height="${print(page.height)}" ` +
    `viewBox="0 0 ${print(page.width)} ${print(page.height)}" role="${texts === undefined ? "img" : "group"}" ` +
    `font-family="sans-serif" font-weight="bold" font-size="${print(em)}" text-anchor="middle">`,
    `<title>${escapeXml(title)}</title>`,
    ...texts === undefined ? [outlines, tags] : [
      `<g aria-hidden="true">\n${outlines}\n</g>`,
      drawTexts(regions, texts, titles),
      // Labels may cover text, and must neither be selected with it nor prevent its selection.
      `<g aria-hidden="true" pointer-events="none" style="-webkit-user-select:none;user-select:none">\n${tags}\n</g>`,
    ],
    "</svg>\n",
  ]);
}

function joinLines(lines: readonly string[]): string {
  return lines.filter((line) => line !== "").join("\n");
}

function checkRegion(region: Region, i: number): void {
  if (isRegion(region)) return;
  const { left, top, right, bottom } = region;
  const value = [left, top, right, bottom].map(preview).join(", ");
  throw new TypeError(
    `Cannot draw region ${i + 1} as it must be a Region with finite coordinates, left <= right and top <= bottom: ` +
      `current value is ${value}`,
  );
}

function checkSize(name: string, value: number | undefined): number | undefined {
  if (value === undefined || Number.isFinite(value) && value > 0) return value;
  throw new RangeError(
    `Cannot draw the image as its ${name} must be finite and greater than 0: current value is ${preview(value)}`,
  );
}

function checkLabels(labels: unknown): void {
  if (labels === "auto" || labels === "always" || labels === "never") return;
  throw new RangeError(`Cannot draw labels as they must be auto, always or never: current value is ${preview(labels)}`);
}

function checkTexts(texts: readonly string[], count: number): void {
  if (texts.length !== count) {
    throw new RangeError(
      `Cannot draw the texts as their number must be that of the regions, ${count}: ` +
        `current value is ${preview(texts.length)}`,
    );
  }
  for (const [i, text] of texts.entries()) {
    if (typeof text === "string") continue;
    throw new TypeError(`Cannot draw text ${i + 1} as it must be a string: current value is ${preview(text)}`);
  }
}

/**
 * If the size is unknown, leaves it out: the image then has its natural size, which the regions' coordinates refer to.
 */
function drawPicture({ href, orientation }: Picture, width?: number, height?: number): string {
  // If the orientation is not 1, it was read from a header, which also states the size.
  const transform = toTransform(orientation, width ?? 0, height ?? 0);
  const [w, h] = orientation >= 5 ? [height, width] : [width, height];
  const size = (name: string, value?: number) => value === undefined ? "" : ` ${name}="${print(value)}"`;
  // Every viewer supports `xlink:href`, and Inkscape before 1.3 supports nothing else. Writing the bytes to both
  // `xlink:href` and `href` would double the size of the file.
  return `<image xlink:href="${href}"${size("width", w)}${size("height", h)} preserveAspectRatio="none"` +
    `${transform === null ? "" : ` transform="matrix(${transform.map(print).join(" ")})"`}/>`;
}

/**
 * Returns the matrix that maps the stored pixels to a page of the given displayed size, or null if there is nothing to
 * transform. Source: EXIF 2.32, tag 0x0112.
 */
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

function drawTitle({ left, top, right, bottom }: Region, i: number): string {
  return `<title>Region ${i + 1}: ${[left, top, right, bottom].map(print).join(", ")}</title>`;
}

function drawRegion({ left, top, right, bottom, polygon }: Region, title: string, i: number, line: number): string {
  const color = COLORS[i % COLORS.length];
  const dashes = DASHES[i % DASHES.length].map((length) => print(length * line)).join(" ");
  const shape = polygon === undefined
    ? `<rect${box(left, top, right - left, bottom - top)}/>`
    : `<polygon points="${polygon.map(({ x, y }) => `${print(x)},${print(y)}`).join(" ")}"/>`;
  return `<g fill="${color}" fill-opacity="0.15" stroke="${color}" stroke-width="${print(line)}"` +
    `${dashes === "" ? "" : ` stroke-dasharray="${dashes}"`}>${title}${shape}</g>`;
}

/**
 * Labels are black on white: no text color is readable on each of the region colors, both in color and in grayscale.
 */
function drawLabel({ x, y }: Point, i: number, { width, height, em, line }: LabelStyle): string {
  // Digits are about 0.72 em tall, and `y` is their baseline. Only browsers support centering by `dominant-baseline`.
  return `<rect${box(x + line / 2, y + line / 2, width - line, height - line)} fill="#fff" ` +
    `stroke="${COLORS[i % COLORS.length]}" stroke-width="${print(line)}"/>` +
    `<text x="${print(x + width / 2)}" y="${print(y + height / 2 + em * 0.36)}" fill="#000">${i + 1}</text>`;
}

function box(x: number, y: number, width: number, height: number): string {
  // SVG does not render a rectangle whose width or height is 0, not even its outline.
  const [w, h] = [width, height].map((length) => print(Math.max(length, 0.01)));
  return ` x="${print(x)}" y="${print(y)}" width="${w}" height="${h}"`;
}
