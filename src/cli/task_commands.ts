/**
 * The commands `detect`, `watch` and `cancel`. Whatever fails, the id and the result of a paid task are never lost.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { lastValueFrom, type Observable, tap } from "rxjs";
import { cancelTask, fetchRegions } from "../client/operations.ts";
import { describeError } from "../model/describe.ts";
import type { Service } from "../client/service.ts";
import type { Region } from "../model/region.ts";
import { inReadingOrder } from "../page/reading_order.ts";
import { svgWarnings } from "../page/svg.ts";
import { describe } from "../model/describe.ts";
import { type Reply, valueOf } from "../model/reply.ts";
import { isFinal } from "../model/task_status.ts";
import { detectRegions, watchRegions } from "../stream/watch.ts";
import { type Cancel, type Detect, resumeCommand, type Watch } from "./single_command.ts";
import { connectFrom } from "./connection.ts";
import { draw, type Drawing, prepareDrawing } from "./drawing.ts";
import { readImage } from "./files.ts";
import type { Io } from "./io.ts";
import { openService } from "./open_service.ts";
import { missingFor, writePage } from "./page_file.ts";
import { type Progress, showProgress } from "./progress.ts";
import { toJson, toTable } from "./result.ts";
import { FAILED, refuse, STOPPED } from "./status.ts";
import type { Terminal } from "./terminal.ts";

/** How to present a result. */
interface Wanted {
  readonly json: boolean;
  /** How to write the regions as a file instead; null if that is not wanted. */
  readonly toFile: ((regions: readonly Region[]) => string) | null;
  readonly drawing: Drawing | null;
  /** The command that gets the result again; null for an emulator inside this process, which ends with it. */
  readonly resume: string | null;
}

/** Submits an image and shows its regions. Resolves to the exit status. */
export async function runDetect(command: Detect, io: Io, terminal: Terminal): Promise<number> {
  const image = await readImage(command.image);
  if (E.isLeft(image)) return refuse(terminal, image.left);
  const { format } = command;
  const fault = format === null ? null : missingFor(format, command.image, image.right);
  if (fault !== null) return refuse(terminal, fault);
  const drawing = await prepareDrawing(command.svg, command.image, image.right);
  if (E.isLeft(drawing)) return refuse(terminal, drawing.left);
  const progress = showProgress(terminal, "Sending");
  const opened = await openService(
    { emulate: command.emulated, concurrency: 1, rate: null },
    io,
    terminal,
    progress.retry,
  );
  try {
    if (E.isLeft(opened)) return await refuse(terminal, opened.left);
    const { service } = opened.right;
    let id: string | null = null;
    const onSubmit = (submitted: string): void => {
      id = submitted;
      progress.activity("Waiting");
      if (command.emulated) return;
      terminal.insist(`Submitted as task ${id}. If this is interrupted, resume with: ${resumeCommand(id, command)}`);
    };
    const statuses = detectRegions(image.right, { dsrMode: command.mode }, { signal: io.signal, onSubmit });
    const reply = await lastReply(statuses(service), progress);
    const resume = id === null || command.emulated ? null : resumeCommand(id, command);
    if (io.signal.aborted && E.isLeft(reply)) {
      if (id === null) await terminal.insist(describe(reply));
      else await cancelStopped(id, resume, service, terminal);
      return STOPPED;
    }
    const toFile = format &&
      ((regions: readonly Region[]) =>
        writePage(format, inReadingOrder(regions).map((region) => ({ region })), image.right, command.image));
    return await conclude(reply, { json: command.json, toFile, drawing: drawing.right, resume }, terminal);
  } finally {
    progress.end();
    if (E.isRight(opened)) await opened.right.close();
  }
}

