/**
 * Answers, and the reasons why there is none.
 *
 * @module
 */
import { quote } from "../../internal/text.ts";
import { readProblem } from "../../model/problem.ts";
import type { RecordedExchange } from "../../emulator/recording.ts";
import { count, listed } from "../words.ts";
import { callsOf, type Envelope, type Log, readEnvelope, responseOf, type StepName, taskOf } from "./log.ts";

/** A question about the service. It is answered from the log alone. */
export interface Question {
  /** A word for programs. */
  readonly name: string;
  readonly title: string;
  /** What was sent to find out. */
  readonly sent: string;
  readonly find: (log: Log) => Finding;
}

/** What was seen, and what follows from it. */
export interface Finding {
  readonly seen: string;
  readonly answer: Answer;
}

/** An answer, with what it means for the user's program; or the reason why there is none. */
export type Answer =
  | { readonly _tag: "Told"; readonly text: string; readonly meaning: string }
  | { readonly _tag: "CannotTell"; readonly reason: string };

const MAX_QUOTE = 120;

/** Creates a finding with an answer. */
export function told(seen: string, text: string, meaning: string): Finding {
  return { seen, answer: { _tag: "Told", text, meaning } };
}

/** Creates a finding without an answer. */
export function cannotTell(seen: string, reason: string): Finding {
  return { seen, answer: { _tag: "CannotTell", reason } };
}

/** Returns a text from the service for a sentence, in quotation marks. */
export function quoted(text: string): string {
  const short = quote(text.slice(0, MAX_QUOTE));
  return `"${short}${text.length > MAX_QUOTE ? "…" : ""}"`;
}

/** Returns a word of the service, such as a status, as it is, or in quotation marks if it is not a word. */
export function word(text: string | null): string {
  if (text === null) return "nothing";
  return /^\w{1,40}$/.test(text) ? text : quoted(text);
}

/** Joins parts of a sentence: `a, b and c`. */
export function joined(parts: readonly string[]): string {
  return listed(parts, "and");
}

/** Describes what came back from a call. */
export function describeOutcome(call: RecordedExchange): string {
  const response = responseOf(call);
  if (response === null) return call.outcome._tag === "Failure" ? `no response (${quote(call.outcome.cause)})` : "";
  const envelope = readEnvelope(call);
  const http = `HTTP ${response.status}`;
  if (envelope !== null) return `${http}, ${describeEnvelope(envelope)}`;
  const text = readProblem(response.body);
  return text === "" ? `${http} without a body` : `${http} with ${quoted(text)}`;
}

/** Describes a response about a task: `Completed with Ok`. */
export function describeEnvelope({ status, code }: Envelope): string {
  return `${word(status)} with ${word(code)}`;
}

/** Whether a run used the trial endpoint. */
export function isTrialRun(log: Log): boolean {
  return log.some(({ exchange }) => exchange.request.path.includes("Trial"));
}

/** Returns the first of the steps that were begun, or null. */
export function stepIn(log: Log, steps: readonly StepName[]): StepName | null {
  return steps.find((step) => callsOf(log, step).length > 0) ?? null;
}

/** Explains why a task has no result that answers a question. */
export function explainMissing(log: Log, steps: readonly StepName[]): Finding {
  const step = stepIn(log, steps);
  if (step === null) return cannotTell("Nothing.", explainUnsent(log, steps));
  const { submission, polls, final } = taskOf(log, step);
  if (submission !== null && polls.length === 0) {
    return cannotTell(`The submission got ${describeOutcome(submission)}.`, "The service did not return a task's id.");
  }
  if (polls.length === 0) return cannotTell("Nothing.", "The image was not sent.");
  const last = polls[polls.length - 1];
  const seen = `${count(polls.length, "poll")}${polls.length === 1 ? "" : ", the last one"}: ${describeOutcome(last)}.`;
  if (final === null) return cannotTell(seen, "The task did not end in time.");
  const [message] = final.messages;
  const why = message === undefined ? "" : ` The service says ${quoted(message)}.`;
  return cannotTell(
    seen,
    final.status === "Error" ? `The task failed.${why}` : "Its result is not of the expected form.",
  );
}

/** A question whose steps belong to the other plan was not asked. */
function explainUnsent(log: Log, steps: readonly StepName[]): string {
  const trialOnly = steps.every((step) => step === "text" || step.startsWith("hocr") || step === "json");
  if (log.length === 0 || !hasTasks(log)) return "No task was submitted.";
  if (isTrialRun(log) && !trialOnly) {
    return "The trial endpoint cannot answer it. Set OCR_CLIENT_ID and OCR_CLIENT_SECRET, and run the doctor again.";
  }
  if (!isTrialRun(log) && trialOnly) return "Only the trial endpoint is asked for it: run the doctor with --trial.";
  return "The run ended before this was sent.";
}

function hasTasks(log: Log): boolean {
  return log.some(({ exchange: { request } }) => request.method === "POST" && request.image !== null);
}
