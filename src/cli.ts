/**
 * The command line: `ocr-regions detect`, `watch`, `cancel` and `serve`. Runs on Deno, Node and Bun.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { lastValueFrom, type Observable, tap } from "rxjs";
import { cancelTask } from "./api.ts";
import { emulate } from "./emulator.ts";
import { describeError, duration } from "./error.ts";
import type { Region } from "./region.ts";
import { connect, type Retry, type Service } from "./request.ts";
import { fixed } from "./schedule.ts";
import { serve } from "./serve.ts";
import { DSR_MODES, DsrMode } from "./settings.ts";
import { toSvg } from "./svg.ts";
import { describe, type Reply } from "./task_status.ts";
import { type DetectOptions, detectRegions, watchRegions } from "./watch.ts";

/** What the command line needs of its surroundings. */
export interface Io {
  /** The environment: `OCR_CLIENT_ID`, `OCR_CLIENT_SECRET`, `OCR_BASE_URL`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the result. */
  readonly stdout: { readonly write: (text: string) => unknown };
  /** Takes what is said about it; a terminal gets a live line. */
  readonly stderr: {
    readonly write: (text: string) => unknown;
    readonly isTTY?: boolean;
    readonly columns?: number;
  };
  /** Aborts when the user wants to leave. */
  readonly signal: AbortSignal;
}

const USAGE = `Usage:
  ocr-regions detect IMAGE [--mode MODE] [--svg FILE] [--json] [--emulate]
  ocr-regions watch ID [--json]
  ocr-regions cancel ID
  ocr-regions serve [--port N]

detect sends an image and shows its text regions; watch goes on with a task that was sent before; cancel drops one;
serve runs an emulator of the service on this machine (port 8080).

  --mode MODE  what is detected: ${DSR_MODES.slice(0, 4).join(", ")},
               ${DSR_MODES.slice(4).join(", ")}
  --svg FILE   draw the regions over the image
  --json       write the result as JSON
  --emulate    ask an emulator of the service inside this process; needs no account

The service's credentials are read from OCR_CLIENT_ID and OCR_CLIENT_SECRET, and another address from OCR_BASE_URL.

Exit status: 0 the task is Completed, 1 anything else that was found out, 2 nothing was asked, 130 stopped by Ctrl-C.
`;

type Command =
  | {
    readonly _tag: "Detect";
    readonly image: string;
    readonly mode: DsrMode;
    readonly svg: string | null;
    readonly json: boolean;
    readonly emulated: boolean;
  }
  | { readonly _tag: "Watch"; readonly id: string; readonly json: boolean }
  | { readonly _tag: "Cancel"; readonly id: string }
  | { readonly _tag: "Serve"; readonly port: number }
  | { readonly _tag: "Help" };

const OPTIONS = {
  mode: { type: "string" },
  svg: { type: "string" },
  json: { type: "boolean" },
  emulate: { type: "boolean" },
  port: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** The options that each command takes. */
const TAKES: Readonly<Record<string, readonly string[]>> = {
  detect: ["mode", "svg", "json", "emulate"],
  watch: ["json"],
  cancel: [],
  serve: ["port"],
};

const FOUND_OUT = 1;
const NOT_ASKED = 2;
const STOPPED = 130;

/** How long the emulator takes: long enough to see a task queued and at work. */
const EMULATED = { pickupTime: 700, serviceTime: 1200 };

/** The emulator takes any. */
const EMULATED_PAIR = { clientId: "emulator", clientSecret: "emulator" };

/**
 * Runs one command.
 *
 * @param args The arguments, without the program's name.
 *
 * @returns The exit status: 0 the task is Completed, 1 anything else that was found out, 2 nothing was asked of the
 * service, 130 stopped by the user.
 *
 * @example
 * ```ts
 * import { main } from "@ocr-cloud/regions/cli";
 * import { equal } from "node:assert/strict";
 *
 * const { signal } = new AbortController();
 * const status = await main(["--help"], { env: {}, stdout: { write: console.log }, stderr: { write() {} }, signal });
 * equal(status, 0);
 * ```
 */
export async function main(args: readonly string[], io: Io): Promise<number> {
  const command = parse(args);
  if (E.isLeft(command)) return refuse(io, `${command.left}\nTry ocr-regions --help.`);
  switch (command.right._tag) {
    case "Help":
      io.stdout.write(USAGE);
      return 0;
    case "Detect":
      return await detect(command.right, io);
    case "Watch": {
      const service = connectFrom(io);
      return E.isLeft(service) ? refuse(io, service.left) : await watch(command.right, service.right, io);
    }
    case "Cancel": {
      const service = connectFrom(io);
      return E.isLeft(service) ? refuse(io, service.left) : await cancel(command.right.id, service.right, io);
    }
    case "Serve":
      return await serveEmulator(command.right.port, io);
  }
}

function parse(args: readonly string[]): E.Either<string, Command> {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return E.left(error instanceof Error ? error.message.split(". ")[0] : String(error));
  }
  const { values, positionals: [name, subject, ...rest] } = parsed;
  if (values.help || name === "help") return E.right({ _tag: "Help" });
  if (name === undefined) return E.left("A command is missing: detect, watch, cancel or serve.");
  const takes = Object.hasOwn(TAKES, name) ? TAKES[name] : null;
  if (takes === null) return E.left(`There is no command ${name}: there are detect, watch, cancel and serve.`);
  const foreign = Object.keys(values).find((option) => !takes.includes(option));
  if (foreign !== undefined) return E.left(`The command ${name} takes no option --${foreign}.`);
  if (rest.length > 0) {
    return E.left(`The command ${name} takes no more than one argument: ${rest[0]} is one too many.`);
  }

  const { mode = "Regions", svg = null, json = false, emulate: emulated = false, port = "8080" } = values;
  if (name === "serve") {
    if (subject !== undefined) return E.left(`The command serve takes no argument: ${subject} is one too many.`);
    return /^\d{1,5}$/.test(port) && Number(port) < 65536
      ? E.right({ _tag: "Serve", port: Number(port) })
      : E.left(`The port must be a whole number from 0 to 65535: current value is ${port}.`);
  }
  if (subject === undefined || subject === "") {
    return E.left(name === "detect" ? "The image's file is missing." : "The task's id is missing.");
  }
  if (name === "watch") return E.right({ _tag: "Watch", id: subject, json });
  if (name === "cancel") return E.right({ _tag: "Cancel", id: subject });
  return DsrMode.is(mode)
    ? E.right({ _tag: "Detect", image: subject, mode, svg, json, emulated })
    : E.left(`There is no mode ${mode}: there are ${DSR_MODES.join(", ")}.`);
}