/** Waits for an earlier task and shows its regions. Resolves to the exit status. */
export async function runWatch(command: Watch, io: Io, terminal: Terminal): Promise<number> {
  const { id, json } = command;
  const image = command.image === null ? E.right(undefined) : await readImage(command.image);
  if (E.isLeft(image)) return refuse(terminal, image.left);
  const drawing = await prepareDrawing(command.svg, command.image, image.right);
  if (E.isLeft(drawing)) return refuse(terminal, drawing.left);
  const progress = showProgress(terminal, "Waiting");
  try {
    const service = await connectFrom(io, terminal, progress.retry);
    if (E.isLeft(service)) return refuse(terminal, service.left);
    const reply = await lastReply(watchRegions(id, { signal: io.signal })(service.right), progress);
    if (io.signal.aborted && E.isLeft(reply)) {
      await terminal.say(`Stopped watching. The task continues. To cancel it: ocr-regions cancel ${id}`);
      return STOPPED;
    }
    const resume = resumeCommand(id, command);
    return await conclude(reply, { json, toFile: null, drawing: drawing.right, resume }, terminal);
  } finally {
    progress.end();
  }
}

/** Cancels a task, and reports whether there was one as far as the service tells. Resolves to the exit status. */
export async function runCancel({ id }: Cancel, io: Io, terminal: Terminal): Promise<number> {
  const progress = showProgress(terminal, "Canceling");
  try {
    const connected = await connectFrom(io, terminal, progress.retry);
    if (E.isLeft(connected)) return refuse(terminal, connected.left);
    const service = connected.right, { signal } = io;
    // The service accepts the cancellation of any id, so only the status before it tells whether there was a task. The
    // cancellation is sent even if there was none: the service may not know a task yet that was sent a moment ago.
    const before = await fetchRegions(id)(service, { signal })();
    const canceled = await cancelTask(id)(service, { signal })();
    progress.end();
    if (E.isLeft(canceled)) {
      await terminal.say(`Task ${id} was not canceled. ${describeError(canceled.left)}`);
      return signal.aborted ? STOPPED : FAILED;
    }
    if (E.isRight(before) && before.right._tag === "NotExist") {
      await terminal.say(
        `The service does not know task ${id}, so nothing was canceled. Check the id; a task is kept for 24 hours.`,
      );
      return FAILED;
    }
    const wasFinal = E.isRight(before) && isFinal(before.right) ? `, which was ${before.right._tag} already` : "";
    await terminal.say(`Canceled task ${id}${wasFinal}.`);
    return 0;
  } finally {
    progress.end();
  }
}

async function lastReply(statuses: Observable<Reply>, progress: Progress): Promise<Reply> {
  try {
    return await lastValueFrom(statuses.pipe(tap((reply) => E.isRight(reply) && progress.status(reply.right._tag))));
  } finally {
    progress.end();
  }
}

async function cancelStopped(id: string, resume: string | null, service: Service, terminal: Terminal): Promise<void> {
  const canceled = await cancelTask(id)(service)();
  if (E.isRight(canceled)) await terminal.say(`Canceled task ${id}.`);
  else {
    const fault = `Task ${id} was not canceled and continues. ${describeError(canceled.left)}`;
    await terminal.insist(resume === null ? fault : `${fault} To resume: ${resume}`);
  }
}

/** Writes the result, as much of it as possible, and says how to get the rest. Resolves to the exit status. */
async function conclude(
  reply: Reply,
  { json, toFile, drawing, resume }: Wanted,
  terminal: Terminal,
): Promise<number> {
  const value = valueOf(reply);
  const faults: string[] = [];
  if (E.isRight(reply)) await terminal.say(describe(reply));
  else faults.push(describe(reply));
  const regions = value._tag === "Completed" ? value.regions : [];
  const printed = toFile !== null && value._tag === "Completed"
    ? await terminal.printFile(toFile(regions))
    : await terminal.print(json ? toJson(value) : toTable(regions));
  if (E.isLeft(printed)) faults.push(`The result could not be written to standard output: ${printed.left}.`);
  if (value._tag === "Completed" && drawing !== null) {
    const drawn = await draw(drawing, value.regions);
    if (E.isLeft(drawn)) faults.push(`The drawing ${drawing.file} could not be written: ${drawn.left}.`);
    else if (drawing.image !== undefined) { for (const text of svgWarnings(drawing.image)) await terminal.say(text); }
  }
  if (faults.length > 0 && resume !== null) {
    faults.push(`${E.isLeft(reply) ? "To resume" : "To get it again without sending the image"}: ${resume}`);
  }
  if (faults.length > 0) await terminal.insist(faults.join(" "));
  return value._tag === "Completed" && faults.length === 0 ? 0 : FAILED;
}
