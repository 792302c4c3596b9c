import {
  deepStrictEqual as deepEqual,
  equal as looseEqual,
  ok,
  rejects,
  strictEqual as equal,
} from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { type FileImage, imagesOf, type ImagesOptions } from "../../src/files/images.ts";
import { blank, pgm } from "../support/images.ts";
import { withFolder } from "./folder.ts";
import { readPage, tiff } from "./tiff_file.ts";

const IMAGE = pgm(blank(3, 2));
const PAGES = [{ width: 5, height: 7, gray: 10 }, { width: 8, height: 9, gray: 100 }];

/** Creates files, with an image in each unless something else is given. */
async function create(folder: string, files: Readonly<Record<string, Uint8Array>> | readonly string[]): Promise<void> {
  const entries = Array.isArray(files) ? files.map((name: string) => [name, IMAGE] as const) : Object.entries(files);
  for (const [name, bytes] of entries) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

/** `Array.fromAsync`, which Node.js 20 does not have. */
async function collect(paths: Iterable<string>, options?: ImagesOptions): Promise<readonly FileImage[]> {
  const images: FileImage[] = [];
  for await (const image of imagesOf(paths, options)) images.push(image);
  return images;
}

/** The keys, below the folder. */
async function keys(folder: string, paths: readonly string[], options?: ImagesOptions): Promise<readonly string[]> {
  const images = await collect(paths.map((path) => path === "" ? folder : `${folder}/${path}`), options);
  return images.map(({ key }) => key.replace(`${folder}/`, ""));
}

Deno.test("imagesOf() finds the images of a folder in natural order", () =>
  withFolder(async (folder) => {
    await create(folder, [
      "page10.png",
      "page2.png",
      "page1.PNG",
      "b/1.jpg",
      "a/x/2.tiff",
      "a/z.pdf.txt",
      "notes.txt",
      "jpg",
      ".hidden.jpg",
      ".git/a.jpg",
      "Ä.webp",
      "scan.heic",
      "drawing.svg",
      "page 2.jpeg",
      "c.bmp/d.gif",
    ]);
    deepEqual(await keys(folder, [""]), [
      "a/x/2.tiff",
      "Ä.webp",
      "b/1.jpg",
      "c.bmp/d.gif",
      "page 2.jpeg",
      "page1.PNG",
      "page2.png",
      "page10.png",
      "scan.heic",
    ]);
  }));

Deno.test("keys are the paths as given, without superfluous parts", () =>
  withFolder(async (folder) => {
    await create(folder, ["scans/a.jpg", "b.jpg"]);
    const [, , ...names] = [0, 0, "scans", "./scans/", "scans/../scans//", "scans/./a.jpg"];
    for (const name of names) deepEqual(await keys(folder, [`${name}`]), ["scans/a.jpg"]);
    const path = relative(process.cwd(), join(folder, "scans"));
    deepEqual((await collect([path])).map(({ key }) => key), [`${path}/a.jpg`]);
  }));

Deno.test("a file that is found twice is one image", () =>
  withFolder(async (folder) => {
    await create(folder, ["a/1.jpg", "a/2.jpg"]);
    deepEqual(await keys(folder, ["a/2.jpg", "a", "./a/1.jpg", "a/*.jpg", ""]), ["a/2.jpg", "a/1.jpg"]);
    const absolute = join(folder, "a", "1.jpg");
    equal((await collect([relative(process.cwd(), absolute), absolute])).length, 1);
  }));

Deno.test("patterns select files, and folders with all that is in them", () =>
  withFolder(async (folder) => {
    await create(folder, [
      "a1.jpg",
      "a2.png",
      "a10.jpg",
      "b.txt",
      "scans/1.jpg",
      "scans/deep/er/2.jpg",
      "scans2/3.jpg",
      ".x/4.jpg",
      "Other/5.jpg",
    ]);
    const cases: Readonly<Record<string, readonly string[]>> = {
      "*.jpg": ["a1.jpg", "a10.jpg"],
      "a?.*": ["a1.jpg", "a2.png"],
      "a[12].{jpg,png}": ["a1.jpg", "a2.png"],
      "scans*": ["scans/1.jpg", "scans/deep/er/2.jpg", "scans2/3.jpg"],
      "scans*/*.jpg": ["scans/1.jpg", "scans2/3.jpg"],
      "**/*.jpg": ["a1.jpg", "a10.jpg", "Other/5.jpg", "scans/1.jpg", "scans/deep/er/2.jpg", "scans2/3.jpg"],
      "scans/**/2.jpg": ["scans/deep/er/2.jpg"],
      "./scans/../*.png": ["a2.png"],
    };
    for (const [pattern, expected] of Object.entries(cases)) {
      deepEqual(await keys(folder, [pattern]), expected, pattern);
    }
  }));

Deno.test("a pattern that nothing matches is an image that cannot be read", () =>
  withFolder(async (folder) => {
    for (const pattern of ["*.jpg", "none/*.jpg", "a.jpg"]) {
      const [{ key, image }, ...others] = await collect([`${folder}/${pattern}`]);
      equal(key, `${folder}/${pattern}`);
      equal(others.length, 0);
      await rejects(image(), { message: "there is no such file" });
    }
    const [{ key, image }] = await collect([""]);
    equal(key, "");
    await rejects(image(), { message: "there is no such file" });
  }));

Deno.test("a name with the characters of patterns is a file if there is one", () =>
  withFolder(async (folder) => {
    await create(folder, ["scan [1].jpg", "scan 1.jpg", "what?.jpg", "{a,b}/c.jpg"]);
    deepEqual(await keys(folder, ["scan [1].jpg"]), ["scan [1].jpg"]);
    deepEqual(await keys(folder, ["what?.jpg", "{a,b}"]), ["what?.jpg", "{a,b}/c.jpg"]);
  }));

Deno.test("links to folders are followed, and cycles end", () =>
  withFolder(async (folder) => {
    await create(folder, ["in/a/1.jpg", "elsewhere/2.jpg"]);
    await symlink("..", join(folder, "in/a/up"));
    await symlink("../elsewhere", join(folder, "in/link"));
    await symlink("../../elsewhere/2.jpg", join(folder, "in/a/linked.jpg"));
    await symlink("nowhere", join(folder, "in/broken.jpg"));
    await symlink("self.jpg", join(folder, "in/self.jpg"));
    const images = await collect([join(folder, "in")]);
    deepEqual(
      images.map(({ key }) => key.replace(`${folder}/in/`, "")),
      ["a/1.jpg", "a/linked.jpg", "broken.jpg", "link/2.jpg", "self.jpg"],
    );
    await rejects(images[2].image(), { message: "there is no such file" });
    await rejects(images[4].image(), { message: "its symbolic links form a loop" });
    deepEqual(await images[1].image(), IMAGE);
  }));

Deno.test("what is excluded is left out of folders, under whatever name it is found, but not if it is named", () =>
  withFolder(async (folder) => {
    await create(folder, ["1.jpg", "out/2.jpg", "out/deep/3.jpg", "4.jpg"]);
    await symlink("out", join(folder, "link"));
    const exclude = [join(folder, "./out/"), join(folder, "4.jpg"), join(folder, "does not exist")];
    deepEqual(await keys(folder, [""], { exclude }), ["1.jpg"]);
    deepEqual(await keys(folder, ["**"], { exclude }), ["1.jpg"]);
    deepEqual(await keys(folder, ["out"], { exclude }), ["out/2.jpg", "out/deep/3.jpg"]);
    deepEqual(await keys(folder, ["4.jpg"], { exclude }), ["4.jpg"]);
  }));

Deno.test("a TIFF file with several pages is one image for each page", () =>
  withFolder(async (folder) => {
    const several = tiff(PAGES);
    await create(folder, { "many.tif": several, "named.jpg": several, "single.tif": tiff([PAGES[0]]) });
    const images = await collect([folder]);
    deepEqual(
      images.map(({ key }) => key.slice(folder.length + 1)),
      ["many.tif#1", "many.tif#2", "named.jpg#1", "named.jpg#2", "single.tif"],
    );
    // Also in another order than that of the pages, and after the iteration has ended.
    for (const i of [3, 0, 1, 2]) equal(readPage(await images[i].image()).tags.get(256)?.[0], PAGES[i % 2].width);
    deepEqual(await images[4].image(), tiff([PAGES[0]]));
  }));

Deno.test("a file whose name ends like the key of a page has another key than the page", () =>
  withFolder(async (folder) => {
    await create(folder, { "a.tif": tiff(PAGES), "a.tif#1": IMAGE, "b#2": IMAGE });
    deepEqual(await keys(folder, ["a.tif", "a.tif#1", "b#2", "c#3"]), [
      "a.tif#1",
      "a.tif#2",
      "a.tif#1#1",
      "b#2#1",
      "c#3#1",
    ]);
  }));

Deno.test("pages are read from a file that is opened once, and not kept after its last page", () =>
  withFolder(async (folder) => {
    await create(folder, { "1.tif": tiff(PAGES), "2.jpg": IMAGE });
    const images = imagesOf([folder]);
    const first = (await images.next()).value!;
    // The file in memory is still whole.
    await writeFile(join(folder, "1.tif"), "");
    equal(readPage(await first.image()).tags.get(256)?.[0], 5);
    const second = (await images.next()).value!;
    equal(readPage(await second.image()).tags.get(256)?.[0], 8);
    await images.next();
    await rejects(second.image(), { message: "it is empty" });
    await images.return();
  }));

Deno.test("formats are recognized by their headers, and what the service cannot read is told", () =>
  withFolder(async (folder) => {
    const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
    const cases: Readonly<Record<string, readonly [bytes: Uint8Array, reason: string]>> = {
      "a.jpg": [ascii("\0\0\0\x18ftypheic\0\0\0\0"), "it is a HEIC file, which the service does not support"],
      "b.png": [ascii("8BPS\0\0"), "it is a Photoshop file, which the service does not support"],
      "c.tif": [
        Uint8Array.of(0x49, 0x49, 43, 0, 8, 0, 0, 0),
        "it is a BigTIFF file, which the service does not support",
      ],
      "d.tif": [ascii("II*\0"), "it is a damaged TIFF file: it ends too early, or refers to parts beyond its end"],
      "e.jpg": [new Uint8Array(), "it is empty"],
      "f.jpg": [ascii("This is a text."), "it is not an image, or it is damaged"],
      "g.jpg": [Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), "it is not an image, or it is damaged"],
    };
    await create(folder, Object.fromEntries(Object.entries(cases).map(([name, [bytes]]) => [name, bytes])));
    const images = await collect([folder]);
    equal(images.length, 7);
    for (const [i, [, reason]] of Object.values(cases).entries()) await rejects(images[i].image(), { message: reason });

    const svg = ascii('<svg xmlns="http://www.w3.org/2000/svg"/>');
    await create(folder, { "text.txt": ascii("text"), "drawing.svg": svg });
    const [text, drawing] = await collect([join(folder, "text.txt"), join(folder, "drawing.svg")]);
    await rejects(text.image(), { message: "it is not an image, or it is damaged" });
    deepEqual(await drawing.image(), svg);
  }));

