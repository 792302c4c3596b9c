/**
 * The arguments of the command line, until ./command.ts takes their place.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Language, LANGUAGES } from "../model/language.ts";
import { DSR_MODES, DsrMode } from "../model/settings.ts";
import { PAGE_FORMATS, type PageFormat } from "../page/formats.ts";
import { messageOf } from "./files.ts";
import { findFormat } from "./page_file.ts";

/** The output of `--help`. */
export const USAGE = `Usage:
  ocr-regions detect IMAGE [--mode MODE] [--svg FILE] [--json | --format FORMAT] [--emulate]
  ocr-regions read IMAGE [--language LANGUAGE] [--mode MODE] [--deskew] [--svg FILE]
                         [[--hocr] [--json] | --format FORMAT] [--state FILE [--resubmit]] [--emulate]
  ocr-regions watch ID [--svg FILE [--image IMAGE]] [--json]
  ocr-regions cancel ID
  ocr-regions serve [--port N] [--workers N] [--pickup-time MS] [--service-time MS] [--cors] [--verbose]
                    [--host HOST --allow-remote]

detect  submits an image and shows its text regions
read    detects the regions of an image, then recognizes and prints the text of each
watch   waits for an earlier task and shows its regions
cancel  cancels a task
serve   runs an emulator of the service on this machine

Options of detect, read and watch:
  --mode MODE  the kind of detection: ${DSR_MODES.slice(0, 4).join(", ")},
               ${DSR_MODES.slice(4).join(", ")}
  --svg FILE   draw the regions over the image
  --image IMAGE
               the submitted image, for the drawing (watch only)
  --json       print the result as JSON
  --format FORMAT
               print a file for other programs (detect and read):
               ${PAGE_FORMATS.map(({ name }) => name).join(", ")}
  --emulate    use an emulator inside this process; needs no account (detect and read)

Options of read:
  --language LANGUAGE
               the language of the text, by its name in the service (English)
  --deskew     straighten the page first
  --hocr       print hOCR: one document for each region
  --state FILE keep what has been paid for in a file: the same command continues after a crash, and gets the result
               again without sending anything
  --resubmit   if a submission was interrupted, submit again, which may be billed twice

Options of serve:
  --port N           the port (8080); 0 picks a free one
  --workers N        the number of images that are processed at the same time (1)
  --pickup-time MS   the minimum time that a task is Pending, in milliseconds (700)
  --service-time MS  the minimum time that a task is Processing, in milliseconds (1200)
  --cors             let web pages on this machine use the emulator
  --verbose          log each request
  --host HOST        the interface to listen on (127.0.0.1)
  --allow-remote     let other machines use the emulator; required unless HOST is the loopback interface

Environment:
  OCR_CLIENT_ID, OCR_CLIENT_SECRET  the credentials of your application
  OCR_BASE_URL                      another address of the service, such as an emulator's
  OCR_ALLOW_HTTP=1                  accept plain http for an address that is not on this machine
  TERM=dumb, NO_COLOR=1             print plain lines instead of updating one

detect prints the id of its task as soon as the service has assigned one. For 24 hours, watch returns the result for
that id. Ctrl-C, SIGTERM and closing the terminal cancel the task. If the id cannot be printed, it is appended to
ocr-regions.log.

Exit status:
  0    the task completed, and all output was written
  1    the task did not complete, or some output could not be written
  2    nothing was sent: invalid arguments, an unreadable file, or a missing setting or permission
  130  stopped by Ctrl-C, SIGTERM or closing the terminal
`;

/** Defaults of `serve`. The times are long enough for a poll to see a task Pending and Processing. */
const SERVE = { port: "8080", workers: "1", pickupTime: "700", serviceTime: "1200" };

/** Each worker is a thread whose heap grows to up to 1.9 GB. */
const MAX_WORKERS = 64;
const DAY = 86_400_000;

/** One command with its options. */
export type Command = Detect | Read | Watch | Cancel | Serve | { readonly _tag: "Help" };

