/**
 * The options that several commands have, as commander describes them.
 *
 * @module
 */
import { Option } from "commander";
import { LANGUAGES } from "../model/language.ts";
import { DSR_CONFIDENCES, DSR_MODES } from "../model/settings.ts";
import { choice, choices, duration, path, positiveNumber, wholeNumber } from "./values.ts";

/** The headings under which help lists options. */
export const GROUPS = {
  options: "Options:",
  output: "Output:",
  settings: "Settings of the service:",
  pace: "Pace:",
  recovery: "Recovery:",
  general: "General:",
};

/** Tasks that prepare an image, by the names of `--preprocess`. */
export const PREPROCESSING = ["deskew", "dewarp", "binarize", "upscale"] as const;

/** The longest time that an option accepts, in milliseconds. */
export const DAY = 86_400_000;

const DIRECTIONS = ["ltr", "rtl", "vertical-rl"] as const;

/** Where results go, and as what. */
export function outputOptions(formats: readonly string[]): readonly Option[] {
  const list = new Option("-f, --format <FORMATS>", `${formats.join(", ")}; several, joined by commas, need --out`);
  return [
    new Option("-o, --out <DIR>", "write a file for each page and format into this folder").argParser(path("--out")),
    accepting(list, formats, choices(choice("format", formats, { page: "page-xml" }))),
    new Option("--json", "the same as --format json"),
    new Option("--link", "let an SVG refer to the image instead of containing it"),
  ].map(inGroup(GROUPS.output));
}

/** The settings of a detection. */
export function detectionOptions(): readonly Option[] {
  return [
    modeOption(),
    confidenceOption(),
    languageOption(),
    new Option("--rotate <DEGREES>", "rotate the image; the service does not document the direction (0)")
      .argParser(wholeNumber("--rotate", -(2 ** 31), 2 ** 31 - 1)),
    ...toggle("--no-make-skew-correct", "do not straighten a page that is tilted by up to 15 degrees"),
    ...toggle("--no-make-contrast-correction", "do not increase the contrast"),
    ...toggle("--make-binarization", "convert the image to black and white"),
    ...toggle("--make-upsampling", "enlarge the image"),
  ].map(inGroup(GROUPS.settings));
}

/** The settings of a reading. */
export function readingOptions(): readonly Option[] {
  return [
    languageOption(),
    ...toggle("--make-spell-check", "correct the spelling of the texts; not for every language"),
    named("--result-type <TYPE>", "text; or hocr, for one hOCR document for each region", "result type", [
      "Text",
      "Hocr",
    ]),
    named("--preprocess <KIND>", `prepare the image first: ${listed(PREPROCESSING)}`, "preprocessing", PREPROCESSING),
    modeOption(),
    confidenceOption(),
    named("--direction <DIRECTION>", `the direction of reading: ${listed(DIRECTIONS)} (ltr)`, "direction", DIRECTIONS),
  ].map(inGroup(GROUPS.settings));
}

/** What the commands that send images have in common. */
export function batchOptions(): readonly Option[] {
  return [
    ...[
      new Option("-c, --concurrency <N>", "the number of images in progress at the same time")
        .argParser(wholeNumber("--concurrency", 1, 1000)).default(4),
      new Option("--rate <N>", "the most polls per second, of all images together (no limit)")
        .argParser(positiveNumber("--rate")),
      deadlineOption("give up an image after this time (5m)"),
    ].map(inGroup(GROUPS.pace)),
    ...[
      new Option("--resume", "continue what an earlier run began in the folder of --out"),
      new Option(
        "--resubmit",
        "with --resume: send images again whose task failed or is unconfirmed, which may cost twice",
      ),
      new Option("--detach", "submit the images, print the ids of their tasks, and do not wait"),
      new Option("--keep", "let tasks continue when you press Ctrl-C, instead of canceling them"),
    ].map(inGroup(GROUPS.recovery)),
    new Option("--emulate", "use an emulator inside this process; needs no account").helpGroup(GROUPS.general),
    ...verbosityOptions(),
  ];
}

/** How much is shown. */
export function verbosityOptions(): readonly Option[] {
  return [
    new Option("-q, --quiet", "show nothing but results and failures"),
    new Option("-v, --verbose", "show every status and every failure that is retried"),
  ].map(inGroup(GROUPS.general));
}

/** `--deadline` */
export function deadlineOption(description: string): Option {
  return new Option("--deadline <TIME>", description).argParser(duration("--deadline", 1000, DAY));
}

/** `--last` */
export function lastOption(): Option {
  return new Option("-l, --last", "the tasks of the last submission on this machine, instead of ids");
}

function modeOption(): Option {
  return named("--mode, --dsr-mode <MODE>", `the kind of detection: ${listed(DSR_MODES)}`, "mode", DSR_MODES);
}

function confidenceOption(): Option {
  const description = `the confidence required of a region: ${listed(DSR_CONFIDENCES)}`;
  return named("--dsr-confidence <LEVEL>", description, "confidence", DSR_CONFIDENCES);
}

function languageOption(): Option {
  return named(
    "--language <LANGUAGE>",
    "the language of the text, by its English name (English)",
    "language",
    LANGUAGES,
  );
}

/** A setting that is one of several names. */
function named(flags: string, description: string, what: string, names: readonly string[]): Option {
  return accepting(new Option(flags, description), names, choice(what, names));
}

/** Completion offers the names. Commander itself would accept them only as they are written here. */
function accepting<A>(option: Option, names: readonly string[], parse: (text: string, previous: A) => A): Option {
  return option.choices(names).argParser(parse);
}

/** A setting that is on or off: the option that changes the default, and its opposite, which help does not mention. */
function toggle(flags: string, description: string): readonly Option[] {
  const opposite = flags.startsWith("--no-") ? flags.replace("--no-", "--") : flags.replace("--", "--no-");
  // The first one that is negated would get the default true.
  return [new Option(opposite).hideHelp(), new Option(flags, description)]
    .sort((a, b) => Number(a.negate) - Number(b.negate));
}

function inGroup(heading: string): (option: Option) => Option {
  return (option) => option.helpGroup(heading);
}

function listed(names: readonly string[]): string {
  return names.join(", ");
}
