/**
 * The command `read`. With a file for its state, a task that was paid for is never lost.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { lastValueFrom, tap } from "rxjs";
import type { Service } from "../client/service.ts";
import { isObject, parseJson } from "../internal/json.ts";
import { describe, describeError } from "../model/describe.ts";
import { DESKEW_IMAGE } from "../model/preprocessing.ts";
import { ReadState } from "../model/read_state.ts";
import { valueOf } from "../model/reply.ts";
import { svgWarnings } from "../page/svg.ts";
import type { Reading, ReadReply } from "../model/reading.ts";
import { cancelReading, readRegions, type ReadSettings } from "../stream/read.ts";
import { quote, type Read } from "./single_command.ts";
import { draw, type Drawing, prepareDrawing } from "./drawing.ts";
import { checkTarget, messageOf, readImage, type Target } from "./files.ts";
import { codeOf } from "../files/reason.ts";
import type { Io } from "./io.ts";
import { openService } from "./open_service.ts";
import { missingFor, writePage } from "./page_file.ts";
import { type Progress, showProgress } from "./progress.ts";
import { toJson } from "./result.ts";
import { FAILED, refuse, STOPPED } from "./status.ts";
import type { Terminal } from "./terminal.ts";

const STEPS = { preprocess: "Deskewing", detect: "Detecting", recognize: "Recognizing" } as const;

/** Submits an image and prints the texts of its regions. Resolves to the exit status. */
export async function runRead(command: Read, io: Io, terminal: Terminal): Promise<number> {
  const { image: file, svg, language, mode: dsrMode, hocr, deskew } = command;
  const image = await readImage(file);
  if (E.isLeft(image)) return refuse(terminal, image.left);
  const missing = command.format === null ? null : missingFor(command.format, file, image.right);
  if (missing !== null) return refuse(terminal, missing);
  const drawing = await prepareDrawing(svg, file, image.right);
  if (E.isLeft(drawing)) return refuse(terminal, drawing.left);
  const store = await openStore(command, image.right);
  if (E.isLeft(store)) return refuse(terminal, store.left);
  const progress = showProgress(terminal, "Sending");
  let isSubmitted = false;
  const opened = await openService(
    { emulate: command.emulated, concurrency: 1, rate: null },
    io,
    terminal,
    progress.retry,
  );
  try {
    if (E.isLeft(opened)) return await refuse(terminal, opened.left);
    const { service } = opened.right;
    const settings: ReadSettings = {
      language,
      dsrMode,
      resultType: hocr ? "Hocr" : "Text",
      preprocess: deskew ? DESKEW_IMAGE : undefined,
    };
    let last: ReadState | null = store.right.state;
    const onState = async (state: ReadState): Promise<void> => {
      last = state;
      isSubmitted ||= state.task !== null;
      progress.activity(STEPS[state.step]);
      const written = await store.right.write(state);
      if (E.isRight(written)) {
        if (command.state !== null || command.emulated || state.task === null) return;
        return await terminal.insist(
          `Submitted as task ${state.task.id}. To be able to continue after a crash, add --state FILE.`,
        );
      }
      const fault = `The state could not be written to ${command.state}: ${written.left}.`;
      // Before a submission, that ends the command. Afterwards, the task goes on.
      if (state.task === null) throw new Error(fault);
      await terminal.insist(`${fault} The id of the task ${STEPS[state.step].toLowerCase()} is ${state.task.id}.`);
    };
    const resume = last === null ? undefined : command.resubmit ? { ...last, submitting: false } : last;
    let replies;
    try {
      replies = readRegions(image.right, settings, { signal: io.signal, onState, resume })(service);
    } catch (error) {
      return await refuse(terminal, `Cannot resume from ${command.state}: ${messageOf(error)}.`);
    }
    const reply = await lastValueFrom(replies.pipe(tap((reply) => show(reply, progress))));
    progress.end();
    if (io.signal.aborted && E.isLeft(reply)) {
      await cancelStopped(last, settings, service, reply, store.right, terminal);
      return STOPPED;
    }
    return await conclude(reply, command, image.right, drawing.right, terminal);
  } catch (error) {
    progress.end();
    if (!isSubmitted) return await refuse(terminal, messageOf(error));
    await terminal.insist(messageOf(error));
    return FAILED;
  } finally {
    progress.end();
    if (E.isRight(opened)) await opened.right.close();
  }
}

/** Where the state is kept. */
interface Store {
  /** The state from an earlier run, or null if there is none. */
  readonly state: ReadState | null;
  readonly write: (state: ReadState) => ReturnType<Target["write"]>;
}

