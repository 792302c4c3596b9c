import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import type { EmulatorOptions } from "../../../src/emulator/emulator.ts";
import { NOTHING_SENT, STOPPED } from "../../../src/cli/status.ts";
import { detect, DETECTOR, page, PAGES, pagesIn, withPages } from "./pages.ts";
import { runBatch, toDetect, withFolder } from "./run.ts";

Deno.test("a failure ends no other image, and is named in the summary and in failures.jsonl", () =>
  withFolder({ ...PAGES, "in/d.pgm": "P5\n1 1\n255\n" }, async (folder) => {
    const out = `${folder}/out`;
    const failing: EmulatorOptions = {
      detect: (image) => image.at(-1) === 98 ? Promise.reject(new Error("too dark\x1b[2J")) : detect(),
    };
    const command = toDetect({ paths: [`${folder}/in`, `${folder}/none.pgm`], out });
    const { status, stderr, posts } = await runBatch(command, failing);
    deepEqual([status, posts], [1, 4]);
    const reason = "b\\.pgm: The task failed \\(too dark\uFFFD\\[2J\\)\\.";
    match(stderr, RegExp(`^/.*/in/${reason}`, "m"));
    match(stderr, /\n3 of 5 images completed, 1 failed, 1 not sent \(.*\)\.\n/);
    const summary = stderr.slice(stderr.indexOf("3 of 5"));
    match(summary, RegExp(`^ {2}.*/in/${reason}`, "m"));
    match(
      summary,
      /\n {2}.*\/none\.pgm: The image was not sent: there is no such file\.\n/,
    );
    const failures = (await Deno.readTextFile(`${out}/failures.jsonl`)).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    deepEqual(failures.map(({ key, ending }) => [key.split("/").at(-1), ending]).sort(), [
      ["b.pgm", "failed"],
      ["none.pgm", "unreadable"],
    ]);
    const resumed = await runBatch({ ...command, resume: true }, DETECTOR);
    deepEqual([resumed.status, resumed.posts], [1, 0]);
    const resent = await runBatch({ ...command, resume: true, resubmit: true }, DETECTOR);
    deepEqual([resent.status, resent.posts], [1, 1]);
    match(resent.stderr, /4 of 5 images completed, 1 not sent/);
    const left = (await Deno.readTextFile(`${out}/failures.jsonl`)).trimEnd().split("\n");
    deepEqual([left.length, left[0].includes("none.pgm")], [1, true]);
  }));

Deno.test("an image that cannot be read is reported with status 2, and nothing is sent", () =>
  withFolder({}, async (folder) => {
    const { status, stderr, requests } = await runBatch(toDetect({ paths: [`${folder}/none.pgm`] }));
    deepEqual([status, requests], [NOTHING_SENT, []]);
    equal(
      stderr,
      `${folder}/none.pgm: The image was not sent: there is no such file.\n`,
    );
  }));

Deno.test("an image whose output cannot be written is not sent", () =>
  withFolder({ ...PAGES, "x.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>" }, async (folder) => {
    const out = `${folder}/out`;
    await Deno.mkdir(`${out}${folder}/in/b.pgm.alto.xml`, { recursive: true });
    const { status, stderr, posts } = await runBatch(
      toDetect({ paths: [`${folder}/in`, `${folder}/x.svg`], out, formats: ["alto"] }),
      DETECTOR,
    );
    deepEqual([status, posts], [1, 2]);
    match(
      stderr,
      /b\.pgm: The image was not sent: its output .*b\.pgm\.alto\.xml cannot be written: it is a folder\./,
    );
    match(
      stderr,
      /x\.svg: The image was not sent: ALTO contains its size, which is not known; convert it to PNG or JPEG\./,
    );
  }));

Deno.test("a reader of standard output that goes away stops the batch, and no task is lost", () =>
  withPages(async (paths) => {
    const { status, stderr, posts, requests } = await runBatch(toDetect({ paths, concurrency: 1 }), DETECTOR, {
      fails: (stream) => stream === "stdout" ? "EPIPE" : null,
    });
    deepEqual([status, posts], [1, 1]);
    equal(requests.some((request) => request.startsWith("DELETE")), false);
    match(
      stderr,
      /a\.pgm: The result could not be written to standard output: the reader has closed it\. To get the result without sending the image again: ocr-regions watch [-\da-f]{36}\n/,
    );
  }));

Deno.test("the ids of tasks are kept elsewhere if neither stream can be written to", () =>
  withFolder({ "a.pgm": page("a") }, async (folder) => {
    const { status, kept } = await runBatch(toDetect({ paths: [`${folder}/a.pgm`] }), DETECTOR, { fails: () => "EIO" });
    equal(status, 1);
    match(kept[0], /a\.pgm: Submitted as task [-\da-f]{36}\./);
    match(kept[1], /a\.pgm: The result could not be written .* ocr-regions watch [-\da-f]{36}$/);
  }));

