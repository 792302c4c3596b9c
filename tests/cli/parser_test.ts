import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { deepStrictEqual as deepEqual, match, ok, strictEqual as equal } from "node:assert/strict";
import process from "node:process";
import { parse } from "../../src/cli/parser.ts";
import { DESKEW_IMAGE } from "../../src/model/preprocessing.ts";
import { ID } from "./run.ts";

const OTHER = ID.replace("a", "b");

const BATCH = {
  ...{ out: null, formats: [], link: false, quiet: false, verbose: false, concurrency: 4, rate: null, deadline: null },
  ...{ resume: false, resubmit: false, detach: false, keep: false, emulate: false },
};

function parsed(...args: readonly string[]): unknown {
  const command = parse(args);
  if (E.isLeft(command)) throw new Error(command.left);
  return command.right;
}

function refused(...args: readonly string[]): string {
  const command = parse(args);
  return E.isLeft(command) ? command.left : `accepted: ${JSON.stringify(command.right)}`;
}

Deno.test("detect has the defaults of the library, and only the settings that were given", () => {
  deepEqual(parsed("detect", "a.jpg", "b"), { _tag: "Detect", paths: ["a.jpg", "b"], ...BATCH, settings: {} });
});

Deno.test("every setting of a detection is an option", () => {
  const args = "--dsr-mode LineDetector --dsr-confidence High --language German --rotate -90 --no-make-skew-correct " +
    "--no-make-contrast-correction --make-binarization --make-upsampling";
  deepEqual(parsed("detect", "a", ...args.split(" ")), {
    _tag: "Detect",
    paths: ["a"],
    ...BATCH,
    settings: {
      dsrMode: "LineDetector",
      dsrConfidence: "High",
      language: "German",
      rotate: -90,
      makeSkewCorrect: false,
      makeContrastCorrection: false,
      makeBinarization: true,
      makeUpsampling: true,
    },
  });
});

Deno.test("a setting that is on by default can also be named, and one that is off can be denied", () => {
  const { settings } = parsed("detect", "a", "--make-skew-correct", "--no-make-upsampling") as { settings: unknown };
  deepEqual(settings, { makeSkewCorrect: true, makeUpsampling: false });
});

Deno.test("every setting of a reading is an option", () => {
  const args = "--language English --make-spell-check --result-type Hocr --preprocess deskew --mode Regions " +
    "--dsr-confidence Low --direction rtl";
  deepEqual(parsed("read", "a", ...args.split(" ")), {
    _tag: "Read",
    paths: ["a"],
    ...BATCH,
    settings: {
      language: "English",
      makeSpellCheck: true,
      resultType: "Hocr",
      preprocess: DESKEW_IMAGE,
      dsrMode: "Regions",
      dsrConfidence: "Low",
      direction: "rtl",
    },
  });
});

Deno.test("all options of a batch arrive", () => {
  const args = "--out o --format svg,page --json --link -c 8 --rate 2.5 --deadline 1.5m --resume --resubmit --keep -v";
  deepEqual(parsed("detect", "a", ...args.split(" ")), {
    ...{ _tag: "Detect", paths: ["a"], ...BATCH, settings: {} },
    ...{ out: "o", formats: ["svg", "page-xml", "json"], link: true, concurrency: 8, rate: 2.5, deadline: 90_000 },
    ...{ resume: true, resubmit: true, keep: true, verbose: true },
  });
});

Deno.test("names are accepted in upper and lower case, with any separator", () => {
  const settings = (...args: string[]): unknown => (parsed("read", "a", ...args) as { settings: unknown }).settings;
  deepEqual(settings("--mode", "linedetector"), { dsrMode: "LineDetector" });
  deepEqual(settings("--mode=line-detector"), { dsrMode: "LineDetector" });
  for (const name of ["low_german", "LOW GERMAN", "Low-German"]) {
    deepEqual(settings("--language", name), { language: "Low_German" });
  }
  deepEqual(settings("--result-type", "HOCR"), { resultType: "Hocr" });
});

Deno.test("formats add up, each once", () => {
  const { formats } = parsed("detect", "a", "-o", "o", "-f", "csv,json", "--format", "SVG, csv", "--json") as {
    formats: unknown;
  };
  deepEqual(formats, ["csv", "json", "svg"]);
});

Deno.test("durations have units", () => {
  const deadline = (text: string): unknown =>
    (parsed("detect", "a", "--deadline", text) as { deadline: unknown }).deadline;
  deepEqual(["1500ms", "90s", "10m", "1h", "1.5S"].map(deadline), [1500, 90_000, 600_000, 3_600_000, 1500]);
  for (const text of ["60", "0", "1d", "-5s", "s", "1e3s", "25h", "999ms", ""]) {
    match(
      refused("detect", "a", "--deadline", text),
      /^The option --deadline must be a duration from 1s to 24h, with /,
    );
  }
});

