import { deepStrictEqual as deepEqual, ok, rejects, strictEqual as equal } from "node:assert/strict";
import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { isAbsolute, join, relative } from "node:path";
import { createOutputs, fileName, imageName, linkTo } from "../../../src/cli/batch/outputs.ts";
import { sweep } from "../../../src/cli/files.ts";
import type { Page } from "../../../src/cli/batch/page.ts";
import { withFolder } from "./run.ts";

const IMAGE = new TextEncoder().encode("P5\n1 1\n255\nx");
const PAGE: Page = { regions: [], image: null, notices: [], shown: "", json: {}, summary: "" };

Deno.test("the files of an image are named by its key, with # as -", () => {
  equal(fileName("scans/a.jpg"), "scans/a.jpg");
  equal(fileName("scans/b.tif#12"), "scans/b.tif-12");
  equal(fileName("../other/./a.jpg"), "other/a.jpg");
  equal(fileName("/home/me/a.jpg"), "home/me/a.jpg");
  equal(fileName("C:\\scans\\a.jpg"), "C/scans/a.jpg");
  equal(fileName("-"), "stdin");
  equal(fileName("-#2"), "stdin-2");
  equal(fileName(".."), "image");
});

Deno.test("the files of an image stay below the folder of the output, whatever its key is", () => {
  const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "~", "C:", "..\\..", "#1", "\0", "-"), fc.string());
  fc.assert(fc.property(fc.array(part).map((parts) => parts.join("/")), (key) => {
    const path = relative("/out", join("/out", `${fileName(key)}.json`));
    ok(!isAbsolute(path) && !path.split(/[\\/]/).includes(".."), path);
  }));
});

Deno.test("the name of an image and the link to it are those of its file", () => {
  deepEqual(["scans/a.jpg", "b.tif#2", "-", "-#1"].map(imageName), ["a.jpg", "b.tif", undefined, undefined]);
  equal(linkTo("scans/ä #.jpg", "out/scans"), "../../scans/%C3%A4%20%23.jpg");
  equal(linkTo("a.jpg", "."), "a.jpg");
  deepEqual([linkTo("b.tif#2", "."), linkTo("-", ".")], [null, null]);
});

Deno.test("an image is refused if its output would take the place of that of another one", () =>
  withFolder({}, async (folder) => {
    const { prepare } = createOutputs(folder, { out: folder, formats: ["json", "coco"], link: false });
    await prepare("b.tif#1", IMAGE);
    await prepare("b.tif#1", IMAGE);
    await rejects(
      prepare("b.tif-1", IMAGE),
      /^Error: its output .*b\.tif-1\.json would take the place of that of b\.tif#1$/,
    );
    await prepare("x.coco", IMAGE);
    await rejects(prepare("x", IMAGE), /x\.coco\.json would take the place of that of x\.coco$/);
  }));

Deno.test("an image is refused if its output cannot have its name", () =>
  withFolder({}, async (folder) => {
    const { prepare } = createOutputs(folder, { out: folder, formats: ["json"], link: false });
    // A name has at most 255 bytes.
    await prepare("x".repeat(250), IMAGE);
    await rejects(prepare("x".repeat(251), IMAGE), /x\.json cannot be written: its name is too long$/);
    await rejects(prepare("ä".repeat(126), IMAGE), /its name is too long$/);
    await Deno.mkdir(`${folder}/a.json`);
    await rejects(prepare("a", IMAGE), /a\.json cannot be written: it is a folder$/);
  }));

Deno.test("a file is written whole, in the folder that it needs, or not at all", () =>
  withFolder({}, async (folder) => {
    const { prepare, write } = createOutputs(folder, { out: folder, formats: ["json"], link: false });
    await prepare("in/a.pgm", IMAGE);
    await Deno.remove(`${folder}/in`, { recursive: true });
    deepEqual(await write("in/a.pgm", PAGE, IMAGE), E.right(undefined));
    equal(await Deno.readTextFile(`${folder}/in/a.pgm.json`), "{}\n");
    await Deno.remove(`${folder}/in`, { recursive: true });
    await Deno.writeTextFile(`${folder}/in`, "");
    const failed = await write("in/a.pgm", PAGE, IMAGE);
    ok(
      E.isLeft(failed) && /^The output .*a\.pgm\.json could not be written: .*\.$/.test(failed.left),
      JSON.stringify(failed),
    );
    deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["in"]);
  }));

Deno.test("hOCR and the size of a preprocessed image are written as such", () =>
  withFolder({}, async (folder) => {
    const { write } = createOutputs(folder, { out: folder, formats: ["page-xml", "svg"], link: true });
    const image = new TextEncoder().encode("P5\n7 9\n255\n" + "x".repeat(63));
    deepEqual(await write("a.pgm", { ...PAGE, image }, IMAGE), E.right(undefined));
    ok((await Deno.readTextFile(`${folder}/a.pgm.page.xml`)).includes('imageWidth="7" imageHeight="9"'));
    // The link would be to another image.
    ok((await Deno.readTextFile(`${folder}/a.pgm.svg`)).includes("data:image/"));
  }));

Deno.test("what a killed process has left is removed before a batch writes its first file", () =>
  withFolder({}, async (folder) => {
    const left = ".ocr-regions-684c537d-a9cd-4a9b-aa22-c9c96748a659.tmp", other = ".ocr-regions.tmp";
    for (const name of [left, other]) await Deno.writeTextFile(`${folder}/${name}`, "");
    const { prepare } = createOutputs(folder, { out: folder, formats: ["json"], link: false }, sweep);
    await Promise.all([prepare("a", IMAGE), prepare("b", IMAGE)]);
    deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), [other]);
    // Another page may be being written now.
    await Deno.writeTextFile(`${folder}/${left}`, "");
    await prepare("c", IMAGE);
    equal(Array.from(Deno.readDirSync(folder)).length, 2);
  }));
