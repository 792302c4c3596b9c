/**
 * What is done when an image of a batch has ended, however it has.
 *
 * @module
 */
import * as E from "../../internal/either.ts";
import { cancelTask } from "../../client/operations.ts";
import type { Service } from "../../client/service.ts";
import { describeError } from "../../model/describe.ts";
import type { RegionsError } from "../../model/error.ts";
import type { PollState } from "../../model/poll_state.ts";
import { svgWarnings } from "../../page/svg.ts";
import type { BatchCommand, Output } from "../command.ts";
import type { Terminal } from "../terminal.ts";
import type { Display } from "./display.ts";
import type { FailureFile } from "./failures.ts";
import type { Job } from "./job.ts";
import type { Ledger } from "./ledger.ts";
import type { Outputs } from "./outputs.ts";
import type { Page } from "./page.ts";
import type { Printer } from "./printer.ts";
import type { Stop } from "./stop.ts";
import type { Ending, Tally } from "./tally.ts";

/** A batch that is running. */
export interface Batch<A> {
  readonly command: BatchCommand;
  readonly job: Job<A>;
  readonly service: Service;
  readonly ledger: Ledger;
  /** The files of the output and of the failures; null if the output goes to standard output. */
  readonly files: { readonly outputs: Outputs; readonly failures: FailureFile } | null;
  readonly printer: Printer;
  readonly display: Display;
  readonly tally: Tally;
  readonly stop: Stop;
  readonly terminal: Terminal;
  /** The warnings that have been shown. */
  readonly warnings: Set<string>;
}

/** Writes or prints the page of an image that was completed. */
export async function complete<A>(batch: Batch<A>, key: string, page: Page, image: Uint8Array): Promise<void> {
  const { files, printer, command, terminal } = batch;
  if (!command.quiet) {
    for (const notice of page.notices) await terminal.say(`${key}: Notice from the service: ${notice}`);
    for (const warning of warningsFor(command, page, image)) {
      // Most images of a batch have the same format.
      if (!batch.warnings.has(warning)) await terminal.say(`${key}: ${warning}`, terminal.colors.err.yellow);
      batch.warnings.add(warning);
    }
  }
  const id = batch.ledger.taskOf(key)?.id ?? null;
  if (files !== null) {
    const written = await files.outputs.write(key, page, image);
    if (E.isLeft(written)) return await failToWrite(batch, key, written.left, id);
  } else {
    const printed = await printer.page(key, page, image);
    if (E.isLeft(printed)) {
      const fault = `The result could not be written to standard output: ${printed.left}.`;
      return await failToWrite(batch, key, fault, id);
    }
  }
  batch.tally.complete();
  batch.display.complete(key, page.summary);
}

/** Warns of programs that may not show the image in an SVG. */
export function warningsFor({ formats, link }: Output, page: Page, image: Uint8Array): readonly string[] {
  return formats.includes("svg") && (page.image !== null || !link) ? svgWarnings(page.image ?? image) : [];
}

/** Reports a result that is not where it should be, and stops the batch: the next ones would fare no better. */
async function failToWrite<A>(batch: Batch<A>, key: string, fault: string, id: string | null): Promise<void> {
  batch.stop.because("fault");
  await fail(batch, key, "unwritten", fault + again(batch, id), id);
}

/** Reports an image whose task the service has ended without a result. */
export async function endWithFailure<A>(batch: Batch<A>, key: string, reason: string, value: A): Promise<void> {
  await printFailure(batch, key, value);
  await fail(batch, key, "failed", reason, batch.ledger.taskOf(key)?.id ?? null);
}

/** Reports an image whose status could not be determined, or whose task is left alone or canceled. */
export async function endWithError<A>(batch: Batch<A>, key: string, error: RegionsError): Promise<void> {
  const { command, stop, display, tally, printer } = batch;
  if (error._tag === "GaveUp" && error.state !== null) {
    const { state, reason } = error, { id } = state;
    if (command.detach && reason === "schedule") {
      const printed = await printer.id(key, id);
      if (E.isLeft(printed)) {
        stop.because("fault");
        return await fail(
          batch,
          key,
          "unfinished",
          `Its task is ${id}, which could not be printed: ${printed.left}.`,
          id,
        );
      }
      tally.submit();
      return display.complete(key, `submitted as task ${id}`);
    }
    if (reason === "aborted" && stop.reason() === "user" && !command.keep) return await cancel(batch, key, state);
    await printFailure(batch, key, error);
    const why = reason === "aborted" ? "continues" : "did not end before the deadline, and continues";
    return await fail(batch, key, "unfinished", `Task ${id} ${why}.${again(batch, id)}`, id);
  }
  // Nothing was sent, and nothing is known of it.
  if (error._tag === "GaveUp" && error.reason === "aborted") return display.drop(key);
  if (concernsAll(error)) stop.because("fault");
  await printFailure(batch, key, error);
  const id = batch.ledger.taskOf(key)?.id ?? null;
  const reason = error._tag === "Unreadable" ? `The image was not sent: ${error.cause}.` : describeError(error);
  await fail(batch, key, endingOf(error), reason + again(batch, id), id);
}

/** Whether no other image would fare better: the service cannot be reached, or rejects the credentials. */
function concernsAll(error: RegionsError): boolean {
  return error._tag === "Unauthorized" || error._tag === "PermissionDenied" ||
    error._tag === "Network" && error.neverSent;
}

function endingOf(error: RegionsError): Ending {
  switch (error._tag) {
    case "Unconfirmed":
      return "unconfirmed";
    case "Unreadable":
      return "unreadable";
    case "TooLarge":
      return error.what === "image" ? "unreadable" : "interrupted";
    default:
      return "interrupted";
  }
}

/** The time limit for the cancellation of a task, in milliseconds. */
const CANCEL_LIMIT = 5000;

async function cancel<A>(batch: Batch<A>, key: string, { id, kind: name }: PollState): Promise<void> {
  const kind = batch.job.kinds.find((kind) => kind.name === name);
  // Somebody is waiting for the program to end.
  const canceled = await cancelTask(id, kind)(batch.service, { endsAt: performance.now() + CANCEL_LIMIT })();
  if (E.isRight(canceled)) {
    await batch.ledger.forget(key);
    return await fail(batch, key, "canceled", `Canceled task ${id}.`, id);
  }
  const fault = `Task ${id} was not canceled and continues. ${describeError(canceled.left)}`;
  await fail(batch, key, "unfinished", fault + again(batch, id), id);
}

async function fail<A>(batch: Batch<A>, key: string, ending: Ending, reason: string, id: string | null): Promise<void> {
  const failure = { key, ending, reason, id };
  batch.tally.fail(failure);
  batch.display.fail(key, reason);
  await batch.files?.failures.add(failure);
}

async function printFailure<A>({ printer, stop, files }: Batch<A>, key: string, value: unknown): Promise<void> {
  if (files === null && E.isLeft(await printer.failure(key, value))) stop.because("fault");
}

/** Says how to get the result of a task without sending its image again, unless the journal knows it. */
function again<A>({ ledger, command, job }: Batch<A>, id: string | null): string {
  if (ledger.isKept() || command.emulate || id === null || !job.isWatchable) return "";
  return ` To get the result without sending the image again: ocr-regions watch ${id}`;
}