Deno.test("watch, status and cancel take ids, each once, or the last submission", () => {
  const tasks = { ids: [ID, OTHER], last: false };
  const output = { out: null, formats: [], link: false, quiet: false, verbose: false, image: null, deadline: null };
  deepEqual(parsed("watch", ID, OTHER, ID), { _tag: "Watch", ...tasks, ...output });
  deepEqual(parsed("status", ID, OTHER, "--json"), { _tag: "Status", ...tasks, json: true });
  deepEqual(parsed("cancel", ID, OTHER), { _tag: "Cancel", ...tasks });
  deepEqual(parsed("cancel", "--last"), { _tag: "Cancel", ids: [], last: true });
});

Deno.test("serve, doctor, completion, help and --version are commands as well", () => {
  deepEqual(parsed("serve", "--port=0", "--pickup-time", "0", "--service-time=1s", "--cors"), {
    ...{ _tag: "Serve", port: 0, host: "127.0.0.1", workers: 1, pickupTime: 0, serviceTime: 1000 },
    ...{ remote: false, cors: true, verbose: false },
  });
  deepEqual(parsed("doctor", "-y", "--record", "r.json"), {
    ...{ _tag: "Doctor", yes: true, record: "r.json", replay: null, trial: false, emulate: false, json: false },
  });
  deepEqual(parsed("completion", "zsh"), { _tag: "Completion", shell: "zsh" });
  for (const flag of ["--version", "-V"]) deepEqual(parsed(flag), { _tag: "Version" });
  for (const args of [[], ["--help"], ["-h"], ["help"]]) deepEqual(parsed(...args), { _tag: "Help", topic: null });
  for (const args of [["detect", "--help"], ["detect", "a", "-h"], ["help", "detect"], ["help", "Detect"]]) {
    deepEqual(parsed(...args), { _tag: "Help", topic: "detect" });
  }
  deepEqual(parsed("help", "exit-status"), { _tag: "Help", topic: "exit-status" });
});

Deno.test("after --, nothing is an option", () => {
  const { paths } = parsed("detect", "--quiet", "--", "-x.jpg", "--json") as { paths: unknown };
  deepEqual(paths, ["-x.jpg", "--json"]);
});

