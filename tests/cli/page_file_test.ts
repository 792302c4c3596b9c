import * as E from "fp-ts/lib/Either.js";
import { deepStrictEqual as deepEqual, match, strictEqual as equal } from "node:assert/strict";
import type { EmulatorOptions } from "../../src/emulator/emulator.ts";
import { readAlto } from "../../src/page/page_reader.ts";
import { against, PAGE, run, withFile } from "./run.ts";

const FIRST = { left: 10, top: 20, right: 300, bottom: 40 }, SECOND = { left: 10, top: 50, right: 300, bottom: 90 };
/** The title has a bidirectional control, which would be replaced on a terminal. */
const TEXTS = ["To \u202bLucasta", "Going beyond\nthe Seas\n\n"];
const SIZE = { width: 1065, height: 1879 };
const READER: EmulatorOptions = {
  detect: () => Promise.resolve([SECOND, FIRST]),
  recognize: (_, { regions }) => Promise.resolve((regions ?? []).map(({ top }) => TEXTS[top === 20 ? 0 : 1])),
};

/** An emulator that returns a file as the deskewed image. */
const deskewer = (image: string): EmulatorOptions => ({
  ...READER,
  tasks: { DeskewImage: () => Promise.resolve([{ type: "ImagePNG", data: btoa(image) }]) },
});

Deno.test("ocr-regions detect --format prints the regions in reading order", async () => {
  const { status, stdout, stderr } = await against(READER, ["detect", PAGE, "--format", "alto"]);
  equal(status, 0, stderr);
  deepEqual(
    readAlto(stdout),
    E.right([{ regions: [{ region: FIRST }, { region: SECOND }], size: SIZE, imageName: "lucasta.047.jpg" }]),
  );
});

Deno.test("ocr-regions read --format prints the texts as they are, unless to a terminal", async () => {
  const { status, stdout } = await against(READER, ["read", PAGE, "--format", "csv"]);
  equal(status, 0);
  match(stdout, /^image,index,.*\r\nlucasta.047.jpg,1,10,20,300,40,,To \u202bLucasta\r\n/);
  const shown = await against(READER, ["read", PAGE, "--format", "text"], { stdoutIsTTY: true });
  equal(shown.stdout, "To \ufffdLucasta\nGoing beyond\nthe Seas\n");
});

Deno.test("ocr-regions read --deskew --format states the size of the deskewed image, and not the name of another", async () => {
  const args = ["read", PAGE, "--deskew", "--format"];
  const { stdout } = await against(deskewer("P1 400 500 "), [...args, "alto"]);
  const pages = readAlto(stdout);
  deepEqual(E.isRight(pages) && [pages.right[0].size, pages.right[0].imageName], [
    { width: 400, height: 500 },
    undefined,
  ]);
  const lost = await against(deskewer("?"), [...args, "alto"]);
  equal(lost.status, 1);
  match(lost.stderr, /\nCannot write ALTO, since the size of the deskewed image is not known\. JSON was printed\.\n$/);
  equal(JSON.parse(lost.stdout).regions.length, 2);
});

Deno.test("ocr-regions --format refuses what it cannot write, before anything is sent", () =>
  withFile("page.pdf", "%PDF-1.7", async (pdf) => {
    for (const command of ["detect", "read"]) {
      const { status, stderr, requests } = await against(READER, [command, pdf, "--format", "coco"]);
      deepEqual([status, requests], [2, []]);
      equal(stderr, `Cannot write COCO, since the size of ${pdf} is not known. Convert it to PNG or JPEG.\n`);
    }
    for (const name of ["text", "markdown"]) {
      const { status, stderr } = await run(["detect", PAGE, "--format", name]);
      deepEqual([status, stderr.split("\n")[0]], [
        2,
        `The format ${name} requires texts. Use ocr-regions read, which recognizes them.`,
      ]);
    }
    const refused: readonly (readonly [args: readonly string[], message: RegExp])[] = [
      [["detect", PAGE, "--format", "docx"], /^Unknown format "docx"\. Expected one of page-xml, alto, .*, svg\.\n/],
      [["read", PAGE, "--format", "csv", "--json"], /^The options --format and --json cannot be combined\./],
      [["read", PAGE, "--format", "csv", "--hocr"], /^The options --format and --hocr cannot be combined\./],
      [["watch", "x", "--format", "csv"], /^The command watch has no option --format\./],
    ];
    for (const [args, message] of refused) {
      const { status, stderr } = await run(args);
      equal(status, 2);
      match(stderr, message);
    }
  }));
