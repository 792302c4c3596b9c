import { deepStrictEqual as deepEqual, match, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { imagesOf } from "../../src/files/images.ts";
import { openPages } from "../../src/files/pages.ts";
import { readImageHeader } from "../../src/internal/image_header.ts";
import { withFolder } from "./folder.ts";
import { ENCRYPTED, pdf } from "./pdf_file.ts";

/** The pixels of a PNG as the library writes it, and the number of bytes of each. */
function decode(
  png: Uint8Array,
): { readonly channels: number; readonly at: (x: number, y: number) => readonly number[] } {
  const { width = 0 } = readImageHeader(png) ?? {};
  const channels = png[25] === 0 ? 1 : 3;
  const rows = inflateSync(png.subarray(41, 41 + new DataView(png.buffer).getUint32(33)));
  const at = (x: number, y: number): readonly number[] => {
    const start = y * (1 + width * channels) + 1 + x * channels;
    return [...rows.subarray(start, start + channels)];
  };
  return { channels, at };
}

const sizeOf = (image: Uint8Array): readonly unknown[] => {
  const { type, width, height } = readImageHeader(image) ?? {};
  return [type, width, height];
};

Deno.test("the pages of a PDF are rendered as PNG at 200 dpi, or as asked", async () => {
  const file = pdf([{ size: [72, 36] }, { size: [36, 144] }]);
  const pages = await openPages(file);
  equal(pages.count, 2);
  deepEqual(sizeOf(await pages.read(1)), ["image/png", 200, 100]);
  deepEqual(sizeOf(await pages.read(2)), ["image/png", 100, 400]);
  await pages.close();
  await rejects(pages.read(1), { message: "its pages have been closed" });
  const fine = await openPages(file, { dpi: 300 });
  deepEqual(sizeOf(await fine.read(1)), ["image/png", 300, 150]);
  await rejects(openPages(file, { dpi: 0 }), RangeError);
  for (const page of [0, 3, 1.5, NaN]) await rejects(fine.read(page), RangeError);
});

Deno.test("a rendered page has its contents on white, in color only if it has colors", async () => {
  // Squares at the left of the page, from the bottom: black or red.
  const pages = await openPages(pdf([
    { size: [72, 72], content: "0 0 0 rg 0 0 36 36 re f" },
    { size: [72, 72], content: "1 0 0 rg 0 0 36 36 re f" },
  ]));
  const gray = decode(await pages.read(1)), color = decode(await pages.read(2));
  deepEqual([gray.channels, gray.at(10, 10), gray.at(10, 190), gray.at(190, 190)], [1, [255], [0], [255]]);
  deepEqual(
    [color.channels, color.at(10, 10), color.at(10, 190), color.at(190, 190)],
    [3, [255, 255, 255], [255, 0, 0], [255, 255, 255]],
  );
});

Deno.test("a huge page is rendered at a lower resolution", async () => {
  const pages = await openPages(pdf([{ size: [14_400, 14_400] }, { size: [14_400, 20] }]));
  const [, width, height] = sizeOf(await pages.read(1));
  deepEqual([width, height], [5792, 5792]);
  const [, long] = sizeOf(await pages.read(2));
  equal(long, 32_767);
});

Deno.test("a page that cannot be rendered is an error, and the others are not concerned", async () => {
  const pages = await openPages(pdf([{ size: [72, 36] }, { size: [0.1, 0.1] }, { size: [72, 36] }]));
  for (const page of [1, 3, 1]) deepEqual(sizeOf(await pages.read(page)), ["image/png", 200, 100]);
  await rejects(pages.read(2), { message: "page 2 of the PDF cannot be rendered" });
  deepEqual(sizeOf(await pages.read(3)), ["image/png", 200, 100]);
});

Deno.test("a PDF that cannot be opened says why", async () => {
  await rejects(openPages(ENCRYPTED), { message: "it is a PDF with a password. Save it without one" });
  await rejects(openPages(new TextEncoder().encode("%PDF-1.7\nnothing")), { message: "it is a damaged PDF" });
  await rejects(openPages(pdf([])), { message: /^it is a (?:PDF without pages|damaged PDF)$/ });
});

Deno.test("mutated PDF files are rendered or damaged", async () => {
  const whole = pdf([{ size: [72, 36], content: "0 0 36 36 re f" }, { size: [36, 36] }]);
  const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(edits, async (edits) => {
      const file = whole.slice();
      // The header is left, since the rest is not a PDF without it.
      for (const [at, value] of edits) if (at >= 8) file[at] = value;
      try {
        const { count, read } = await openPages(file, { dpi: 72 });
        for (let page = 1; page <= Math.min(count, 3); page++) await read(page);
      } catch (error) {
        ok(error instanceof Error);
        match(error.message, /^(?:it is a (?:damaged )?PDF|page \d+ of the PDF)/);
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("imagesOf() finds the pages of a PDF", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "one.pdf"), pdf([{ size: [72, 36] }]));
    await writeFile(join(folder, "two.PDF"), pdf([{ size: [72, 36] }, { size: [36, 36] }]));
    await writeFile(join(folder, "locked.pdf"), ENCRYPTED);
    const images = await Array.fromAsync(imagesOf([folder], { dpi: 72 }));
    deepEqual(
      images.map(({ key }) => key.slice(folder.length + 1)),
      ["locked.pdf", "one.pdf", "two.PDF#1", "two.PDF#2"],
    );
    const [locked, ...others] = images;
    await rejects(locked.image(), { message: "it is a PDF with a password. Save it without one" });
    const sizes = await Promise.all(others.map(async ({ image }) => sizeOf(await image()).slice(1)));
    deepEqual(sizes, [[72, 36], [72, 36], [36, 36]]);
  }));

/** The message of the error with which a new process opens a PDF. */
async function openElsewhere(...options: readonly string[]): Promise<string> {
  const code = `
    import { openPages } from ${JSON.stringify(new URL("../../src/files/files.ts", import.meta.url).href)};
    const encode = (text) => new TextEncoder().encode(text);
    // Other images do not need the package.
    await openPages(encode("P1 1 1 0\\n"));
    await openPages(encode("%PDF-1.4")).catch((error) => console.log(error.message));
  `;
  const program = `data:text/javascript,${encodeURIComponent(code)}`;
  const args = ["run", "--quiet", "--no-lock", "--no-prompt", ...options, program];
  const { stdout, stderr } = await new Deno.Command(process.execPath, { args }).output();
  return new TextDecoder().decode(stdout).trimEnd() || new TextDecoder().decode(stderr);
}

Deno.test("a missing @hyzyla/pdfium is named with the command that installs it", () =>
  withFolder(async (folder) => {
    const { imports } = JSON.parse(await Deno.readTextFile("deno.json"));
    const { "@hyzyla/pdfium": _, ...others } = imports;
    const config = { imports: { ...others, "@hyzyla/pdfium": "./missing.js" }, nodeModulesDir: "none" };
    await writeFile(join(folder, "deno.json"), JSON.stringify(config));
    match(
      await openElsewhere("--allow-all", `--config=${folder}/deno.json`),
      /^its pages cannot be rendered, as the package @hyzyla\/pdfium could not be loaded\. Install it with `npm install @hyzyla\/pdfium` \(Module not found .*\)$/,
    );
  }));

Deno.test("a PDF is not called damaged if the renderer did not start", async () => {
  match(
    await openElsewhere("--allow-import", "--config=deno.json"),
    /^its pages cannot be rendered, as PDFium did not start \(.*--allow-read.*\)$/,
  );
});
