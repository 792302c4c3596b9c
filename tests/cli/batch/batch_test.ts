import { deepStrictEqual as deepEqual, match, strictEqual as equal } from "node:assert/strict";
import { NOTHING_SENT } from "../../../src/cli/status.ts";
import { DETECTOR, filesIn, page, READER, REGION, TABLE, withPages } from "./pages.ts";
import { runBatch, toDetect, toRead, withFolder } from "./run.ts";

Deno.test("detect prints a table for each page, under the name of its image", () =>
  withPages(async (paths) => {
    const { status, stdout, stderr } = await runBatch(toDetect({ paths }), DETECTOR);
    equal(status, 0);
    const tables = stdout.split("\n\n").map((text) => `${text.trimEnd()}\n`).sort();
    deepEqual(tables, ["a", "b", "c"].map((name) => `${paths[0]}/${name}.pgm:\n${TABLE}`));
    equal(
      stderr.match(/: Submitted as task [-\da-f]{36}\. If this is interrupted, resume with: ocr-regions watch /g)
        ?.length,
      3,
    );
    equal(stderr.match(/\.pgm: 1 region found \(.*\)\n/g)?.length, 3);
    match(stderr, /\n3 of 3 images completed \(.*\)\.\n$/);
  }));

Deno.test("detect prints several pages as JSON Lines, and refuses other formats without a folder", () =>
  withPages(async (paths) => {
    const { status, stdout } = await runBatch(toDetect({ paths, formats: ["json"] }), DETECTOR);
    equal(status, 0);
    const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    deepEqual(lines.map(({ key, _tag, regions }) => [key, _tag, regions]).sort(), [
      [`${paths[0]}/a.pgm`, "Completed", [REGION]],
      [`${paths[0]}/b.pgm`, "Completed", [REGION]],
      [`${paths[0]}/c.pgm`, "Completed", [REGION]],
    ]);
    const refused = await runBatch(toDetect({ paths, formats: ["svg"] }), DETECTOR);
    deepEqual([refused.status, refused.posts], [NOTHING_SENT, 0]);
    equal(refused.stderr, "The format svg is a file for each page. Add --out DIR to write several.\n");
  }));

Deno.test("nothing is sent as long as what was detected before has not been written", () =>
  withFolder(
    Object.fromEntries(["1", "2", "3", "4"].map((name) => [`in/${name}.pgm`, page(name)])),
    async (folder) => {
      let posts = 0, meanwhile = 0;
      const { status } = await runBatch(toDetect({ paths: [`${folder}/in`], concurrency: 2 }), DETECTOR, {
        requested: ({ method, url }) => void (posts += method === "POST" && url.includes("v5") ? 1 : 0),
        printed: async () => {
          const before = posts;
          await new Promise((resolve) => setTimeout(resolve, 500));
          meanwhile = Math.max(meanwhile, posts - before);
        },
      });
      // The other slot may take the next image, if its result has been written.
      deepEqual([status, posts, meanwhile <= 1], [0, 4, true], String(meanwhile));
    },
  ));

Deno.test("read prints the texts of several pages, and the ids of their tasks", () =>
  withPages(async (paths) => {
    const { status, stdout, stderr, posts } = await runBatch(toRead({ paths }), READER);
    deepEqual([status, posts], [0, 6], stderr);
    const texts = stdout.split("\n\n").map((text) => text.trimEnd()).sort();
    deepEqual(texts, ["a", "b", "c"].map((name) => `${paths[0]}/${name}.pgm:\nTo Lucasta`));
    equal(
      stderr.match(/: Submitted as task [-\da-f]{36}\. To be able to continue after a crash, add --out DIR\.\n/g)
        ?.length,
      6,
    );
  }));

Deno.test("an image is read from standard input", () =>
  withFolder({}, async (folder) => {
    const out = `${folder}/out`;
    const stdin = () => Promise.resolve(new TextEncoder().encode(page("a")));
    const { status, stderr } = await runBatch(toDetect({ paths: ["-"], out, formats: ["csv", "page-xml"] }), DETECTOR, {
      stdin,
    });
    equal(status, 0, stderr);
    deepEqual(await filesIn(out), ["journal.jsonl", "stdin.csv", "stdin.page.xml"]);
    const empty = await runBatch(toDetect({ paths: ["-"] }));
    deepEqual([empty.status, empty.stderr], [NOTHING_SENT, "There is no standard input.\n"]);
  }));

Deno.test("an image that many viewers cannot show in an SVG is named once, unless it is only linked", () =>
  withPages(async (paths, out) => {
    const command = toDetect({ paths, out, formats: ["svg"] });
    const { stderr } = await runBatch(command, DETECTOR);
    equal(
      stderr.match(/\.pgm: The image is a PGM, which many viewers cannot show in an SVG\. Convert it to/g)?.length,
      1,
    );
    const linked = await runBatch({ ...command, link: true, resume: true }, DETECTOR);
    deepEqual([linked.status, linked.posts, linked.stderr.includes("viewers")], [0, 0, false]);
  }));
