/**
 * The command `watch`: the results of tasks that were submitted earlier.
 *
 * @module
 */
import * as E from "../internal/either.ts";
import { lastValueFrom, tap } from "../internal/rxjs.ts";
import { describe } from "../model/describe.ts";
import { type Reply, valueOf } from "../model/reply.ts";
import { watchRegions } from "../stream/watch.ts";
import { createDisplay, type Display } from "./batch/display.ts";
import { detectJob } from "./batch/job.ts";
import { createOutputs, type Outputs } from "./batch/outputs.ts";
import { createPrinter, isPrintable, type Printer } from "./batch/printer.ts";
import { warningsFor } from "./batch/endings.ts";
import type { Watch } from "./command.ts";
import { type Action, forEachTask } from "./each_task.ts";
import { messageOf, readImage } from "./files.ts";
import type { Io } from "./io.ts";
import { quote } from "./shell.ts";
import { STOPPED } from "./status.ts";
import type { Terminal } from "./terminal.ts";

/** The number of tasks that are watched at the same time. */
const CONCURRENCY = 64;

const { interpret } = detectJob({ settings: {} });

/** Where results go. */
interface Target {
  /** Identifies a result, and names its files. */
  readonly keyOf: (id: string) => string;
  /** The image that was sent; empty if it is not known. */
  readonly image: Uint8Array;
  readonly outputs: Outputs | null;
  readonly printer: Printer;
}

/** Waits for each task to end, and shows its regions. Resolves to the exit status. */
export async function runWatch(command: Watch, io: Io, terminal: Terminal): Promise<number> {
  const { quiet, verbose, ids, last } = command;
  let total = ids.length;
  const isSingle = (): boolean => total === 1;
  const display = createDisplay(terminal, { quiet, verbose: verbose || !quiet && !last && isSingle() }, () => total);
  const prepare = async (ids: readonly string[]): Promise<E.Either<string, Action>> => {
    total = ids.length;
    const target = await openTarget(command, ids, terminal);
    return E.isLeft(target) ? target : E.right(watching(command, target.right, display, io, terminal));
  };
  try {
    const options = { concurrency: CONCURRENCY, onRetry: display.retry };
    const status = await forEachTask(command, prepare, options, io, terminal);
    if (status !== STOPPED) return status;
    display.close();
    const which = last ? "--last" : isSingle() ? ids[0] : "ID...";
    await terminal.say(`Stopped watching. Tasks that have not ended continue. To cancel: ocr-regions cancel ${which}`);
    return status;
  } finally {
    display.close();
  }
}

/** Reads the image and checks, before anything is asked, whether the output can be written. */
async function openTarget(
  command: Watch,
  ids: readonly string[],
  terminal: Terminal,
): Promise<E.Either<string, Target>> {
  const { image: file, out, formats } = command;
  const isSingle = ids.length === 1;
  if (file !== null && !isSingle) {
    return E.left(`The option --image requires a single task, and there are ${ids.length}.`);
  }
  if (out === null && !isSingle && !isPrintable(formats[0])) {
    return E.left(`The format ${formats[0]} is a file for each page. Add --out DIR to write several.`);
  }
  const image = file === null ? E.right(new Uint8Array()) : await readImage(file);
  if (E.isLeft(image)) return image;
  const keyOf = (id: string): string => file ?? id;
  const outputs = out === null ? null : createOutputs(out, command);
  try {
    for (const id of ids) await outputs?.prepare(keyOf(id), image.right);
  } catch (error) {
    return E.left(`Nothing was asked: ${messageOf(error)}.`);
  }
  return E.right({ keyOf, image: image.right, outputs, printer: createPrinter(terminal, command, isSingle) });
}

function watching(
  command: Watch,
  { keyOf, image, outputs, printer }: Target,
  display: Display,
  { signal }: Io,
  terminal: Terminal,
): Action {
  let isClosed = false;
  return async (id, service) => {
    // Nobody would see the other results.
    if (isClosed) return false;
    const key = keyOf(id);
    display.begin(key, "Waiting");
    const show = (reply: Reply): void => {
      const outcome = E.isRight(reply) ? interpret(reply.right) : null;
      if (outcome?._tag === "Running") display.status(key, outcome.label);
    };
    const options = { signal, deadline: command.deadline ?? undefined };
    const reply = await lastValueFrom(watchRegions(id, options)(service).pipe(tap(show)));
    const fail = (reason: string): false => {
      display.fail(key, reason);
      return false;
    };
    if (E.isLeft(reply) && signal.aborted) {
      display.drop(key);
      return false;
    }
    const outcome = E.isRight(reply) ? interpret(reply.right) : null;
    if (outcome?._tag !== "Completed") {
      if (outputs === null) await printer.failure(key, valueOf(reply));
      return fail(E.isLeft(reply) ? `${describe(reply)} ${again(command, id)}` : describe(reply));
    }
    const { page } = outcome;
    for (const notice of page.notices) await terminal.say(`${key}: Notice from the service: ${notice}`);
    const written = await (outputs ?? { write: printer.page }).write(key, page, image);
    if (E.isLeft(written)) {
      if (outputs !== null) return fail(`${written.left} ${again(command, id)}`);
      display.drop(key);
      if (isClosed) return false;
      isClosed = true;
      return fail(`The result could not be written to standard output: ${written.left}. ${again(command, id)}`);
    }
    for (const warning of image.length === 0 ? [] : warningsFor(command, page, image)) {
      await terminal.say(warning, terminal.colors.err.yellow);
    }
    display.complete(key, page.summary);
    return true;
  };
}

/** How to get a result again. */
function again({ ids, last, out, formats, image, link }: Watch, id: string): string {
  if (ids.length > 1) return "To get it again without sending the image, run the same command.";
  const words = ["ocr-regions", "watch", last ? "--last" : id];
  if (out !== null) words.push("--out", out);
  if (formats.length > 0) words.push("--format", formats.join(","));
  if (image !== null) words.push("--image", image);
  if (link) words.push("--link");
  return `To get it again without sending the image: ${words.map(quote).join(" ")}`;
}
