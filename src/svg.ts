/**
 * Regions as a picture: numbered outlines over their image, in one SVG text.
 *
 * @module
 */
import { toBase64 } from "./base64.ts";
import { preview } from "./codec.ts";
import { displaySize, readImageHeader } from "./image_header.ts";
import { type Point, Region } from "./region.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Every number's tag: its outer size, that of its text, and the width of its border. */
interface Tag extends Size {
  readonly em: number;
  readonly line: number;
}

// Those of the eight colours of Okabe and Ito ("Color Universal Design", 2008, https://jfly.uni-koeln.de/color/) whose
// lines reach the contrast of 3:1 with white paper that WCAG 2.2 asks for (1.4.11), but for black, which the text has.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"] as const;

// Dashes and gaps, in widths of the line. Three for four colours: neighbours differ in both, and twelve regions pass
// before the same pair of the two comes again.
const DASHES: readonly (readonly number[])[] = [[], [5, 2.5], [1.5, 1.5]];

// After so many, numbers may lie on each other: such a page is too full to be read, and would take seconds more.
const MAX_TRIES = 200_000;

/** What {@linkcode toSvg} draws on, and how it names it. */
export interface SvgOptions {
  /**
   * The image: its bytes, which the picture will hold as a `data:` URL, or a link to it: `http:`, `https:`,
   * `data:image/` or relative. Browsers load no linked image where the SVG is itself shown as an image (`<img>`, a
   * README): there, only bytes and `data:` links are seen.
   *
   * @default {undefined} the regions alone
   */
  readonly image?: Uint8Array | string;
  /**
   * Width of the image as displayed, in pixels: of a photograph that was taken sideways, after turning. Finite, above 0.
   *
   * @default {undefined} as the image's bytes say, else as far as the regions extend
   */
  readonly width?: number;
  /**
   * Height of the image as displayed, in pixels. Finite, above 0.
   *
   * @default {undefined} as the image's bytes say, else as far as the regions extend
   */
  readonly height?: number;
  /**
   * Names the picture for those who cannot see it, and on hover.
   *
   * @default {"3 text regions"} with the number of the regions
   */
  readonly title?: string;
}

/**
 * Draws regions over their image, numbered 1, 2, 3 … in the order given, as an SVG document. Neighbours differ in
 * colour (told apart by colour-blind readers, too), dashes and number, so that a black-and-white print will do. The
 * text is well-formed XML whatever the title and link hold; it holds no script and asks for no font. It may stand in
 * an HTML page as it is.
 *
 * @throws {RangeError} if `width` or `height` is not finite and above 0
 * @throws {TypeError} if `image` is a link of another kind, or a region no {@linkcode Region}
 *
 * @example
 * ```ts
 * import { toSvg } from "@ocr-cloud/regions";
 * import { match } from "node:assert/strict";
 *
 * const svg = toSvg([{ left: 12, top: 40, right: 300, bottom: 88 }], { image: "page.png", width: 320, height: 480 });
 * match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="320" height="480" viewBox="0 0 320 480" role="img"/);
 * match(svg, /<title>Region 1: 12, 40, 300, 88<\/title>/);
 * ```
 */
export function toSvg(regions: readonly Region[], options: SvgOptions = {}): string {
  const { image, title = `${regions.length} text region${regions.length === 1 ? "" : "s"}` } = options;
  regions.forEach(checkRegion);
  const header = typeof image === "object" ? readImageHeader(image) : null;
  const known = header === null ? null : displaySize(header);
  const width = checkSize("width", options.width) ?? known?.width;
  const height = checkSize("height", options.height) ?? known?.height;
  const page = {
    width: width ?? regions.reduce((extent, { right }) => Math.max(extent, right), 1),
    height: height ?? regions.reduce((extent, { bottom }) => Math.max(extent, bottom), 1),
  };
  const digits = String(regions.length).length;
  const em = Math.min(Math.sqrt(page.width * page.height) / 55, page.width / (digits + 1), page.height / 2);
  const tag = { width: em * (0.6 * digits + 0.5), height: em * 1.25, em, line: em / 9 };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${print(page.width)}" height="${print(page.height)}" ` +
    `viewBox="0 0 ${print(page.width)} ${print(page.height)}" role="img" ` +
    `font-family="sans-serif" font-weight="bold" font-size="${print(em)}" text-anchor="middle">`,
    `<title>${escape(title)}</title>`,
    ...image === undefined ? [] : [drawImage(image, header?.type, width, height)],
    ...regions.map((region, i) => drawRegion(region, i, tag.line)),
    // After all shapes, so that no region covers the number of another.
    ...placeTags(regions, page, tag).map((place, i) => drawTag(place, i, tag)),
    "</svg>\n",
  ].join("\n");
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

