import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import type { EmulatorOptions } from "../../../src/emulator/emulator.ts";
import { NOTHING_SENT, STOPPED } from "../../../src/cli/status.ts";
import { createEmulator, runBatch, toDetect, toRead, withFolder } from "./run.ts";

const REGION = { left: 1, top: 2, right: 30, bottom: 40 };
const TABLE = "#  left  top  right  bottom\n1     1    2     30      40\n";
const detect = () => Promise.resolve([REGION]);
const DETECTOR: EmulatorOptions = { detect };
const READER: EmulatorOptions = { detect, recognize: () => Promise.resolve(["To Lucasta\n"]) };

/** A page of which the emulator's detector reads nothing but the last character. */
const page = (name: string): string => `P5\n40 50\n255\n${"x".repeat(1999)}${name}`;
const PAGES = { "in/a.pgm": page("a"), "in/b.pgm": page("b"), "in/c.pgm": page("c") };

/** The names of all files below a folder, without the one they all are in. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) names.push(...(await filesIn(`${folder}/${name}`)).map((file) => `${name}/${file}`));
    else names.push(name);
  }
  return names.sort();
}

/** The files of an output that are pages, by the end of their names. */
const pagesIn = async (out: string): Promise<readonly string[]> =>
  (await filesIn(out)).map((file) => file.replace(/^.*\/in\//, "")).filter((file) => !file.endsWith(".jsonl"));

/** Runs a test in a folder with three pages, and the name of a folder for the output. */
function withPages(test: (paths: readonly string[], out: string) => Promise<void>): Promise<void> {
  return withFolder(PAGES, (folder) => test([`${folder}/in`], `${folder}/out`));
}

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

Deno.test("detect --out writes a file for each page and format, and continues with --resume without sending anything", () =>
  withPages(async (paths, out) => {
    const command = toDetect({ paths, out, formats: ["json", "page-xml", "svg"], link: true });
    const first = await runBatch(command, DETECTOR);
    deepEqual([first.status, first.stdout, first.posts], [0, "", 3]);
    match(first.stderr, RegExp(`\\n3 of 3 images completed \\(.*\\)\\.\\nThe output is in ${out}\\.\\n$`));
    equal(first.stderr.includes("Submitted"), false);
    const names = ["a", "b", "c"].flatMap((name) => [`${name}.pgm.json`, `${name}.pgm.page.xml`, `${name}.pgm.svg`]);
    deepEqual(await pagesIn(out), names);
    const folder = out + paths[0];
    deepEqual(JSON.parse(await Deno.readTextFile(`${folder}/a.pgm.json`)).regions, [REGION]);
    match(await Deno.readTextFile(`${folder}/b.pgm.page.xml`), /imageFilename="b\.pgm"/);
    const svg = await Deno.readTextFile(`${folder}/c.pgm.svg`);
    const link = svg.match(/href="([^"]+)"/)?.[1] ?? "";
    equal(await Deno.readTextFile(`${folder}/${decodeURI(link)}`), PAGES["in/c.pgm"]);
    match(svg, /width="40" height="50"/);

    const refused = await runBatch(command, DETECTOR);
    deepEqual([refused.status, refused.posts], [NOTHING_SENT, 0]);
    match(
      refused.stderr,
      /^The folder .* has the journal of an earlier run\. To continue that run, add --resume\. To start/,
    );
    await Deno.remove(`${folder}/a.pgm.json`);
    const resumed = await runBatch({ ...command, resume: true }, DETECTOR);
    deepEqual([resumed.status, resumed.posts], [0, 0]);
    deepEqual(await pagesIn(out), names);
  }));

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

/** An emulator whose tasks never end, until it is told that they may. */
function createSlow(): { readonly emulator: ReturnType<typeof createEmulator>; readonly finish: () => void } {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => finish = resolve);
  return { emulator: createEmulator({ workers: 9, detect: () => finished.then(detect) }), finish };
}

Deno.test("the first Ctrl-C cancels what is in progress and sends nothing more; --resume sends what was canceled once", () =>
  withPages(async (paths, out) => {
    const { emulator, finish } = createSlow();
    const command = toDetect({ paths, out, concurrency: 2 });
    const stopped = await runBatch(command, emulator, {
      requested: ({ method }, stop) => method === "GET" ? stop() : undefined,
    });
    deepEqual([stopped.status, stopped.posts], [STOPPED, 2], stopped.stderr);
    equal(stopped.requests.filter((request) => request.startsWith("DELETE")).length, 2);
    equal(stopped.stderr.match(/^\/.*: Canceled task [-\da-f]{36}\.\n/gm)?.length, 2);
    match(
      stopped.stderr,
      /\nStopped: 0 of 2 images completed, 2 canceled \(.*\)\.\n(?: .*\n)*To continue, run the same command with --resume\.\n$/,
    );
    finish();
    const resumed = await runBatch({ ...command, resume: true }, emulator);
    deepEqual([resumed.status, resumed.posts], [0, 3]);
    deepEqual(await pagesIn(out), ["a.pgm.json", "b.pgm.json", "c.pgm.json"]);
  }));

