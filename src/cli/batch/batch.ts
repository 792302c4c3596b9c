/**
 * The commands `detect` and `read`: many images, a few at a time. Whatever fails, the id and the result of a paid task
 * are never lost.
 *
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as E from "../../internal/either.ts";
import { none } from "../../internal/option.ts";
import { lastValueFrom, mergeMap } from "../../internal/rxjs.ts";
import type { Service } from "../../client/service.ts";
import { type JournalFile, openJournal } from "../../files/journal.ts";
import { reasonOf } from "../../files/reason.ts";
import { inOrder, isObject } from "../../internal/json.ts";
import type { PollState } from "../../model/poll_state.ts";
import type { BatchImage, BatchReply } from "../../stream/batch.ts";
import type { BatchCommand, Detect, Read } from "../command.ts";
import { attempt, checkFolder, messageOf, sweep } from "../files.ts";
import type { Io } from "../io.ts";
import { type LastIds, lastIds } from "../last.ts";
import { openService } from "../open_service.ts";
import { stateFolder } from "../state_folder.ts";
import { FAILED, NOTHING_SENT, refuse, STOPPED } from "../status.ts";
import type { Terminal } from "../terminal.ts";
import { createDisplay } from "./display.ts";
import { type Batch, complete, endWithError, endWithFailure } from "./endings.ts";
import { openFailures } from "./failures.ts";
import { createGate } from "./gate.ts";
import { type Images, openImages } from "./images.ts";
import { detectJob, type Job, readJob } from "./job.ts";
import { createLedger, otherTasks } from "./ledger.ts";
import { createOutputs, JOURNAL } from "./outputs.ts";
import { createPrinter, isPrintable } from "./printer.ts";
import { createStop } from "./stop.ts";
import { countFailures, createTally, summarize } from "./tally.ts";

/** Detects the regions of images. Resolves to the exit status. */
export function runDetect(command: Detect, io: Io, terminal: Terminal): Promise<number> {
  return runBatch(command, detectJob(command), io, terminal);
}

/** Reads the texts of images. Resolves to the exit status. */
export function runRead(command: Read, io: Io, terminal: Terminal): Promise<number> {
  return runBatch(command, readJob(command), io, terminal);
}

/** How many tasks of the journal are named whose images were not found. */
const MAX_OTHERS = 10;

/** Everything that a batch needs and that has to be closed. */
interface Resources {
  readonly images: Images;
  readonly service: Service;
  readonly journal: JournalFile | null;
}

async function runBatch<A>(command: BatchCommand, job: Job<A>, io: Io, terminal: Terminal): Promise<number> {
  const { out, formats, paths } = command;
  const images = await openImages(paths, out, io);
  // The user may have stopped it instead of typing an image.
  if (io.signal.aborted) return STOPPED;
  if (E.isLeft(images)) return await refuse(terminal, images.left);
  const { isSingle, total, close } = images.right;
  const display = createDisplay(terminal, { ...command, verbose: isVerbose(command, isSingle) }, total);
  const opened = await openService(command, io, terminal, display.retry);
  try {
    if (E.isLeft(opened)) return await refuse(terminal, opened.left);
    if (out === null && !isSingle && !isPrintable(formats[0])) {
      return await refuse(
        terminal,
        `The format ${formats[0]} is a file for each page. Add --out DIR to write several.`,
      );
    }
    const journal = out === null ? E.right(null) : await openFolder(out, command.resume, job.settings);
    if (E.isLeft(journal)) return await refuse(terminal, journal.left);
    try {
      const { service } = opened.right;
      return await run(command, job, { images: images.right, service, journal: journal.right }, display, io, terminal);
    } finally {
      await journal.right?.close();
    }
  } finally {
    display.close();
    await close();
    if (E.isRight(opened)) await opened.right.close();
  }
}

/** The key in the journal of the settings of the batch. No image has it. */
const SETTINGS = "";