/** Submits an image and waits for its regions. */
export interface Detect {
  readonly _tag: "Detect";
  readonly image: string;
  readonly mode: DsrMode;
  readonly svg: string | null;
  readonly json: boolean;
  readonly format: PageFormat | null;
  readonly emulated: boolean;
}

/** Submits an image, and recognizes the text of its regions. */
export interface Read {
  readonly _tag: "Read";
  readonly image: string;
  readonly language: Language;
  readonly mode: DsrMode;
  readonly deskew: boolean;
  readonly svg: string | null;
  readonly hocr: boolean;
  readonly json: boolean;
  readonly format: PageFormat | null;
  readonly state: string | null;
  readonly resubmit: boolean;
  readonly emulated: boolean;
}

/** Waits for the regions of an image that was submitted earlier. */
export interface Watch {
  readonly _tag: "Watch";
  readonly id: string;
  readonly image: string | null;
  readonly svg: string | null;
  readonly json: boolean;
}

/** Cancels a task. */
export interface Cancel {
  readonly _tag: "Cancel";
  readonly id: string;
}

/** Runs the emulator. Times are in milliseconds. */
export interface Serve {
  readonly _tag: "Serve";
  readonly host: string;
  readonly port: number;
  readonly remote: boolean;
  readonly workers: number;
  readonly pickupTime: number;
  readonly serviceTime: number;
  readonly cors: boolean;
  readonly verbose: boolean;
}

const OPTIONS = {
  mode: { type: "string" },
  language: { type: "string" },
  deskew: { type: "boolean" },
  hocr: { type: "boolean" },
  state: { type: "string" },
  resubmit: { type: "boolean" },
  svg: { type: "string" },
  image: { type: "string" },
  json: { type: "boolean" },
  format: { type: "string" },
  emulate: { type: "boolean" },
  host: { type: "string" },
  "allow-remote": { type: "boolean" },
  port: { type: "string" },
  workers: { type: "string" },
  "pickup-time": { type: "string" },
  "service-time": { type: "string" },
  cors: { type: "boolean" },
  verbose: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

/** The options of each command. */
const TAKES: ReadonlyMap<string, readonly string[]> = new Map([
  ["detect", ["mode", "svg", "json", "format", "emulate"]],
  ["read", ["language", "mode", "deskew", "svg", "hocr", "json", "format", "state", "resubmit", "emulate"]],
  ["watch", ["svg", "image", "json"]],
  ["cancel", []],
  ["serve", ["host", "allow-remote", "port", "workers", "pickup-time", "service-time", "cors", "verbose"]],
]);

const COMMANDS = "detect, read, watch, cancel or serve";

/** Parses the arguments. A Left is a sentence for the user. */
export function parse(args: readonly string[]): E.Either<string, Command> {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Node.js adds advice about arguments that start with a dash.
    const [message] = messageOf(error).split(/\.?(?: |\n)(?=To |Did )/);
    return E.left(`${message}.`);
  }
  const { values, positionals: [name, subject, ...rest] } = parsed;
  if (values.help || name === "help") return E.right({ _tag: "Help" });
  if (name === undefined) return E.left(`Missing command. Expected ${COMMANDS}.`);
  const takes = TAKES.get(name);
  if (takes === undefined) return E.left(`Unknown command "${name}". Expected ${COMMANDS}.`);
  const foreign = Object.keys(values).find((option) => !takes.includes(option));
  if (foreign !== undefined) return E.left(`The command ${name} has no option --${foreign}.`);
  const extra = name === "serve" ? subject : rest[0];
  if (extra !== undefined) return E.left(`Unexpected argument "${extra}".`);
  if (name === "serve") return parseServe(values);
  if (subject === undefined || subject === "") {
    const missing = name === "detect" || name === "read" ? ["image", "IMAGE"] : ["task id", "ID"];
    return E.left(`Missing ${missing[0]}: ocr-regions ${name} ${missing[1]}.`);
  }
  const { mode = "Regions", svg = null, image = null, json = false, emulate = false } = values;
  if (name === "cancel") return E.right({ _tag: "Cancel", id: subject });
  if (svg === "") return E.left("The option --svg requires a file name.");
  if (name === "watch") {
    return image !== null && svg === null
      ? E.left("The option --image requires --svg.")
      : E.right({ _tag: "Watch", id: subject, image, svg, json });
  }
  if (!DsrMode.is(mode)) return E.left(`Unknown mode "${mode}". Expected one of ${DSR_MODES.join(", ")}.`);
  const format = parseFormat(name, values);
  if (E.isLeft(format)) return format;
  return name === "read"
    ? parseRead(subject, mode, format.right, values)
    : E.right({ _tag: "Detect", image: subject, mode, svg, json, format: format.right, emulated: emulate });
}

