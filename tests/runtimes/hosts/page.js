// What only a page can do: crop images, and show annotations with Annotorious. Bundled with both, for Chromium.
// @ts-ignore: found by the bundler, in the folder of the tools
import { createImageAnnotator, W3CImageFormat } from "@annotorious/annotorious";
// @ts-ignore: as well
import css from "@annotorious/annotorious/annotorious.css";
import { cropImage, fromPolygon, imageSize, toWebAnnotation } from "@ocr-cloud/regions/page";

/** A rectangle and a polygon. */
const REGIONS = [
  { region: { left: 187, top: 110, right: 894, bottom: 140 }, text: "BIOGRAPHICAL NOTICE." },
  { region: fromPolygon([{ x: 32, y: 178 }, { x: 894, y: 300 }, { x: 460, y: 1702 }]) },
];
const SIZE = { width: 1065, height: 1879 };

Object.assign(globalThis, {
  smoke: async () => {
    await checkCrops();
    await checkAnnotations();
    return ["cropImage", "annotations"];
  },
});

/** A photograph whose left half is red as stored, and whose EXIF orientation makes that the top half. */
async function checkCrops() {
  const canvas = new OffscreenCanvas(40, 20);
  const context = canvas.getContext("2d");
  context.fillStyle = "red";
  context.fillRect(0, 0, 20, 20);
  context.fillStyle = "blue";
  context.fillRect(20, 0, 20, 20);
  const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 1 })).arrayBuffer());
  const orientation = [0xff, 0xe1, 0, 34, ...new TextEncoder().encode("Exif\0\0MM\0*"), 0, 0, 0, 8, 0, 1];
  const entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
  const photo = new Uint8Array([0xff, 0xd8, ...orientation, ...entry, ...jpeg.subarray(2)]);
  equal(imageSize(photo), { width: 20, height: 40 });
  const regions = [[2, 0, 18, 10], [2, 25, 30, 40], [20, 0, 30, 9]].map(toRegion);
  const crops = await cropImage(photo, regions)();
  if (crops._tag === "Left") throw new Error(crops.left.detail);
  equal(await Promise.all(crops.right.map(describe)), ["16 x 10 red image/png", "18 x 15 blue image/png", null]);
  const broken = await cropImage(photo.subarray(0, 100), regions)();
  equal(broken._tag === "Left" && broken.left.reason, "undecodable");
}

/** Two annotations, on an image that is shown at half its size. */
async function checkAnnotations() {
  document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  const canvas = Object.assign(document.createElement("canvas"), SIZE);
  const image = Object.assign(document.createElement("img"), { src: canvas.toDataURL() });
  image.style.width = `${SIZE.width / 2}px`;
  document.body.append(image);
  await image.decode();
  const annotations = toWebAnnotation(
    { regions: REGIONS, size: SIZE, imageName: "https://example.org/page.jpg" },
    { id: "https://example.org/page.json" },
  );
  const annotator = createImageAnnotator(image, { adapter: W3CImageFormat("https://example.org/page.jpg") });
  annotator.setAnnotations([...annotations.items]);
  const bodies = annotator.getAnnotations().map(({ body }) => [body].flat()[0]?.value ?? null);
  equal(bodies, ["BIOGRAPHICAL NOTICE.", null]);
  const findShapes = () => [...document.querySelectorAll("[data-id] .a9s-inner")];
  await until(() => findShapes().length > 0);
  const shapes = findShapes();
  equal(shapes.map(({ nodeName }) => nodeName), ["rect", "polygon"]);
  const page = image.getBoundingClientRect(), scale = SIZE.width / page.width;
  equal(
    shapes.map((shape) => {
      // The stroke does not count.
      const { x, y, width, height } = shape.getBBox(), { a, d, e, f } = shape.getScreenCTM();
      return [a * x + e - page.x, d * y + f - page.y, a * (x + width) + e - page.x, d * (y + height) + f - page.y]
        .map((length) => Math.round(length * scale));
    }),
    REGIONS.map(({ region: { left, top, right, bottom } }) => [left, top, right, bottom]),
  );
}

function toRegion([left, top, right, bottom]) {
  return { left, top, right, bottom };
}

/** The size, the color and the type of an image of one color. */
async function describe(blob) {
  if (blob === null) return null;
  const bitmap = await createImageBitmap(blob);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const pixels = Array.from({ length: data.length / 4 }, (_, i) => [...data.subarray(4 * i, 4 * i + 3)]);
  const isNear = (color) => pixels.every((pixel) => pixel.every((value, i) => Math.abs(value - color[i]) < 20));
  const color = isNear([255, 0, 0]) ? "red" : isNear([0, 0, 255]) ? "blue" : "mixed";
  return `${bitmap.width} x ${bitmap.height} ${color} ${blob.type}`;
}

async function until(condition) {
  for (let tries = 0; tries < 500; tries++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain for ${condition}`);
}

function equal(actual, expected) {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (found !== wanted) throw new Error(`expected ${wanted}, got ${found}`);
}