function drawImage(image: Uint8Array | string, type?: string, width?: number, height?: number): string {
  const link = typeof image === "string"
    ? escape(checkLink(image))
    : `data:${type ?? "application/octet-stream"};base64,${toBase64(image)}`;
  // Without a size the image takes its own, so that regions lie right on it; the regions' extent would shrink it.
  const size = (name: string, value?: number) => value === undefined ? "" : ` ${name}="${print(value)}"`;
  return `<image href="${link}"${size("width", width)}${size("height", height)} preserveAspectRatio="none"/>`;
}

/** The link as a browser reads it, which drops line breaks and tabs anywhere, and control characters before it. */
function checkLink(link: string): string {
  const read = link.replace(/[\t\n\r]/g, "").replace(/^[\0- ]+/, "");
  if (/^(https?:|data:image\/)/i.test(read) || !/^[a-z][a-z0-9+.-]*:/i.test(read)) return read;
  throw new TypeError(
    "Cannot draw the image as its link must be http:, https:, data:image/ or relative: " +
      `current value is ${preview(link)}`,
  );
}

function drawRegion({ left, top, right, bottom, polygon }: Region, i: number, line: number): string {
  const colour = COLOURS[i % COLOURS.length];
  const dashes = DASHES[i % DASHES.length].map((length) => print(length * line)).join(" ");
  const shape = polygon === undefined
    ? `<rect${box(left, top, right - left, bottom - top)}/>`
    : `<polygon points="${polygon.map(({ x, y }) => `${print(x)},${print(y)}`).join(" ")}"/>`;
  return `<g fill="${colour}" fill-opacity="0.15" stroke="${colour}" stroke-width="${print(line)}"` +
    `${dashes === "" ? "" : ` stroke-dasharray="${dashes}"`}>` +
    `<title>Region ${i + 1}: ${[left, top, right, bottom].map(print).join(", ")}</title>${shape}</g>`;
}

/** Black on white, since no ink is readable on all of the colours both in colour and in grey. */
function drawTag({ x, y }: Point, i: number, { width, height, em, line }: Tag): string {
  // Digits are about 0.72 em high, and stand on y. `dominant-baseline` would centre them, but in browsers alone.
  return `<rect${box(x + line / 2, y + line / 2, width - line, height - line)} fill="#fff" ` +
    `stroke="${COLOURS[i % COLOURS.length]}" stroke-width="${print(line)}"/>` +
    `<text x="${print(x + width / 2)}" y="${print(y + height / 2 + em * 0.36)}" fill="#000">${i + 1}</text>`;
}

/**
 * Where each number goes: left of its region's top left corner, in the margin, where it hides no text; if another is
 * there, to the nearest place on the page that is free.
 */
function placeTags(regions: readonly Region[], page: Size, tag: Size): readonly Point[] {
  const maxX = page.width - tag.width, maxY = page.height - tag.height;
  const reach = Math.min(30, Math.ceil(Math.sqrt(regions.length)));
  const moves: Point[] = [];
  for (let x = -reach; x <= reach; x++) for (let y = reach; y >= -reach; y--) moves.push({ x, y });
  // Nearest first, and of equal ones the left, then the lower one.
  moves.sort((a, b) => Math.hypot(a.x, a.y) - Math.hypot(b.x, b.y));

  let tries = 0;
  const places: Point[] = [];
  const isFree = ({ x, y }: Point) => {
    tries++;
    return x >= 0 && x <= maxX && y >= 0 && y <= maxY &&
      places.every((other) => Math.abs(other.x - x) >= tag.width || Math.abs(other.y - y) >= tag.height);
  };
  for (const region of regions) {
    const corner = cornerOf(region);
    const x = Math.max(0, Math.min(corner.x - tag.width, maxX)), y = Math.max(0, Math.min(corner.y, maxY));
    // In steps of a little more than a tag, so that there is a gap.
    const to = (move: Point) => ({ x: x + move.x * tag.width * 1.05, y: y + move.y * tag.height * 1.05 });
    const move = tries < MAX_TRIES ? moves.find((move) => isFree(to(move))) : undefined;
    places.push(move === undefined ? { x, y } : to(move));
  }
  return places;
}

/** The rectangle's top left corner, or that of the polygon's points that is nearest to the page's. */
function cornerOf({ left, top, polygon = [] }: Region): Point {
  return polygon.reduce((a, b) => b.x + b.y < a.x + a.y ? b : a, polygon[0] ?? { x: left, y: top });
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

/** For text and for attributes. What XML 1.0 cannot hold (section 2.2) becomes U+FFFD; a bare CR would become LF. */
function escape(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu, "\ufffd")
    .replace(/[&<>"\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