/** Opens the journal in the folder of the output. A Left is a sentence for the user. */
async function openFolder(
  out: string,
  resume: boolean,
  settings: Job<unknown>["settings"],
): Promise<E.Either<string, JournalFile>> {
  const file = join(out, JOURNAL);
  try {
    await mkdir(out, { recursive: true });
    await checkFolder(out);
  } catch (error) {
    return E.left(`Cannot write to the folder ${out}: ${reasonOf(error)}.`);
  }
  try {
    const journal = await openJournal(file);
    const isNew = !Array.from(journal.keys()).some((key) => key !== SETTINGS);
    const fault = isNew
      ? null
      : !resume
      ? `The folder ${out} has the journal of an earlier run. To continue that run, add --resume. ` +
        `To start over, choose another folder, or delete ${file}.`
      : otherSettings(out, await journal.get(SETTINGS), settings);
    if (fault !== null) {
      await journal.close();
      return E.left(fault);
    }
    if (isNew) await journal.put(SETTINGS, settings);
    await attempt(() => sweep(out));
    return E.right(journal);
  } catch (error) {
    return E.left(`${messageOf(error)}.`);
  }
}

/** Says that the earlier run had other settings, with which all images would be sent, and billed, again. */
function otherSettings(out: string, earlier: unknown, settings: Job<unknown>["settings"]): string | null {
  if (!isObject(earlier)) return null;
  const before = JSON.stringify(inOrder(earlier)), now = JSON.stringify(inOrder(settings));
  return before === now
    ? null
    : `The run in the folder ${out} had other settings: ${before}. They are now ${now}, with which all of its images ` +
      "would be sent again. To continue, use the same settings; for other ones, choose another folder.";
}

async function run<A>(
  command: BatchCommand,
  job: Job<A>,
  { images, service, journal }: Resources,
  display: Batch<A>["display"],
  io: Io,
  terminal: Terminal,
): Promise<number> {
  const { out, concurrency, deadline, resubmit, detach } = command;
  const startedAt = performance.now();
  const tally = createTally(), gate = createGate(concurrency);
  const stop = createStop(io.signal, (reason) => {
    if (reason === "user" && !command.quiet) terminal.say("Stopping. Press Ctrl-C again to leave at once.");
  });
  const ids = lastIds(io);
  const ledger = createLedger(journal, {
    stop,
    isVolatile: command.emulate,
    onSubmit: (key, task, isKept) => announce(command, job, key, task, isKept, ids, io, terminal),
    onReplace: (key, task) =>
      void terminal.insist(
        `${key}: The image has changed since it was submitted as task ${task}, so it is a new one.` +
          toWatch(job, task),
      ),
    onFailure: (reason) => {
      terminal.insist(`${reason}. No further image is sent.`);
      stop.because("fault");
    },
  });
  const batch: Batch<A> = {
    command,
    job,
    service,
    ledger,
    files: out === null ? null : { outputs: createOutputs(out, command, openAlone), failures: await openFailures(out) },
    printer: createPrinter(terminal, command, images.isSingle),
    display,
    tally,
    stop,
    terminal,
    warnings: new Set(),
  };
  /** The keys of the images so far, if the journal may have more. */
  const keys = new Set<string>();
  /** The images in progress. */
  const sent = new Map<string, Uint8Array>();
  async function* pull(): AsyncGenerator<BatchImage> {
    for await (const { key, read } of images.all) {
      // What has been detected but not yet written takes up memory as well.
      await gate.enter();
      if (stop.reason() !== null) return;
      if (command.resume) keys.add(key);
      const image = async (): Promise<Uint8Array> => {
        display.begin(key, "Sending");
        const bytes = await read();
        await batch.files?.outputs.prepare(key, bytes);
        sent.set(key, bytes);
        return bytes;
      };
      yield { key, image };
    }
  }
  const handle = async ({ key, reply }: BatchReply<A>): Promise<void> => {
    const outcome = E.isRight(reply) ? job.interpret(reply.right) : null;
    if (outcome?._tag === "Running") return display.status(key, outcome.label);
    if (E.isLeft(reply)) await endWithError(batch, key, reply.left);
    else if (outcome?._tag === "Failed") await endWithFailure(batch, key, outcome.reason, reply.right);
    else if (outcome?._tag === "Completed") {
      await complete(batch, key, outcome.page, sent.get(key) ?? new Uint8Array());
    }
    sent.delete(key);
    ledger.release(key);
    gate.leave();
  };
  let isBroken = false;
  try {
    const replies = job.run(pull(), {
      concurrency,
      deadline: deadline ?? undefined,
      // Without a poll, a watch ends with the id of its task.
      schedule: detach ? () => none : undefined,
      signal: stop.signal,
      journal: ledger,
      resubmit,
    });
    await lastValueFrom(replies(service).pipe(mergeMap(handle)), { defaultValue: undefined });
  } catch (error) {
    isBroken = true;
    await terminal.insist(`${messageOf(error)}.`);
    for (const [key, { id }] of ledger.tasks()) await terminal.insist(`${key}: Task ${id} continues.`);
  }
  stop.close();
  display.close();
  await ids.remember([]);
  // The tasks of an emulator have ended with it.
  if (journal !== null && command.resume && !command.emulate && !isBroken && stop.reason() === null) {
    await nameOthers(journal, keys, job, terminal);
  }
  const counts = tally.counts(), failed = countFailures(counts);
  if (!command.quiet && !(images.isSingle && out === null)) {
    const lines = summarize(counts, out, performance.now() - startedAt, stop.reason() !== null);
    const { bold } = terminal.colors.err;
    for (const [i, line] of lines.entries()) await terminal.say(line, i === 0 ? bold : undefined);
  }
  if (stop.reason() === "user") return STOPPED;
  if (failed === 0 && !isBroken && stop.reason() === null) return 0;
  const isNothingSent = failed > 0 && failed === counts.endings.get("unreadable") &&
    counts.completed + counts.submitted === 0;
  return isNothingSent ? NOTHING_SENT : FAILED;
}