/** Opens the file of the state. A Left is a sentence for the user. */
async function openStore(command: Read, image: Uint8Array): Promise<E.Either<string, Store>> {
  const { state: file } = command;
  if (file === null) return E.right({ state: null, write: () => Promise.resolve(E.right(undefined)) });
  const target = await checkTarget("state", file, command.image);
  if (E.isLeft(target)) return target;
  const digest = digestOf(command, image);
  const write = (state: ReadState): ReturnType<Target["write"]> =>
    target.right.write(JSON.stringify({ ...state, digest }));
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return codeOf(error) === "ENOENT"
      ? E.right({ state: null, write })
      : E.left(`Cannot read the state ${file}: ${codeOf(error)}.`);
  }
  const json = parseJson(text);
  const state = ReadState.decode(json);
  if (E.isLeft(state)) {
    return E.left(`Cannot resume from ${file}: it is not a state that ocr-regions read has written.`);
  }
  return isObject(json) && json.digest === digest
    ? E.right({ state: state.right, write })
    : E.left(`Cannot resume from ${file}: it is the state of another image, or of other options.`);
}

/** Tells what is read from anything else, so that a state is never taken for that of another image. */
function digestOf({ language, mode, hocr, deskew }: Read, image: Uint8Array): string {
  return createHash("sha256").update(JSON.stringify([language, mode, hocr, deskew])).update(image).digest("hex");
}

function show(reply: ReadReply, progress: Progress): void {
  if (E.isLeft(reply) || reply.right.step === "done") return;
  const { step, status } = reply.right;
  progress.status(`${STEPS[step]}: ${status._tag}`);
}

async function cancelStopped(
  state: ReadState | null,
  settings: ReadSettings,
  service: Service,
  reply: ReadReply,
  store: Store,
  terminal: Terminal,
): Promise<void> {
  if (state === null || state.task === null) return await terminal.insist(describeReply(reply));
  const { id } = state.task;
  const canceled = await cancelReading(state, settings)(service)();
  if (E.isLeft(canceled)) {
    return await terminal.insist(`Task ${id} was not canceled and continues. ${describeError(canceled.left)}`);
  }
  await terminal.say(`Canceled task ${id}.`);
  // The finished steps are not lost: the same command starts this one again.
  const written = await store.write({ ...state, task: null });
  if (E.isLeft(written)) await terminal.insist(`The state still contains that task: ${written.left}.`);
}

/** Writes the result, as much of it as possible. Resolves to the exit status. */
async function conclude(
  reply: ReadReply,
  { json, hocr, svg, state, image, format }: Read,
  submitted: Uint8Array,
  drawing: Drawing | null,
  terminal: Terminal,
): Promise<number> {
  const faults: string[] = [];
  if (E.isLeft(reply) || reply.right.step !== "done") {
    if (json) await terminal.print(toJson(valueOf(reply)));
    faults.push(describeReply(reply));
    if (state !== null) faults.push(nextStep(reply, state));
  } else {
    const { regions, notices, image: preprocessed } = reply.right;
    for (const notice of notices) await terminal.say(`Notice from the service: ${notice}`);
    if (regions.length === 0) await terminal.say("No text was found in the image.");
    const page = preprocessed ?? submitted, isLost = format !== null && missingFor(format, image, page) !== null;
    if (isLost) {
      faults.push(`Cannot write ${format.title}, since the size of the deskewed image is not known. JSON was printed.`);
    }
    const printed = format !== null && !isLost
      ? await terminal.printFile(writePage(format, regions, page, preprocessed === null ? image : null))
      : await terminal.print(json || isLost ? toJson({ regions, notices }) : toText(reply.right));
    if (E.isLeft(printed)) faults.push(`The result could not be written to standard output: ${printed.left}.`);
    if (drawing !== null) {
      const picture = preprocessed ?? drawing.image;
      // hOCR is markup, which nobody searches for.
      const texts = hocr ? undefined : regions.map(({ text }) => text);
      const drawn = await draw({ ...drawing, image: picture }, regions.map(({ region }) => region), texts);
      if (E.isLeft(drawn)) faults.push(`The drawing ${svg} of ${image} could not be written: ${drawn.left}.`);
      else if (picture !== undefined) { for (const warning of svgWarnings(picture)) await terminal.say(warning); }
    }
  }
  if (faults.length > 0) await terminal.insist(faults.join(" "));
  return faults.length === 0 ? 0 : FAILED;
}

/** Says how to go on with a state. */
function nextStep(reply: ReadReply, state: string): string {
  if (E.isRight(reply)) return `To start over, delete ${quote(state)}.`;
  return reply.left._tag === "Unconfirmed"
    ? "To submit it again, run the same command with --resubmit."
    : "To resume, run the same command again.";
}

/** The texts, separated by blank lines. */
function toText({ regions }: Reading): string {
  return regions.map(({ text }) => text.trimEnd()).filter((text) => text !== "").map((text) => `${text}\n`).join("\n");
}

function describeReply(reply: ReadReply): string {
  if (E.isLeft(reply)) return describe(reply.left);
  return reply.right.step === "done" ? "" : describe(reply.right.status);
}