function parseFormat(command: string, { format: name, json, hocr }: Values): E.Either<string, PageFormat | null> {
  if (name === undefined) return E.right(null);
  const format = findFormat(name);
  if (E.isLeft(format)) return format;
  if (json || hocr) return E.left(`The options --format and --${json ? "json" : "hocr"} cannot be combined.`);
  return command === "detect" && format.right.needs.includes("text")
    ? E.left(`The format ${name} requires texts. Use ocr-regions read, which recognizes them.`)
    : format;
}

function parseRead(
  image: string,
  mode: DsrMode,
  format: PageFormat | null,
  values: Values,
): E.Either<string, Read> {
  const { language = "English", deskew = false, svg = null, hocr = false, json = false, state = null } = values;
  const { resubmit = false, emulate = false } = values;
  const known = LANGUAGES.find((name) => name.toLowerCase() === language.toLowerCase());
  if (known === undefined) {
    return E.left(
      `Unknown language "${language}". Expected the English name of a language, such as ${
        LANGUAGES.slice(0, 4).join(", ")
      }.`,
    );
  }
  if (state === "") return E.left("The option --state requires a file name.");
  if (resubmit && state === null) return E.left("The option --resubmit requires --state.");
  if (emulate && state !== null) {
    return E.left("The option --state has no use with --emulate, since its tasks end with the program.");
  }
  if (emulate && deskew) {
    return E.left("The option --deskew has no use with --emulate: the emulator cannot straighten a page.");
  }
  if (svg !== null && state !== null && resolve(svg) === resolve(state)) {
    return E.left("The options --svg and --state must name different files.");
  }
  return E.right({
    _tag: "Read",
    image,
    language: known,
    mode,
    deskew,
    svg,
    hocr,
    json,
    format,
    state,
    resubmit,
    emulated: emulate,
  });
}

/** The shell command that resumes a task. */
export function resumeCommand(id: string, { svg, image, json }: Pick<Watch, "svg" | "image" | "json">): string {
  const words = ["ocr-regions", "watch", id];
  if (svg !== null) words.push("--svg", svg);
  if (svg !== null && image !== null) words.push("--image", image);
  if (json) words.push("--json");
  return words.map(quote).join(" ");
}

/** Quotes a word for a POSIX shell, if it needs that. */
export function quote(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function parseServe(values: Values): E.Either<string, Serve> {
  const { host = "127.0.0.1", "allow-remote": remote = false, cors = false, verbose = false } = values;
  const port = wholeNumber("port", values.port ?? SERVE.port, 0, 65535);
  if (E.isLeft(port)) return port;
  const workers = wholeNumber("workers", values.workers ?? SERVE.workers, 1, MAX_WORKERS);
  if (E.isLeft(workers)) return workers;
  const pickupTime = wholeNumber("pickup-time", values["pickup-time"] ?? SERVE.pickupTime, 0, DAY);
  if (E.isLeft(pickupTime)) return pickupTime;
  const serviceTime = wholeNumber("service-time", values["service-time"] ?? SERVE.serviceTime, 0, DAY);
  if (E.isLeft(serviceTime)) return serviceTime;
  return E.right({
    _tag: "Serve",
    host,
    remote,
    cors,
    verbose,
    port: port.right,
    workers: workers.right,
    pickupTime: pickupTime.right,
    serviceTime: serviceTime.right,
  });
}

function wholeNumber(option: string, text: string, min: number, max: number): E.Either<string, number> {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max
    ? E.right(value)
    : E.left(`The option --${option} must be a whole number from ${min} to ${max}: current value is "${text}".`);
}
