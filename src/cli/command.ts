/**
 * The arguments of the command line.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { parseArgs } from "node:util";
import { DSR_MODES, DsrMode } from "../model/settings.ts";

/** What `--help` prints. */
export const USAGE = `Usage:
  ocr-regions detect IMAGE [--mode MODE] [--svg FILE] [--json] [--emulate]
  ocr-regions watch ID [--svg FILE [--image IMAGE]] [--json]
  ocr-regions cancel ID
  ocr-regions serve [--port N] [--workers N] [--pickup-time MS] [--service-time MS] [--cors] [--verbose]
                    [--host HOST --allow-remote]

detect  sends an image and shows its text regions
watch   waits for a task that was sent before, and shows its regions
cancel  cancels a task
serve   runs an emulator of the service on this machine

Options of detect and watch:
  --mode MODE  the kind of detection: ${DSR_MODES.slice(0, 4).join(", ")},
               ${DSR_MODES.slice(4).join(", ")}
  --svg FILE   draw the regions over the image
  --image IMAGE
               the image that was sent, for the drawing
  --json       print the result as JSON
  --emulate    use an emulator of the service inside this process; needs no account

Options of serve:
  --port N           the port (8080); 0 picks a free one
  --workers N        how many images are processed at a time (1)
  --pickup-time MS   milliseconds for which a task is Pending at least (700)
  --service-time MS  milliseconds for which a task is Processing at least (1200)
  --cors             let web pages of this machine use the emulator
  --verbose          log each request
  --host HOST        the interface to listen on (127.0.0.1)
  --allow-remote     let other machines use the emulator: required if HOST is not the loopback interface

Environment:
  OCR_CLIENT_ID, OCR_CLIENT_SECRET  the credentials of your application
  OCR_BASE_URL                      the address of the service, if it is not the public one
  OCR_ALLOW_HTTP=1                  accept plain http for an address that is not on this machine
  TERM=dumb, NO_COLOR=1             plain lines instead of a live one

detect shows the id of its task as soon as there is one; with it, watch recovers the result for 24 hours. Ctrl-C,
SIGTERM and a terminal that is closed cancel the task. If an id can no longer be shown, it is written to
ocr-regions.log.

Exit status:
  0    the task is Completed, and everything was written
  1    the task is not Completed, or something could not be written
  2    nothing was sent: a wrong option, file or setting
  130  stopped by Ctrl-C, SIGTERM or a closed terminal
`;

/** The port of the emulator, and how long it takes: long enough to see a task queued and at work. */
const SERVE = { port: "8080", workers: "1", pickupTime: "700", serviceTime: "1200" };

/** Each detector has a thread with a heap of up to 1.9 GB. */
const MAX_WORKERS = 64;
const DAY = 86_400_000;

/** One command with its options. */
export type Command = Detect | Watch | Cancel | Serve | { readonly _tag: "Help" };

/** Sends an image and waits for its regions. */
export interface Detect {
  readonly _tag: "Detect";
  readonly image: string;
  readonly mode: DsrMode;
  readonly svg: string | null;
  readonly json: boolean;
  readonly emulated: boolean;
}

/** Waits for the regions of an image that was sent before. */
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
  svg: { type: "string" },
  image: { type: "string" },
  json: { type: "boolean" },
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

/** The options that each command takes. */
const TAKES: ReadonlyMap<string, readonly string[]> = new Map([
  ["detect", ["mode", "svg", "json", "emulate"]],
  ["watch", ["svg", "image", "json"]],
  ["cancel", []],
  ["serve", ["host", "allow-remote", "port", "workers", "pickup-time", "service-time", "cors", "verbose"]],
]);

const COMMANDS = "detect, watch, cancel or serve";

/** Reads the arguments. A Left is a sentence. */
export function parse(args: readonly string[]): E.Either<string, Command> {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Node's further sentences are about arguments that start with a dash.
    const [message] = (error instanceof Error ? error.message : String(error)).split(/\.?(?: |\n)(?=To |Did )/);
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
    return E.left(
      `Missing ${name === "detect" ? "image: ocr-regions detect IMAGE" : `task id: ocr-regions ${name} ID`}.`,
    );
  }
  const { mode = "Regions", svg = null, image = null, json = false, emulate = false } = values;
  if (name === "cancel") return E.right({ _tag: "Cancel", id: subject });
  if (svg === "") return E.left("The option --svg needs the name of a file.");
  if (name === "watch") {
    return image !== null && svg === null
      ? E.left("The option --image is of use only with --svg.")
      : E.right({ _tag: "Watch", id: subject, image, svg, json });
  }
  return DsrMode.is(mode)
    ? E.right({ _tag: "Detect", image: subject, mode, svg, json, emulated: emulate })
    : E.left(`Unknown mode "${mode}". Expected one of ${DSR_MODES.join(", ")}.`);
}

/** The command that goes on with a task, for a shell. */
export function resumeCommand(id: string, { svg, image, json }: Pick<Watch, "svg" | "image" | "json">): string {
  const words = ["ocr-regions", "watch", id];
  if (svg !== null) words.push("--svg", svg);
  if (svg !== null && image !== null) words.push("--image", image);
  if (json) words.push("--json");
  return words.map(quote).join(" ");
}

/** A word for a shell. */
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
