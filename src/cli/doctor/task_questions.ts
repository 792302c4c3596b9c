/**
 * Questions about tasks: their ids, their statuses, and when they answer.
 *
 * @module
 */
import { readTaskId } from "../../client/operations.ts";
import { isGuid } from "../../model/task_kind.ts";
import type { RecordedExchange } from "../../emulator/recording.ts";
import {
  cannotTell,
  describeEnvelope,
  describeOutcome,
  explainMissing,
  type Finding,
  isTrialRun,
  joined,
  type Question,
  quoted,
  told,
  word,
} from "./answer.ts";
import { count } from "../words.ts";
import { callsOf, type Envelope, type Log, readEnvelope, responseOf, type StepName, taskOf } from "./log.ts";

/** Every step with a task. */
const TASKS: readonly StepName[] = [
  "plain",
  "skewed",
  "deskewed",
  "rotated",
  "upsampled",
  "polygon",
  "ordered",
  "text",
  "hocr",
  "json",
  "hocr-deskewed",
  "hocr-rotated",
];

/** The first step of each plan, whose task is asked further questions. */
const FIRST: readonly StepName[] = ["plain", "text"];

/** A shorter wait, in milliseconds, may be the time that any response takes. */
const LONG = 1000;

const MAX_PAIRS = 12;

export const TASK_QUESTIONS: readonly Question[] = [
  {
    name: "id",
    title: "What does a submission return?",
    sent: "An image, by POST.",
    find: findId,
  },
  {
    name: "first-get",
    title: "Does the first GET wait for the result?",
    sent: "A GET right after each submission, and, where a task had ended, the same GET again.",
    find: findFirstGet,
  },
  {
    name: "statuses",
    title: "Which responseStatusCode goes with which taskStatus?",
    sent: "Every GET of this run.",
    find: findStatuses,
  },
  {
    name: "unknown-id",
    title: "What is the status of an unknown id?",
    sent: "A GET with an id that no task has.",
    find: findUnknown,
  },
  {
    name: "get-task-status",
    title: "Does GetTaskStatus return the same as GET, without results?",
    sent: "A GET of Utilities/GetTaskStatus for a task that had ended.",
    find: findGetTaskStatus,
  },
  {
    name: "delete",
    title: "Does DELETE drop a finished result?",
    sent: "A DELETE of a task that had ended, then a GET.",
    find: findDelete,
  },
  {
    name: "billing",
    title: "Are polls billed?",
    sent: "Every call of this run.",
    find: findBilling,
  },
];

function findId(log: Log): Finding {
  const { submission } = taskOf(log, isTrialRun(log) ? "text" : "plain");
  const response = submission === null ? null : responseOf(submission);
  if (submission === null || response === null || response.status !== 200) return explainMissing(log, FIRST);
  const text = response.body.trim();
  const id = readTaskId(text);
  const type = response.contentType === null ? "without a Content-Type" : `as ${typeOf(response.contentType)}`;
  const seen = `${quoted(text)} ${type}, after ${submission.time} ms. The id is a stand-in for the real one.`;
  if (!/^[\da-z-]+$/i.test(id)) return cannotTell(seen, "This is not the id of a task.");
  return told(
    seen,
    `${isGuid(id) ? "A GUID" : "An id that is not a GUID"}, ${text === id ? "as bare text" : "as a JSON string"}.`,
    isGuid(id)
      ? "The library reads both bare text and a JSON string."
      : "The library expects a GUID, so its own kinds of tasks will not accept this id. Please report it.",
  );
}

/** The media type without its parameters. */
function typeOf(contentType: string): string {
  const type = contentType.split(";")[0].trim();
  return /^[\w.+-]{1,40}\/[\w.+-]{1,40}$/.test(type) ? type : quoted(type);
}

function findFirstGet(log: Log): Finding {
  const firsts = TASKS.flatMap((step) => {
    const [first] = taskOf(log, step).polls;
    const envelope = first === undefined ? null : readEnvelope(first);
    return first === undefined ? [] : [{ time: first.time, status: envelope?.status ?? null }];
  });
  if (firsts.length === 0) return explainMissing(log, TASKS);
  const times = firsts.map(({ time }) => time);
  const statuses = [...new Set(firsts.map(({ status }) => word(status)))];
  const again = taskOf(log, isTrialRun(log) ? "text" : "plain").later[0]?.time ?? null;
  const seen = `${joined(statuses.slice(0, 5))} in ${count(firsts.length, "first GET")}, after ${rangeOf(times)} ms` +
    (again === null ? "." : `; ${again} ms for a task that had ended.`);
  const early = firsts.filter(({ status }) => status === "Pending" || status === "Processing");
  if (firsts.some(({ status }) => status === "NotExist")) {
    return told(
      seen,
      "No. Right after the submission, the service may not know its own task yet.",
      "Do not take NotExist for an answer in the first seconds. The library asks again for ten seconds.",
    );
  }
  if (early.length > 0 && early.every(({ time }) => time >= LONG && time >= 3 * (again ?? 0))) {
    return told(
      seen,
      "It waits for a while, but not until the task has ended.",
      "Set requestTimeout well above this time. Polls that wait cost fewer calls than the schedule assumes.",
    );
  }
  if (early.length > 0) {
    return told(
      seen,
      "No. It returns the current status at once.",
      "A schedule decides when to ask. The default one learns from the durations of earlier tasks.",
    );
  }
  if (!firsts.every(({ status }) => status === "Completed" || status === "Error")) {
    return cannotTell(seen, "The first GETs did not return a status that the service documents.");
  }
  const longest = Math.max(...times);
  if (longest >= LONG && longest >= 3 * (again ?? 0)) {
    return told(
      seen,
      "Yes. It returns when the task has ended.",
      "A schedule that asks at once, such as fixed({ delay: 0 }), gets the result with one call. " +
        "Set requestTimeout well above the time of your largest images.",
    );
  }
  return cannotTell(seen, "Every task had ended by then, so there was nothing to wait for.");
}