/**
 * What the process has. The first Ctrl-C aborts the signal; the second finds no handler any more, and ends the process.
 *
 * @example
 * ```ts ignore
 * import { main, ofProcess } from "@ocr-cloud/regions/cli";
 * import process from "node:process";
 *
 * process.exitCode = await main(["--help"], ofProcess());
 * ```
 */
export function ofProcess(): Io {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort());
  const { env, stdout, stderr } = process;
  return { env, stdout, stderr, signal: controller.signal };
}

async function detect(
  { image: file, mode, svg, json, emulated }: Command & { _tag: "Detect" },
  io: Io,
): Promise<number> {
  const image = await readImage(file);
  if (E.isLeft(image)) return refuse(io, image.left);
  const progress = showProgress(io);
  const emulator = emulated ? await startEmulator(EMULATED) : null;
  try {
    const service = emulator === null
      ? connectFrom(io, progress.retry)
      : E.right(connect({ credentials: EMULATED_PAIR, fetch: emulator.fetch, schedule: fixed({ delay: 400 }) }));
    if (E.isLeft(service)) return refuse(io, service.left);
    let id: string | null = null;
    const options: DetectOptions = { signal: io.signal, onSubmit: (taken) => id = taken };
    const statuses = detectRegions(image.right, { dsrMode: mode }, options)(service.right);
    const reply = await lastReply(statuses, progress);
    if (io.signal.aborted && E.isLeft(reply)) {
      const stopped = reply.left._tag === "GaveUp" ? reply.left.state : null;
      if (stopped !== null) await cancel(stopped.id, service.right, io);
      else io.stderr.write(`${describe(reply)}\n`);
      return STOPPED;
    }
    const status = conclude(reply, id, json, io);
    if (svg === null || E.isLeft(reply) || reply.right._tag !== "Completed") return status;
    const drawn = await writeSvg(svg, toSvg(reply.right.regions, { image: image.right }));
    return E.isLeft(drawn) ? refuse(io, drawn.left, FOUND_OUT) : status;
  } finally {
    progress.end();
    await emulator?.close();
  }
}

async function watch({ id, json }: Command & { _tag: "Watch" }, service: Service, io: Io): Promise<number> {
  const progress = showProgress(io);
  const watched = { ...service, onRetry: progress.retry };
  const reply = await lastReply(watchRegions(id, { signal: io.signal })(watched), progress);
  if (io.signal.aborted) {
    io.stderr.write(`Stopped. The task goes on; to drop it: ocr-regions cancel ${id}\n`);
    return STOPPED;
  }
  return conclude(reply, id, json, io);
}

async function cancel(id: string, service: Service, io: Io): Promise<number> {
  const cancelled = await cancelTask(id)(service)();
  io.stderr.write(
    E.isRight(cancelled)
      ? `Cancelled task ${id}.\n`
      : `Task ${id} was not cancelled and goes on. ${describeError(cancelled.left)}\n`,
  );
  return E.isRight(cancelled) ? 0 : FOUND_OUT;
}