Deno.test("a journal with an entry that cannot be read ends the batch before the image is sent", () =>
  withFolder({ "a.pgm": page("a") }, async (folder) => {
    const out = `${folder}/out`, paths = [`${folder}/a.pgm`];
    await Deno.mkdir(out);
    await Deno.writeTextFile(`${out}/journal.jsonl`, `${JSON.stringify({ key: paths[0], value: { version: 9 } })}\n`);
    const { status, posts, stderr } = await runBatch(toDetect({ paths, out, resume: true }), DETECTOR);
    deepEqual([status, posts], [1, 0]);
    match(stderr, /^Cannot read the journal as .* must be an entry of version 1\.\n/);
  }));

Deno.test("names of files cannot control the terminal", () =>
  withFolder({ "in/a\x1b[2J\n.pgm": page("a"), "in/👩‍👩‍👧.pgm": page("b") }, async (folder) => {
    const { status, stdout, stderr } = await runBatch(toDetect({ paths: [`${folder}/in`] }), DETECTOR);
    equal(status, 0);
    ok(!/(?!\n)\p{Cc}/u.test(stdout + stderr), JSON.stringify(stdout + stderr));
    ok(stdout.includes(`${folder}/in/a\uFFFD[2J .pgm:\n`));
    const out = `${folder}/out`;
    equal((await runBatch(toDetect({ paths: [`${folder}/in`], out }), DETECTOR)).status, 0);
    deepEqual(await pagesIn(out), ["a\x1b[2J\n.pgm.json", "👩‍👩‍👧.pgm.json"]);
  }));

Deno.test("a service that cannot be reached ends the batch at once", () =>
  withPages(async (paths, out) => {
    const env = { OCR_BASE_URL: "http://127.0.0.1:1" };
    const { status, stderr } = await runBatch(toDetect({ paths, out, concurrency: 1 }), DETECTOR, { env });
    equal(status, 1);
    match(stderr, /\nStopped: 0 of 1 image completed, 1 interrupted by an error .*\nTo continue, run the same command/);
  }));

Deno.test("rejected credentials end the batch at once", () =>
  withPages(async (paths, out) => {
    const { status, stderr, posts } = await runBatch(toDetect({ paths, out, concurrency: 1 }), {
      ...DETECTOR,
      credentials: { clientId: "other", clientSecret: "other" },
    });
    deepEqual([status, posts], [1, 0]);
    match(
      stderr,
      /\nStopped: 0 of 1 image completed, 1 interrupted by an error .*\nTo continue, run the same command with --resume\.\n$/,
    );
  }));

Deno.test("--quiet says nothing but failures, and no id as long as the journal has it", () =>
  withPages(async (paths, out) => {
    const good = await runBatch(toDetect({ paths, out, quiet: true }), DETECTOR, { tty: { columns: 80 } });
    deepEqual([good.status, good.stderr], [0, ""]);
    const bad = await runBatch(toDetect({ paths: [`${out}/none.pgm`], quiet: true }));
    match(bad.stderr, /^.*none\.pgm: The image was not sent: there is no such file\.\n$/);
  }));

Deno.test("a folder that cannot be written, and one without images, are refused before anything is sent", () =>
  withFolder({ "a.pgm": page("a"), "empty/other.txt": "" }, async (folder) => {
    const blocked = await runBatch(toDetect({ paths: [`${folder}/a.pgm`], out: `${folder}/a.pgm/out` }), DETECTOR);
    deepEqual([blocked.status, blocked.requests], [NOTHING_SENT, []]);
    match(blocked.stderr, /^Cannot write to the folder .*: a part of its path is not a folder\.\n$/);
    const empty = await runBatch(toDetect({ paths: [`${folder}/empty`], out: `${folder}/new` }), DETECTOR);
    deepEqual([empty.status, empty.stderr], [NOTHING_SENT, `No images were found in ${folder}/empty.\n`]);
    equal(await Deno.stat(`${folder}/new`).catch(() => null), null);
  }));

Deno.test("Ctrl-C ends the wait for an image on standard input", async () => {
  const stdin = (stop: () => void): Promise<never> => {
    stop();
    return Promise.reject(new Error("Premature close"));
  };
  const { status, stderr, requests } = await runBatch(toDetect({ paths: ["-"] }), {}, { stdin });
  deepEqual([status, stderr, requests], [STOPPED, "", []]);
});
