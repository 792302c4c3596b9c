import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import { STOPPED } from "../../src/cli/status.ts";
import type { ReadState } from "../../src/model/read_state.ts";
import type { EmulatorOptions } from "../../src/emulator/emulator.ts";
import { against, PAGE, run, withFile } from "./run.ts";

const REGIONS = [{ left: 1, top: 2, right: 30, bottom: 40 }, { left: 1, top: 50, right: 30, bottom: 90 }];
const TEXTS = ["To Lucasta\n", "Going beyond\nthe Seas\n\n"];
const READER: EmulatorOptions = {
  detect: () => Promise.resolve(REGIONS),
  recognize: () => Promise.resolve(TEXTS),
  tasks: { DeskewImage: ({ image }) => Promise.resolve([{ type: "ImagePNG", data: btoa(String(image?.length)) }]) },
};
const PLAIN = "To Lucasta\n\nGoing beyond\nthe Seas\n";

/** The number of submissions. */
const posts = (requests: readonly string[]): number => requests.filter((text) => text.startsWith("POST /v5")).length;

/** A file of a state, in a folder of its own. */
function withState(test: (state: string) => Promise<void>): Promise<void> {
  return withFile("other.txt", "", (file) => test(file.replace("other.txt", "state.json")));
}

/** Writes a state of reading the page. */
async function writeState(file: string, state: Partial<ReadState>): Promise<void> {
  await against(READER, ["read", PAGE, "--state", file]);
  const written = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(file, JSON.stringify({ ...written, task: null, ...state }));
}

Deno.test("ocr-regions read prints the text of each region, and the steps", async () => {
  const { status, stdout, stderr } = await against(READER, ["read", PAGE]);
  deepEqual([status, stdout], [0, PLAIN], stderr);
  match(stderr, /^Submitted as task [-\da-f]{36}\. To be able to continue after a crash, add --state FILE\.\n/);
  match(stderr, /\nDetecting: Completed \(.*\)\n(?:.*\n)*Recognizing: Completed \(.*\)\n$/);
});

Deno.test("ocr-regions read --json prints the regions and their texts as JSON", async () => {
  const { status, stdout } = await against(READER, ["read", PAGE, "--json"]);
  equal(status, 0);
  deepEqual(JSON.parse(stdout), { regions: REGIONS.map((region, i) => ({ region, text: TEXTS[i] })), notices: [] });
});

Deno.test("ocr-regions read passes on the language, the mode and the format", async () => {
  const asked: unknown[] = [];
  const options: EmulatorOptions = {
    detect: (_, mode) => Promise.resolve((asked.push(mode), REGIONS)),
    recognize: (_, { language, format }) => Promise.resolve((asked.push(language, format), TEXTS)),
  };
  const args = ["read", PAGE, "--language", "german", "--mode", "LineDetector", "--hocr"];
  equal((await against(options, args)).status, 0);
  deepEqual(asked, ["LineDetector", "German", "Hocr"]);
});

Deno.test("ocr-regions read --deskew straightens the page first", async () => {
  const images: number[] = [];
  const detect = (image: Uint8Array) => Promise.resolve((images.push(image.length), REGIONS));
  const { status, stderr } = await against({ ...READER, detect }, ["read", PAGE, "--deskew"]);
  equal(status, 0, stderr);
  match(stderr, /Deskewing: Completed/);
  deepEqual(images, [String((await Deno.stat(PAGE)).size).length]);
});

Deno.test("ocr-regions read --svg draws the regions and their texts over the page", () =>
  withState(async (state) => {
    const svg = state.replace("json", "svg");
    equal((await against(READER, ["read", PAGE, "--svg", svg])).status, 0);
    const drawing = await Deno.readTextFile(svg);
    ok(drawing.includes("To Lucasta") && drawing.includes("Region 2: 1, 50, 30, 90"));
  }));

Deno.test("ocr-regions read --hocr --svg draws no markup over the page", () =>
  withState(async (state) => {
    const svg = state.replace("json", "svg");
    equal((await against(READER, ["read", PAGE, "--hocr", "--svg", svg])).status, 0);
    const drawing = await Deno.readTextFile(svg);
    ok(!drawing.includes("To Lucasta") && drawing.includes("Region 2: 1, 50, 30, 90"));
  }));

Deno.test("ocr-regions read says so if no text was found", async () => {
  const { status, stdout, stderr, requests } = await against({}, ["read", PAGE]);
  deepEqual([status, stdout, posts(requests)], [0, "", 1]);
  match(stderr, /No text was found in the image\.\n$/);
});

Deno.test("ocr-regions read --state keeps the state, and gets the result again without sending anything", () =>
  withState(async (state) => {
    const options: EmulatorOptions = { ...READER, serviceTime: 100 };
    const { status, stdout, requests } = await against(options, ["read", PAGE, "--state", state]);
    deepEqual([status, stdout, posts(requests)], [0, PLAIN, 2]);
    equal(JSON.parse(await Deno.readTextFile(state)).step, "recognize");
    // Another emulator does not know the task.
    const again = await against(options, ["read", PAGE, "--state", state]);
    deepEqual([again.status, posts(again.requests)], [1, 0]);
    match(again.stderr, RegExp(`The service does not know task .* To start over, delete ${state}\\.\\n$`));
  }));

Deno.test("ocr-regions read --state does not submit again after an interrupted submission, unless --resubmit is given", () =>
  withState(async (state) => {
    await writeState(state, { submitting: true });
    const first = await against(READER, ["read", PAGE, "--state", state]);
    deepEqual([first.status, posts(first.requests)], [1, 0]);
    match(first.stderr, /may have been accepted.*To submit it again, run the same command with --resubmit\.\n$/);
    const second = await against(READER, ["read", PAGE, "--state", state, "--resubmit"]);
    deepEqual([second.status, second.stdout, posts(second.requests)], [0, PLAIN, 1]);
  }));