Deno.test("Ctrl-C with --keep leaves the tasks alone, and --resume watches them", () =>
  withPages(async (paths, out) => {
    const { emulator, finish } = createSlow();
    const command = toDetect({ paths, out, keep: true });
    const stopped = await runBatch(command, emulator, {
      requested: ({ method }, stop) => method === "GET" ? stop() : undefined,
    });
    deepEqual([stopped.status, stopped.posts], [STOPPED, 3]);
    equal(stopped.requests.some((request) => request.startsWith("DELETE")), false);
    match(stopped.stderr, /\nStopped: 0 of 3 images completed, 3 still in progress/);
    finish();
    const resumed = await runBatch({ ...command, resume: true }, emulator);
    deepEqual([resumed.status, resumed.posts], [0, 0]);
    deepEqual(await pagesIn(out), ["a.pgm.json", "b.pgm.json", "c.pgm.json"]);
  }));

Deno.test("Ctrl-C waits for the image that is being sent, cancels its task, and sends no other", () =>
  withPages(async (paths, out) => {
    const command = toDetect({ paths, out, concurrency: 2 });
    const { status, posts, stderr, requests } = await runBatch(command, DETECTOR, {
      requested: async ({ method, url }, stop) => {
        if (method !== "POST" || url.includes("token")) return;
        stop();
        await new Promise((resolve) => setTimeout(resolve, 200));
      },
    });
    equal(status, STOPPED);
    ok(posts === 1 || posts === 2);
    equal(requests.filter((request) => request.startsWith("DELETE")).length, posts);
    match(stderr, RegExp(`\\nStopped: 0 of ${posts} images? completed, ${posts} canceled`));
    const resumed = await runBatch({ ...command, resume: true }, DETECTOR);
    deepEqual([resumed.status, resumed.posts], [0, 3]);
  }));

Deno.test("an image that may have been accepted is unconfirmed, and sent again only with --resubmit", () =>
  withPages(async (paths, out) => {
    let sent = 0;
    const command = toDetect({ paths, out, concurrency: 1 });
    const first = await runBatch(command, DETECTOR, {
      requested: ({ method, url }) =>
        method === "POST" && url.includes("v5") && ++sent === 1 ? new Response("", { status: 502 }) : undefined,
    });
    deepEqual([first.status, first.posts], [1, 3]);
    match(
      first.stderr,
      /a\.pgm: The image may have been accepted, although .* Submitting it again may start a second task/,
    );
    match(first.stderr, /\n2 of 3 images completed, 1 unconfirmed/);
    match(
      first.stderr,
      /\nTo send the unconfirmed ones again, which may be billed twice, use --resume --resubmit\.\n$/,
    );
    const resumed = await runBatch({ ...command, resume: true }, DETECTOR);
    deepEqual([resumed.status, resumed.posts], [1, 0]);
    const resent = await runBatch({ ...command, resume: true, resubmit: true }, DETECTOR);
    deepEqual([resent.status, resent.posts], [0, 1]);
  }));

