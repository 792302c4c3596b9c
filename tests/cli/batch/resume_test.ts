import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { emulate } from "../../../src/emulator/emulator.ts";
import { NOTHING_SENT, STOPPED } from "../../../src/cli/status.ts";
import { createSlow, DETECTOR, page, PAGES, pagesIn, READER, REGION, withPages } from "./pages.ts";
import { runBatch, toDetect, toRead, withFolder } from "./run.ts";

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

Deno.test("--resume with other settings is refused, since all images would be sent again", () =>
  withPages(async (paths, out) => {
    const command = toDetect({ paths, out, settings: { dsrMode: "LineDetector", rotate: 10 } });
    equal((await runBatch(command, DETECTOR)).posts, 3);
    const same = toDetect({ ...command, resume: true, settings: { rotate: 10, dsrMode: "LineDetector" } });
    deepEqual([(await runBatch(same, DETECTOR)).status, (await runBatch(same, DETECTOR)).posts], [0, 0]);
    for (const other of [toDetect({ ...same, settings: {} }), toRead({ paths, out, resume: true })]) {
      const refused = await runBatch(other, READER);
      deepEqual([refused.status, refused.posts], [NOTHING_SENT, 0]);
      match(
        refused.stderr,
        /^The run in the folder .* had other settings: \{"command":"detect","dsrMode":"LineDetector","rotate":10\}\. They are now \{"command":"(?:detect|read)"\}/,
      );
    }
    equal((await runBatch(same, DETECTOR)).posts, 0);
  }));

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

Deno.test("Ctrl-C does not wait long for a service that does not answer", () =>
  withPages(async (paths, out) => {
    const { emulator, finish } = createSlow();
    const begin = performance.now();
    const stopped = await runBatch(toDetect({ paths, out, concurrency: 1 }), emulator, {
      requested: ({ method }, stop) =>
        method === "DELETE" ? new Promise<Response>(() => {}) : method === "GET" ? stop() : undefined,
    });
    equal(stopped.status, STOPPED);
    ok(performance.now() - begin < 15_000);
    match(stopped.stderr, /: Task [-\da-f]{36} was not canceled and continues\. /);
    finish();
    const resumed = await runBatch(toDetect({ paths, out, resume: true }), emulator);
    deepEqual([resumed.status, resumed.posts], [0, 2]);
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
    const emulator = emulate(DETECTOR);
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

Deno.test("--resume names the tasks of images that have been removed or changed since", () =>
  withPages(async (paths, out) => {
    const emulator = emulate(DETECTOR);
    const command = toDetect({ paths, out, detach: true });
    const { stdout } = await runBatch(command, emulator);
    const idOf = (name: string): string => RegExp(`${name}\\t([-\\da-f]{36})\n`).exec(stdout)?.[1] ?? "none";
    await Deno.remove(`${paths[0]}/b.pgm`);
    await Deno.writeTextFile(`${paths[0]}/c.pgm`, page("d"));
    const resumed = await runBatch({ ...command, detach: false, resume: true, quiet: true }, emulator);
    deepEqual([resumed.status, resumed.posts], [0, 1], resumed.stderr);
    equal(
      resumed.stderr,
      `${paths[0]}/c.pgm: The image has changed since it was submitted as task ${idOf("c.pgm")}, so it is a new one. ` +
        `To get its result: ocr-regions watch ${idOf("c.pgm")}\n` +
        `${paths[0]}/b.pgm: This image was not found again. It was submitted as task ${idOf("b.pgm")}. To get its ` +
        `result: ocr-regions watch ${idOf("b.pgm")}\n`,
    );
    // The tasks of an emulator inside the program have ended with it.
    const emulated = await runBatch({ ...command, detach: false, resume: true, quiet: true, emulate: true }, emulator);
    equal(emulated.stderr, "");
  }));

Deno.test("a run that has sent nothing can be repeated without --resume, and with other settings", () =>
  withPages(async (paths, out) => {
    for (const name of "abc") await Deno.writeTextFile(`${paths[0]}/${name}.pgm`, "");
    deepEqual((await runBatch(toDetect({ paths, out }), DETECTOR)).status, NOTHING_SENT);
    await Deno.writeTextFile(`${paths[0]}/a.pgm`, page("a"));
    const settings = { rotate: 5 };
    equal((await runBatch(toDetect({ paths, out, settings }), DETECTOR)).posts, 1);
    const refused = await runBatch(toDetect({ paths, out, resume: true }), DETECTOR);
    match(refused.stderr, /had other settings: \{"command":"detect","rotate":5\}\./);
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