Deno.test("ocr-regions read rejects the state of something else, and an unwritable one, before it sends anything", () =>
  withState(async (state) => {
    await Deno.writeTextFile(state, "{}");
    const foreign = await against(READER, ["read", PAGE, "--state", state]);
    deepEqual([foreign.status, foreign.requests], [2, []]);
    equal(foreign.stderr, `Cannot resume from ${state}: it is not a state that ocr-regions read has written.\n`);
    const itself = await against(READER, ["read", PAGE, "--state", PAGE]);
    deepEqual([itself.status, itself.requests], [2, []]);
    equal(itself.stderr, `Cannot write the state ${PAGE}: it is the file of the image itself.\n`);
    await Deno.remove(state);
    await writeState(state, { step: "preprocess" });
    const other = await against(READER, ["read", PAGE, "--state", state]);
    deepEqual([other.status, posts(other.requests)], [2, 0]);
    match(other.stderr, /^Cannot resume from .*: Cannot resume a reading as its state must be that of a reading with/);
  }));

Deno.test("ocr-regions read does not take the state of another image, or of other options, for its own", () =>
  withState(async (state) => {
    await writeState(state, {});
    const image = state.replace("state.json", "page.jpg");
    await Deno.writeTextFile(image, "another image");
    const options = [["--hocr"], ["--deskew"], ["--language", "German"], ["--mode", "LineDetector"]];
    for (const other of [[image], ...options.map((words) => [PAGE, ...words])]) {
      const { status, stderr, requests } = await against(READER, ["read", ...other, "--state", state]);
      deepEqual([status, posts(requests)], [2, 0], stderr);
      equal(stderr, `Cannot resume from ${state}: it is the state of another image, or of other options.\n`);
    }
  }));

Deno.test("ocr-regions read --state starts a step again that was stopped, and none before it", () =>
  withState(async (state) => {
    const recognize = () => new Promise<never>(() => {});
    const stopped = await against({ ...READER, recognize }, ["read", PAGE, "--state", state], {
      heard: (text, stop) => text.includes("Recognizing: ") && stop(),
    });
    equal(stopped.status, STOPPED, stopped.stderr);
    match(stopped.stderr, /Canceled task [-\da-f]{36}\.\n$/);
    const { status, stdout, requests } = await against(READER, ["read", PAGE, "--state", state]);
    deepEqual([status, stdout, posts(requests)], [0, PLAIN, 1]);
  }));

Deno.test("ocr-regions read fails if the state can no longer be written after a task was submitted", () =>
  withState(async (other) => {
    const folder = other.replace("state.json", "folder"), state = `${folder}/state.json`;
    const { status, stderr, requests } = await against(READER, ["read", PAGE, "--state", state], {
      heard: (text) => {
        if (!text.includes("Detecting: ") || Deno.statSync(folder).isFile) return;
        Deno.removeSync(folder, { recursive: true });
        Deno.writeTextFileSync(folder, "");
      },
    });
    deepEqual([status, posts(requests)], [1, 1]);
    match(stderr, /\nThe state could not be written to .*: .*\.\n$/);
  }));

Deno.test("ocr-regions read cancels its task if it is stopped", async () => {
  const { status, stderr, requests } = await against({ ...READER, serviceTime: 60_000 }, ["read", PAGE], {
    heard: (text, stop) => text.includes("Detecting: ") && stop(),
  });
  equal(status, STOPPED, stderr);
  match(stderr, /Canceled task [-\da-f]{36}\.\n$/);
  equal(requests.at(-1), "DELETE /v5.0/ocr/DetectRegions");
});

Deno.test("ocr-regions read reports the failure of a step", async () => {
  const recognize = () => Promise.reject(new Error("unreadable"));
  const { status, stdout, stderr } = await against({ ...READER, recognize }, ["read", PAGE]);
  deepEqual([status, stdout], [1, ""]);
  match(stderr, /\nThe task failed \(unreadable\)\. Check the image and the settings, then submit it again\.\n$/);
  const json = JSON.parse((await against({ ...READER, recognize }, ["read", PAGE, "--json"])).stdout);
  deepEqual([json.step, json.status._tag, json.status.messages], ["recognize", "Error", ["unreadable"]]);
});

Deno.test("ocr-regions read rejects invalid arguments", async () => {
  const cases: [readonly string[], RegExp][] = [
    [["read"], /^Missing image: ocr-regions read IMAGE\./],
    [
      ["read", PAGE, "--language", "Klingon"],
      /^Unknown language "Klingon"\. Expected the English name of a language, such as English, German/,
    ],
    [["read", PAGE, "--mode", "Blocks"], /^Unknown mode "Blocks"\./],
    [["read", PAGE, "--resubmit"], /^The option --resubmit requires --state\./],
    [["read", PAGE, "--state", ""], /^The option --state requires a file name\./],
    [["read", PAGE, "--state", "x", "--emulate"], /^The option --state has no use with --emulate/],
    [["read", PAGE, "--deskew", "--emulate"], /^The option --deskew has no use with --emulate: the emulator cannot/],
    [["read", PAGE, "--state", "x", "--svg", "./x"], /^The options --svg and --state must name different files\./],
    [["detect", PAGE, "--hocr"], /^The command detect has no option --hocr\./],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await run(args);
    equal(status, 2);
    match(stderr, message);
  }
});