async function serveEmulator(port: number, io: Io): Promise<number> {
  const emulator = await startEmulator(EMULATED);
  try {
    const server = await serve(emulator.fetch, port);
    io.stdout.write(
      `The emulator listens on ${server.url} (any client id and secret will do, Ctrl-C ends it). In another terminal:\n` +
        `  OCR_BASE_URL=${server.url} OCR_CLIENT_ID=id OCR_CLIENT_SECRET=secret ocr-regions detect IMAGE\n`,
    );
    await new Promise<void>((stop) => io.signal.aborted ? stop() : io.signal.addEventListener("abort", () => stop()));
    await server.close();
    return 0;
  } catch (error) {
    return refuse(io, `The emulator cannot listen on port ${port} (${codeOf(error)}): choose another with --port.`);
  } finally {
    await emulator.close();
  }
}

/** The emulator with its detector, which is loaded only here: it is an optional part of the npm package. */
async function startEmulator(times: { pickupTime: number; serviceTime: number }): Promise<{
  readonly fetch: ReturnType<typeof emulate>;
  readonly close: () => Promise<void>;
}> {
  const { startDetector } = await import("./detector.ts");
  const detector = startDetector();
  return { fetch: emulate({ ...times, detect: detector.detect }), close: detector.close };
}

function connectFrom({ env }: Io, onRetry?: (retry: Retry) => void): E.Either<string, Service> {
  const { OCR_CLIENT_ID: clientId = "", OCR_CLIENT_SECRET: clientSecret = "", OCR_BASE_URL: baseUrl = "" } = env;
  if (clientId === "" || clientSecret === "") {
    return E.left(
      "There are no credentials: set OCR_CLIENT_ID and OCR_CLIENT_SECRET to what the service's dashboard shows for your " +
        "application. To try without an account: ocr-regions detect IMAGE --emulate",
    );
  }
  try {
    return E.right(connect({
      credentials: { clientId, clientSecret },
      ...baseUrl === "" ? {} : { baseUrl },
      ...onRetry === undefined ? {} : { onRetry },
    }));
  } catch (error) {
    return E.left(error instanceof Error ? `${error.message}.` : String(error));
  }
}

async function readImage(file: string): Promise<E.Either<string, Uint8Array>> {
  try {
    const image = await readFile(file);
    return image.length > 0
      ? E.right(new Uint8Array(image))
      : E.left(`The image ${file} cannot be sent: the file is empty.`);
  } catch (error) {
    const code = codeOf(error);
    const why = { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "it may not be read" }[code] ??
      code;
    return E.left(`The image ${file} cannot be read: ${why}.`);
  }
}

async function writeSvg(file: string, svg: string): Promise<E.Either<string, void>> {
  try {
    await mkdir(dirname(file), { recursive: true });
    return E.right(await writeFile(file, svg));
  } catch (error) {
    return E.left(`The drawing ${file} cannot be written (${codeOf(error)}).`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

interface Progress {
  readonly status: (reply: Reply) => void;
  readonly retry: (retry: Retry) => void;
  readonly end: () => void;
}

/** What happens, as it happens: a live line with the elapsed time on a terminal, a line each elsewhere. */
function showProgress({ stderr }: Io): Progress {
  const startedAt = Date.now();
  let shown = "Sending";
  const elapsed = (): string => duration(Date.now() - startedAt);
  const draw = (): void => {
    stderr.write(`\r\x1b[2K${`${shown} … ${elapsed()}`.slice(0, (stderr.columns ?? 80) - 1)}`);
  };
  const timer = stderr.isTTY ? setInterval(draw, 100) : undefined;
  const say = (text: string): void => {
    stderr.write(stderr.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
  };
  return {
    status: (reply) => {
      if (E.isLeft(reply) || reply.right._tag === shown) return;
      shown = reply.right._tag;
      say(`${shown} (${elapsed()})`);
    },
    retry: ({ error, delay }) => say(`${describeError(error)} Trying again in ${duration(delay)}.`),
    end: () => {
      clearInterval(timer);
      if (stderr.isTTY) stderr.write("\r\x1b[2K");
    },
  };
}

async function lastReply(statuses: Observable<Reply>, progress: Progress): Promise<Reply> {
  try {
    return await lastValueFrom(statuses.pipe(tap(progress.status)));
  } finally {
    progress.end();
  }
}

function conclude(reply: Reply, id: string | null, json: boolean, { stdout, stderr }: Io): number {
  const value = E.isRight(reply) ? reply.right : reply.left;
  stderr.write(`${describe(reply)}\n`);
  if (E.isLeft(reply) && id !== null) stderr.write(`To go on: ocr-regions watch ${id}\n`);
  if (json) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  else if (value._tag === "Completed" && value.regions.length > 0) stdout.write(toTable(value.regions));
  return value._tag === "Completed" ? 0 : FOUND_OUT;
}

function toTable(regions: readonly Region[]): string {
  const rows = [
    ["#", "left", "top", "right", "bottom"],
    ...regions.map(({ left, top, right, bottom }, i) => [i + 1, left, top, right, bottom].map(String)),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column])).join("  ") + "\n").join("");
}

function refuse({ stderr }: Io, message: string, status: number = NOT_ASKED): number {
  stderr.write(`${message}\n`);
  return status;
}