/** Names the tasks of the journal whose images were not found. */
async function nameOthers(
  journal: JournalFile,
  keys: ReadonlySet<string>,
  job: Pick<Job<never>, "isWatchable">,
  terminal: Terminal,
): Promise<void> {
  let others = 0;
  for await (const [key, { id }] of otherTasks(journal, keys)) {
    // A folder of which only a few images are continued may have thousands.
    if (++others <= MAX_OTHERS) {
      await terminal.insist(
        `${key}: This image was not found again. It was submitted as task ${id}.${toWatch(job, id)}`,
      );
    }
  }
  if (others > MAX_OTHERS) await terminal.insist(`… and ${others - MAX_OTHERS} more.`);
}

/** Opens a folder of the output, in which no other process writes files: the journal is locked. */
async function openAlone(folder: string): Promise<void> {
  await checkFolder(folder);
  await sweep(folder);
}

/** Says how to get the result of a task that the batch does not wait for. */
function toWatch({ isWatchable }: Pick<Job<never>, "isWatchable">, id: string): string {
  return isWatchable ? ` To get its result: ocr-regions watch ${id}` : "";
}

/** Makes sure that the id of a task is not lost. */
async function announce<A>(
  { emulate, detach, quiet, out }: BatchCommand,
  { isWatchable }: Job<A>,
  key: string,
  { id }: PollState,
  isKept: boolean,
  { remember }: LastIds,
  io: Io,
  terminal: Terminal,
): Promise<void> {
  // The tasks of an emulator end with the program.
  if (emulate) return;
  const remembered = remember([id]);
  if (isKept || detach) return;
  const isQuiet = quiet && out === null && stateFolder(io) !== null;
  if (isQuiet && E.isRight(await remembered)) return;
  const advice = isWatchable
    ? `If this is interrupted, resume with: ocr-regions watch ${id}`
    : "To be able to continue after a crash, add --out DIR.";
  await terminal.insist(`${key}: Submitted as task ${id}. ${advice}`);
}

/** A single image is worth a line for each of its statuses. */
function isVerbose({ quiet, verbose }: BatchCommand, isSingle: boolean): boolean {
  return !quiet && (verbose || isSingle);
}