Deno.test("nothing is read before it is asked for", () =>
  withFolder(async (folder) => {
    await create(folder, ["1.jpg", "2.jpg", "3.jpg"]);
    const images = imagesOf([join(folder, "1.jpg"), folder, join(folder, "none")]);
    const [first] = [(await images.next()).value!];
    await rm(join(folder, "2.jpg"));
    await rm(join(folder, "1.jpg"));
    equal((await images.next()).value?.key, `${folder}/3.jpg`);
    await rejects(first.image(), { message: "there is no such file" });
    await images.return();
  }));

Deno.test("a folder that cannot be read is an image that cannot be read", {
  ignore: process.platform === "win32" || process.getuid?.() === 0,
}, () =>
  withFolder(async (folder) => {
    await create(folder, ["a/1.jpg", "b/2.jpg"]);
    const { chmod } = await import("node:fs/promises");
    await chmod(join(folder, "a"), 0);
    const [first, second] = await collect([folder]);
    await chmod(join(folder, "a"), 0o755);
    equal(first.key, `${folder}/a`);
    await rejects(first.image(), { message: "permission denied" });
    equal(second.key, `${folder}/b/2.jpg`);
  }));

Deno.test(
  "a pipe is read once, and its pages are images",
  { ignore: process.platform === "win32" },
  () =>
    withFolder(async (folder) => {
      await promisify(execFile)("mkfifo", [join(folder, "pipe")]);
      const writing = writeFile(join(folder, "pipe"), tiff(PAGES));
      const images = await collect([join(folder, "pipe")]);
      await writing;
      deepEqual(images.map(({ key }) => key), [`${folder}/pipe#1`, `${folder}/pipe#2`]);
      for (const [i, { image }] of images.entries()) equal(readPage(await image()).tags.get(256)?.[0], PAGES[i].width);
      // In a folder, pipes are not looked at.
      await promisify(execFile)("mkfifo", [join(folder, "pipe.jpg")]);
      deepEqual(await collect([folder]), []);
    }),
);

Deno.test("10,000 other files in a folder are not opened", () =>
  withFolder(async (folder) => {
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => writeFile(join(folder, `${i}.txt`), "")));
    await create(folder, ["1.jpg"]);
    const start = performance.now();
    looseEqual((await collect([folder])).length, 1);
    ok(performance.now() - start < 2000);
    deepEqual(await readFile(join(folder, "1.jpg")).then((bytes) => new Uint8Array(bytes)), IMAGE);
  }));