Deno.test("arguments that make no sense are refused with a sentence that says what to do", () => {
  const detect = "Try ocr-regions detect --help.", read = "Try ocr-regions read --help.";
  for (
    const [args, message] of [
      ["find", `Unknown command "find". Try ocr-regions --help.`],
      ["detec", `Unknown command "detec". Did you mean detect? Try ocr-regions --help.`],
      ["constructor", `Unknown command "constructor". Try ocr-regions --help.`],
      ["--json detect a", `Unknown option "--json". Options follow the command. Try ocr-regions --help.`],
      ["detect", `Missing path of an image: ocr-regions detect PATH. ${detect}`],
      ["detect a --colour", `Unknown option "--colour". ${detect}`],
      ["detect -x.jpg", `Unknown option "-x.jpg". If that is a file, write ./-x.jpg. ${detect}`],
      ["detect a --foramt json", `Unknown option "--foramt". Did you mean --format? ${detect}`],
      ["detect a --out", `The option --out requires a value: --out DIR. ${detect}`],
      ["detect a --out --json", `The option --out requires a name. If --json is one, write ./--json. ${detect}`],
      ["detect a --out=", `The option --out requires a name. ${detect}`],
      ["detect - a", `The path - (standard input) must be the only one. ${detect}`],
      ["detect a --mode line", `Unknown mode "line". Did you mean LineDetector? ${detect}`],
      ["read a --language germn", `Unknown language "germn". Did you mean German? ${read}`],
      [
        "read a --language Klingon",
        `Unknown language "Klingon". Expected one of 154 names, such as English, German, French, Italian. ${read}`,
      ],
      [
        "detect a --format text",
        `Unknown format "text". Expected json, page-xml, alto, hocr, csv, coco, web-annotation or svg. ${detect}`,
      ],
      ["detect a --format jsn,svg", `Unknown format "jsn". Did you mean json? ${detect}`],
      ["detect a --format json,svg", `Several formats require --out, the folder for their files. ${detect}`],
      ["detect a --link", `The option --link requires --format svg. ${detect}`],
      ["detect a --resume", `The option --resume requires --out, the folder of the earlier run. ${detect}`],
      ["detect a --out o --resubmit", `The option --resubmit requires --resume. ${detect}`],
      ["detect a -q -v", `The options --quiet and --verbose cannot be combined. ${detect}`],
      [
        "detect a --detach --emulate",
        `The option --detach has no use with --emulate: its tasks end with the program. ${detect}`,
      ],
      [
        "detect a --keep --emulate",
        `The option --keep has no use with --emulate: its tasks end with the program. ${detect}`,
      ],
      [
        "detect a --detach --json",
        "With --detach, nothing but ids is printed: leave out --format, or add --out for the results of --resume. " +
        detect,
      ],
      [
        "read a --detach",
        "With read, the option --detach requires --out, since the texts are a second task, which --resume submits. " +
        read,
      ],
      [
        "read a --result-type hocr -o o -f svg",
        `The result type hocr can be combined with --json only. For one document per page, use --format hocr. ${read}`,
      ],
      [
        "read a --preprocess deskew --emulate",
        `The emulator cannot prepare an image: leave out --preprocess. ${read}`,
      ],
      ["detect a --rotate 1.5", /^The option --rotate must be a whole number from -2147483648 to 2147483647: current /],
      ["detect a --rotate 2147483648", /^The option --rotate must be a whole number /],
      ["detect a --rate 0", `The option --rate must be a number above 0: current value is "0". ${detect}`],
      ["detect a -c 0", /^The option --concurrency must be a whole number from 1 to 1000: current value is "0"\. /],
      ["watch", "Missing id of a task. For those of the last submission, add --last. Try ocr-regions watch --help."],
      ["watch x", /^"x" is not the id of a task\. Expected one such as 538f7c4b-\S+\. Try ocr-regions watch --help\.$/],
      [`cancel ${ID} --last`, "Give either ids or --last, not both. Try ocr-regions cancel --help."],
      [`cancel ${ID} --svg x`, `Unknown option "--svg". Try ocr-regions cancel --help.`],
      [`watch ${ID} --image a.jpg`, /^The option --image requires --format svg, or another format that refers to /],
      [`watch ${ID} --image a.jpg --json`, /^The option --image requires --format svg, or another format that /],
      [`watch ${ID} ${OTHER} --image a.jpg -f svg`, /^The option --image requires a single task\. /],
      [`watch ${ID} -f page`, /^PAGE XML contains the size of the image, which the service does not return\. Add --i/],
      ["serve a", `Unexpected argument "a". Try ocr-regions serve --help.`],
      ["serve --port=-1", /^The option --port must be a whole number from 0 to 65535: current value is "-1"\. /],
      ["serve --port 70000", /^The option --port must be a whole number from 0 to 65535: current value is "70000"\. /],
      ["serve --workers 0", /^The option --workers must be a whole number from 1 to 64: current value is "0"\. /],
      ["serve --service-time 5", /^The option --service-time must be a duration of at most 24h, with its unit, such /],
      ["doctor --trial --emulate", /^The options --trial and --emulate cannot be combined\. /],
      ["doctor --replay r --trial", /^The option --replay sends nothing, so --record, --trial and --emulate have no /],
      ["completion", "Missing shell. Expected bash, zsh or fish. Try ocr-regions completion --help."],
      ["completion tcsh", `Unknown shell "tcsh". Expected bash, zsh or fish. Try ocr-regions completion --help.`],
      ["help detct", `Unknown topic "detct". Did you mean detect? Try ocr-regions help --help.`],
    ] as const
  ) {
    const said = refused(...args.split(" "));
    if (typeof message === "string") equal(said, message);
    else match(said, message);
  }
});

Deno.test("empty arguments are refused", () => {
  equal(refused("detect", ""), "A path must not be empty. Try ocr-regions detect --help.");
  match(refused("watch", ""), /^"" is not the id of a task\. /);
  match(refused(""), /^Unknown command ""\. /);
  match(refused("detect", "a", "--format", ""), /^Unknown format ""\. Expected /);
  match(refused("serve", "--host", ""), /^The option --host requires a value: current value is ""\. /);
});

Deno.test("ten thousand paths are accepted", () => {
  const paths = Array.from({ length: 10_000 }, (_, i) => `${i}.jpg`);
  const command = parsed("detect", ...paths) as { paths: readonly string[] };
  deepEqual(command.paths, paths);
});

Deno.test("no arguments make the parser throw, print, or change what it parses next", () => {
  const words = fc.constantFrom(
    ...["detect", "read", "watch", "serve", "help", "--", "-", "--json", "--format", "svg", "--out", "o", "--no-keep"],
    ...[
      "--rotate",
      "-1",
      "--help",
      "-V",
      "-hV",
      "--=",
      "=",
      "-qv",
      "--__proto__",
      "--mode=",
      ID,
      "\u{1F600}",
      "\x1b[2J",
    ],
  );
  const { stdout, stderr } = process;
  const writes = [stdout.write, stderr.write] as const;
  let printed = "";
  stdout.write = stderr.write = (text: unknown) => (printed += text) === "";
  try {
    fc.assert(fc.property(fc.array(fc.oneof(words, fc.string())), (args) => {
      const command = parse(args);
      ok(E.isRight(command) || /[.?] Try ocr-regions( \w+)? --help\.$/.test(command.left), JSON.stringify(command));
    }));
    for (const args of [["--help"], ["--version"], ["detect", "-h"], ["find"], ["serve", "x"]]) parse(args);
  } finally {
    [stdout.write, stderr.write] = writes;
  }
  equal(printed, "");
  deepEqual(parsed("detect", "a"), { _tag: "Detect", paths: ["a"], ...BATCH, settings: {} });
});