Deno.test("--detach prints the id of each task, and --resume gets the results", () =>
  withPages(async (paths, out) => {
    const emulator = createEmulator(DETECTOR);
    const command = toDetect({ paths, out, detach: true });
    const { status, stdout, stderr, requests } = await runBatch(command, emulator);
    equal(status, 0, stderr);
    const lines = stdout.trimEnd().split("\n").sort();
    lines.forEach((line, i) => match(line, RegExp(`^${paths[0]}/${"abc"[i]}\\.pgm\\t[-\\da-f]{36}$`)));
    equal(requests.some((request) => request.startsWith("GET")), false);
    match(
      stderr,
      /\n3 of 3 images submitted \(.*\)\.\nTo get the results, run the same command with --resume instead of --detach\.\n$/,
    );
    const resumed = await runBatch({ ...command, detach: false, resume: true }, emulator);
    deepEqual([resumed.status, resumed.posts], [0, 0]);
    equal((await pagesIn(out)).length, 3);
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

Deno.test("a result that cannot be written to its file stops the batch, and --resume writes it without sending anything", () =>
  withPages(async (paths, out) => {
    const command = toDetect({ paths, out, concurrency: 1 }), folder = `${out}${paths[0]}`;
    const failed = await runBatch(command, DETECTOR, {
      requested: async ({ method }) => {
        if (method !== "GET") return;
        await Deno.remove(folder, { recursive: true });
        await Deno.writeTextFile(folder, "");
      },
    });
    deepEqual([failed.status, failed.posts], [1, 1]);
    match(failed.stderr, /\/a\.pgm: The output .*\/a\.pgm\.json could not be written: .*\.\n/);
    match(
      failed.stderr,
      /\nStopped: 0 of 1 image completed, 1 completed, but not written .*\nTo continue, run the same command/,
    );
    await Deno.remove(folder);
    const resumed = await runBatch({ ...command, resume: true }, DETECTOR);
    deepEqual([resumed.status, resumed.posts], [0, 2]);
    equal((await pagesIn(out)).length, 3);
  }));

Deno.test("an image that takes longer than the deadline is left in progress, and --resume watches it", () =>
  withFolder({ "a.pgm": page("a") }, async (folder) => {
    const { emulator, finish } = createSlow();
    const command = toDetect({ paths: [`${folder}/a.pgm`], out: `${folder}/out`, deadline: 300 });
    const late = await runBatch(command, emulator);
    deepEqual([late.status, late.posts], [1, 1]);
    match(late.stderr, /a\.pgm: Task [-\da-f]{36} did not end before the deadline, and continues\.\n/);
    finish();
    const resumed = await runBatch({ ...command, resume: true }, emulator);
    deepEqual([resumed.status, resumed.posts], [0, 0]);
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

Deno.test("rejected credentials end the batch at once", () =>
  withPages(async (paths, out) => {
    const { status, stderr, posts } = await runBatch(toDetect({ paths, out, concurrency: 1 }), {
      ...DETECTOR,
      credentials: { clientId: "other", clientSecret: "other" },
    });
    deepEqual([status, posts], [1, 0]);
    match(stderr, /\nStopped: 0 of 1 image completed, 1 failed/);
  }));

Deno.test("--quiet says nothing but failures, and no id as long as the journal has it", () =>
  withPages(async (paths, out) => {
    const good = await runBatch(toDetect({ paths, out, quiet: true }), DETECTOR, { tty: { columns: 80 } });
    deepEqual([good.status, good.stderr], [0, ""]);
    const bad = await runBatch(toDetect({ paths: [`${out}/none.pgm`], quiet: true }));
    match(bad.stderr, /^.*none\.pgm: The image was not sent: there is no such file\.\n$/);
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

Deno.test("read --out continues a reading where Ctrl-C stopped it", () =>
  withFolder({ "a.pgm": page("a") }, async (folder) => {
    const command = toRead({ paths: [`${folder}/a.pgm`], out: `${folder}/out`, formats: ["text"] });
    let polls = 0;
    const stopped = await runBatch(command, { ...READER, recognize: () => new Promise(() => {}) }, {
      requested: ({ method, url }, stop) => {
        if (method === "GET" && url.includes("RecognizeRegions") && ++polls === 1) stop();
      },
    });
    deepEqual([stopped.status, stopped.posts], [STOPPED, 2], stopped.stderr);
    equal(stopped.requests.at(-1), "DELETE /v5.0/ocr/RecognizeRegions");
    const resumed = await runBatch({ ...command, resume: true }, READER);
    deepEqual([resumed.status, resumed.posts], [0, 1], resumed.stderr);
    equal(await Deno.readTextFile(`${folder}/out${folder}/a.pgm.txt`), "To Lucasta\n");
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

Deno.test("a folder that cannot be written, and one without images, are refused before anything is sent", () =>
  withFolder({ "a.pgm": page("a"), "empty/other.txt": "" }, async (folder) => {
    const blocked = await runBatch(toDetect({ paths: [`${folder}/a.pgm`], out: `${folder}/a.pgm/out` }), DETECTOR);
    deepEqual([blocked.status, blocked.requests], [NOTHING_SENT, []]);
    match(blocked.stderr, /^Cannot write to the folder .*: a part of its path is not a folder\.\n$/);
    const empty = await runBatch(toDetect({ paths: [`${folder}/empty`], out: `${folder}/new` }), DETECTOR);
    deepEqual([empty.status, empty.stderr], [NOTHING_SENT, `No images were found in ${folder}/empty.\n`]);
    equal(await Deno.stat(`${folder}/new`).catch(() => null), null);
  }));