function rangeOf(times: readonly number[]): string {
  const min = Math.min(...times), max = Math.max(...times);
  return min === max ? String(min) : `${min} to ${max}`;
}

function findStatuses(log: Log): Finding {
  const pairs = new Map<string, { readonly envelope: Envelope; times: number }>();
  for (const { exchange } of log) {
    const envelope = exchange.request.method === "GET" ? readEnvelope(exchange) : null;
    if (envelope === null) continue;
    const key = describeEnvelope(envelope);
    const pair = pairs.get(key) ?? { envelope, times: 0 };
    pair.times++;
    pairs.set(key, pair);
  }
  if (pairs.size === 0) return explainMissing(log, TASKS);
  const entries = [...pairs].slice(0, MAX_PAIRS);
  const seen = `${joined(entries.map(([key, { times }]) => `${key} (${times})`))}${
    pairs.size > MAX_PAIRS ? ` and ${pairs.size - MAX_PAIRS} others` : ""
  }.`;
  const whole = entries.filter(([, { envelope }]) => envelope.status !== null && envelope.code !== null);
  if (whole.length === 0) return cannotTell(seen, "No response had both.");
  const isLost = whole.some(([, { envelope: { status, code } }]) =>
    status === "Completed" && code !== "Ok" && code !== "NoAnyResultData"
  );
  return told(
    seen,
    `In this run, ${joined(whole.map(([key]) => key))}.`,
    isLost
      ? "The library takes Completed with another code than Ok or NoAnyResultData for a lost result (Malformed)."
      : "The library decides by taskStatus, and by the code only whether a Completed task may have no result.",
  );
}

function findUnknown(log: Log): Finding {
  const [call, utility] = callsOf(log, "unknown");
  if (call === undefined) return cannotTell("Nothing.", "The run ended before this was sent.");
  const seen = `${describeOutcome(call)}${
    utility === undefined ? "" : `; from GetTaskStatus: ${describeOutcome(utility)}`
  }.`;
  const response = responseOf(call), envelope = readEnvelope(call);
  if (response?.status === 404) {
    return told(
      seen,
      "HTTP 404.",
      "The library reports it as NotExist or Http once a task's first ten seconds are over.",
    );
  }
  if (envelope === null || envelope.status === null) {
    return cannotTell(seen, "This is not a response about a task.");
  }
  const [message] = envelope.messages;
  return told(
    seen,
    `${describeEnvelope(envelope)}, ${message === undefined ? "without a message" : `and ${quoted(message)}`}.`,
    envelope.status === "NotExist"
      ? "An expired or mistyped id ends a watch with NotExist."
      : "An expired or mistyped id is not reported as NotExist. Set a deadline, so that such a watch ends.",
  );
}

function findGetTaskStatus(log: Log): Finding {
  const { later, final } = taskOf(log, "plain");
  const call = later.find(({ request }) => request.path.includes("GetTaskStatus"));
  if (call === undefined || final === null) return explainMissing(log, ["plain"]);
  const envelope = readEnvelope(call);
  const results = envelope?.results?.length ?? 0;
  const seen = `${describeOutcome(call)}, ${count(results, "result")}; GET: ${describeEnvelope(final)}, ${
    count(final.results?.length ?? 0, "result")
  }.`;
  if (envelope === null) return cannotTell(seen, "GetTaskStatus did not return the status of a task.");
  const isSame = envelope.status === final.status && envelope.code === final.code;
  return told(
    seen,
    `${isSame ? "Yes, the same status and code" : "No, another status or code"}, with ${count(results, "result")}.`,
    isSame
      ? "Nothing. The library polls with GET, which needs no further call for the result."
      : "Do not decide by GetTaskStatus whether a result is there. The library polls with GET.",
  );
}

function findDelete(log: Log): Finding {
  const { later } = taskOf(log, isTrialRun(log) ? "text" : "plain");
  const index = later.findIndex(({ request }) => request.method === "DELETE");
  const after: RecordedExchange | undefined = later[index + 1];
  if (index < 0 || after === undefined) return explainMissing(log, FIRST);
  const seen = `DELETE: ${describeOutcome(later[index])}; GET: ${describeOutcome(after)}.`;
  const response = responseOf(later[index]), status = readEnvelope(after)?.status ?? null;
  if (response === null || response.status !== 200) return cannotTell(seen, "The DELETE did not succeed.");
  if (status === "NotExist" || responseOf(after)?.status === 404) {
    return told(seen, "Yes. The result is gone.", "Cancel a task to delete its image and its result at once.");
  }
  return status === "Completed"
    ? told(
      seen,
      "No. The result can still be fetched.",
      "A finished result stays for the 24 hours that the service documents, even if the task is canceled.",
    )
    : cannotTell(seen, "The GET after it did not return Completed or NotExist.");
}

/** Nothing in a response says what it costs. The numbers let the user find out. */
function findBilling(log: Log): Finding {
  const images = log.filter(({ exchange: { request } }) => request.image !== null).length;
  const polls = log.filter(({ exchange: { request } }) => request.method === "GET").length;
  const others = log.length - images - polls;
  return cannotTell(
    `${count(images, "image")}, ${count(polls, "GET")} and ${count(others, "other call")}.`,
    "No response says what it costs. Compare these numbers with the counter in your dashboard, before and after a run.",
  );
}
