/**
 * The matrix of faults and their expected outcomes: each fault occurs at each call, once, three times and always, on a
 * new connection and on a reused one. The expectations follow from rules, which are stated once per kind of fault. Run
 * as a program, this module prints the table in docs/errors-and-faults.md.
 *
 * @module
 */
import type { Call } from "../../src/model/error.ts";
import { type FaultName, FAULTS } from "./faults.ts";

/** How a call handles a fault. */
export type Kind =
  /** A transient failure: retried. */
  | "transient"
  /** Retried after the time in `Retry-After`. */
  | "delayed"
  /** Retried after the time in `Retry-After` by watches only, since it exceeds the `maxDelay` of a single call. */
  | "postponed"
  /** An invalid response: retried once. */
  | "unintelligible"
  /** A response that is too large, or a decision of the service: not retried. */
  | "final"
  /** The credentials are rejected: not retried, and remembered for all callers. */
  | "refused"
  /** The token is rejected: replaced once. */
  | "renewed"
  /** The image was sent and the outcome is unknown: not retried. */
  | "unconfirmed"
  /** Handled like the correct response. */
  | "accepted"
  /** Handled like any other status. */
  | "status"
  /** An error status that means that the task is unknown: final, unless the task has just been submitted. */
  | "unknown"
  /** The status `NotExist`: final, unless the task has just been submitted. */
  | "absent";

/**
 * A call, which is attempted up to `retry.maxAttempts` times, or a watch with a deadline, by what is known of the
 * task's age.
 */
export type Way = "call" | "watch" | "watch of a new task" | "watch of an old task";

/** Whether the faulty request is the first on its connection (`fresh`) or not (`warm`). */
export type Connection = "fresh" | "warm";

/**
 * The expected outcome of a call, the number of faulty requests before it (null for as many as time allows), and
 * whether `onRetry` is called. `survives` is the outcome without the fault. `%` stands for the fault's own error.
 */
type Rule = readonly [outcome: string, faulty: number | null, retried: boolean];

/** The expectations for a fault that occurs once, three times, and always. */
type Rules = readonly [Rule, Rule, Rule];

export const TIMES = [1, 3, Infinity] as const;

const NOT_RETRIED: Rules = [["%", 1, false], ["%", 1, false], ["%", 1, false]];
const RETRIED_ONCE: Rules = [["survives", 1, true], ["%", 2, true], ["%", 2, true]];
const THREE_TRIES: Rules = [["survives", 1, true], ["%", 3, true], ["%", 3, true]];
const ANOTHER_TOKEN: Rules = [["survives", 1, false], ["Unauthorized", 2, false], ["Unauthorized", 2, false]];
const REMEMBERED: Rules = [["Unauthorized", 1, false], ["Unauthorized", 1, false], ["Unauthorized", 1, false]];
const NO_FAULT: Rules = [["survives", 1, false], ["survives", 1, false], ["survives", 1, false]];
const UNTIL_THE_DEADLINE: Rules = [
  ["survives", 1, true],
  ["survives", 3, true],
  ["GaveUp deadline after a failure", null, true],
];
const NEVER_SENT_AGAIN: Rules = [
  ["Unconfirmed(%)", 1, false],
  ["Unconfirmed(%)", 1, false],
  ["Unconfirmed(%)", 1, false],
];
/** In the last case, the requested delay exceeds the time left until the deadline. */
const AFTER_THE_WAIT: Rules = [["survives", 1, true], ["survives", 3, true], ["%", null, true]];
const ONE_STATUS: Rules = [["Pending", 1, false], ["Pending", 1, false], ["Pending", 1, false]];
const NO_TASK: Rules = [["NotExist", 1, false], ["NotExist", 1, false], ["NotExist", 1, false]];
/** `onRetry` is not called, since there is no error to report. */
const NOT_KNOWN_YET: Rules = [
  ["survives", 1, false],
  ["survives", 3, false],
  ["GaveUp deadline after a failure", null, false],
];
const SOME_STATUSES: Rules = [["survives", 1, false], ["survives", 3, false], ["GaveUp deadline", null, false]];

/** The same expectations for every age of the task. */
function always(call: Rules, watch: Rules = call): { readonly [W in Way]: Rules } {
  return { call, watch, "watch of a new task": watch, "watch of an old task": watch };
}

/** The rules. Submitting an image and fetching its token are single calls even in a stream. */
const RULES: { readonly [K in Kind]: { readonly [W in Way]: Rules } } = {
  transient: always(THREE_TRIES, UNTIL_THE_DEADLINE),
  delayed: always(THREE_TRIES, AFTER_THE_WAIT),
  postponed: always(NOT_RETRIED, AFTER_THE_WAIT),
  unintelligible: always(RETRIED_ONCE),
  final: always(NOT_RETRIED),
  refused: always(REMEMBERED),
  renewed: always(ANOTHER_TOKEN),
  unconfirmed: always(NEVER_SENT_AGAIN),
  accepted: always(NO_FAULT),
  status: always(ONE_STATUS, SOME_STATUSES),
  unknown: { ...always(NOT_RETRIED), "watch of a new task": UNTIL_THE_DEADLINE },
  absent: { ...always(NO_TASK), "watch of a new task": NOT_KNOWN_YET },
};

/** Options of a row in addition to those of all cases. */
interface RowOptions {
  /** `retry.maxDelay` in milliseconds. */
  readonly maxDelay?: number;
  /** In bytes per second. */
  readonly minUploadRate?: number;
}

type Row = readonly [FaultName, evidence: string, token: Kind, submit: Kind, fetch: Kind, cancel: Kind, RowOptions?];

const PATIENT: RowOptions = { maxDelay: 1700 };

/** Allows two seconds for uploading the smallest image. */
const SLOW: RowOptions = { minUploadRate: 50 };

const WAIT = "Http 429 with a wait";

/** The faults, by what they say about the request. */
// deno-fmt-ignore
const SECTIONS: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ["The request was not accepted", [
    //                                                     token             submit         fetch             cancel
    ["connection refused",              "Network",         "transient",      "transient",   "transient",      "transient"],
    ["host name not resolved",          "Network",         "transient",      "transient",   "transient",      "transient"],
    ["TLS handshake refused",           "Network",         "transient",      "transient",   "transient",      "transient"],
    ["TLS certificate not trusted",     "Network",         "transient",      "transient",   "transient",      "transient"],
    ["408",                             "Http 408",        "transient",      "transient",   "transient",      "transient"],
    ["425",                             "Http 425",        "transient",      "transient",   "transient",      "transient"],
    ["429",                             "Http 429",        "transient",      "transient",   "transient",      "transient"],
    ["429, `Retry-After: -5`",          "Http 429",        "transient",      "transient",   "transient",      "transient"],
    ["503",                             "Http 503",        "transient",      "transient",   "transient",      "transient"],
    ["503, HTML page, `Retry-After: 0`",   "Http 503",        "transient",      "transient",   "transient",      "transient"],
    ["429, `Retry-After: 1`",           WAIT,              "delayed",        "delayed",     "delayed",        "delayed", PATIENT],
    ["429, `Retry-After: 1`",           WAIT,              "postponed",      "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After` as a date",    WAIT,              "postponed",      "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After` as a date, clock an hour fast", WAIT, "postponed",  "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After` as a date, clock an hour slow", WAIT, "postponed",  "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After: 1e12`",        WAIT,              "final",          "final",       "final",          "final"],
  ]],
  ["The request may have been accepted", [
    ["reset before the headers",        "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["reset within the headers",        "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["reset after the headers",         "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["closed before the body was read", "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["closed after the request was read", "Network",       "transient",      "unconfirmed", "transient",      "transient"],
    ["truncated body",                  "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["`Content-Length` too long",       "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    // Runtimes do not distinguish this from a connection that breaks within the body.
    ["invalid gzip",                "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["no response",                         "Timeout",         "transient",      "unconfirmed", "transient",      "transient"],
    ["no body after the headers",       "Timeout",         "transient",      "unconfirmed", "transient",      "transient"],
    ["one byte per second",               "Timeout",         "transient",      "unconfirmed", "transient",      "transient"],
    ["slow upload",                     "Timeout",         "transient",      "accepted",    "transient",      "transient", SLOW],
    ["500",                             "Http 500",        "transient",      "unconfirmed", "transient",      "transient"],
    ["500, `Retry-After: 0`",           "Http 500",        "transient",      "unconfirmed", "transient",      "transient"],
    ["502",                             "Http 502",        "transient",      "unconfirmed", "transient",      "transient"],
    ["504",                             "Http 504",        "transient",      "unconfirmed", "transient",      "transient"],
    ["408, HTML page",                     "Http 408",        "transient",      "unconfirmed", "transient",      "transient"],
    ["425, HTML page",                     "Http 425",        "transient",      "unconfirmed", "transient",      "transient"],
    ["429, HTML page",                     "Http 429",        "transient",      "unconfirmed", "transient",      "transient"],
    ["503, HTML page",                     "Http 503",        "transient",      "unconfirmed", "transient",      "transient"],
    ["503, Envoy's error text",               "Http 503",        "transient",      "unconfirmed", "transient",      "transient"],
    ["503, problem with another status", "Http 503",     "transient",      "unconfirmed", "transient",      "transient"],
  ]],
  ["The response is invalid", [
    ["200, HTML page",                     "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["200, `{}`",                       "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["id of another task",                    "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["unknown status",               "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["JSON nested 100,000 levels deep",               "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    // The correct response to a cancellation is empty.
    ["200, empty",                      "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "accepted"],
    ["204",                             "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "accepted"],
    ["`Content-Length` too short",      "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "accepted"],
    ["30 MB",                           "TooLarge",        "final",          "unconfirmed", "final",          "final"],
    ["30 MB in 30 KB of gzip",          "TooLarge",        "final",          "unconfirmed", "final",          "final"],
    ["100 MB of Base64",                "TooLarge",        "final",          "unconfirmed", "final",          "final"],
  ]],
  ["The service returned a status or an error", [
    // A task may be started twice.
    ["`Pending` after `Processing`",               "Malformed",       "unintelligible", "unconfirmed", "status",         "unintelligible"],
    ["`Pending`, `Cache-Control: max-age=60`", "Malformed", "unintelligible", "unconfirmed", "status",        "unintelligible"],
    ["`NotExist`",                      "Malformed",       "unintelligible", "unconfirmed", "absent",         "unintelligible"],
    ["301 to another origin",           "Http 301",        "final",          "final",       "final",          "final"],
    ["400",                             "Http 400",        "final",          "final",       "final",          "final"],
    ["403",                             "Http 403",        "final",          "final",       "final",          "final"],
    ["404",                             "Http 404",        "final",          "final",       "unknown",        "final"],
    ["401",                             "Http 401",        "final",          "renewed",     "renewed",        "renewed"],
    ["400, HTML page",                     "Http 400",        "final",          "final",       "final",          "final"],
    ["403, HTML page",                     "Http 403",        "final",          "final",       "final",          "final"],
    ["401, HTML page",                     "Http 401",        "final",          "renewed",     "renewed",        "renewed"],
    ["400, `invalid_client`",           "Http 400",        "refused",        "final",       "final",          "final"],
    ["403, `invalid_client`",           "Http 403",        "refused",        "final",       "final",          "final"],
    ["401, `invalid_client`",           "Http 401",        "refused",        "renewed",     "renewed",        "renewed"],
  ]],
];

/** A case of the matrix. */
export interface Case {
  readonly fault: FaultName;
  readonly call: Call;
  readonly way: Way;
  readonly connection: Connection;
  /** How often the fault occurs. */
  readonly times: number;
  /** Whether the request reaches the service in spite of the fault. */
  readonly taken: boolean;
  readonly kind: Kind;
  readonly options: RowOptions;
  readonly expected: Expected;
}

/** The expectations of a case. */
export interface Expected {
  readonly outcome: string;
  /** The number of faulty requests, or null for two or more. */
  readonly faulty: number | null;
  readonly retried: boolean;
}

/** The whole matrix. */
export const CASES: readonly Case[] = SECTIONS.flatMap(([, rows]) => rows).flatMap(casesOf);

export const FAULTS_TESTED: readonly FaultName[] = [...new Set(CASES.map(({ fault }) => fault))];

export function titleOf({ fault, call, way, connection, times, taken, kind }: Case): string {
  const often = times === 1 ? "once" : times === 3 ? "three times" : "always";
  const where = call === "submit" ? taken ? "submit, taken" : "submit, not taken" : `${call}, in a ${way}`;
  return `${fault} at ${where}, ${often}, ${connection}: ${kind}`;
}

function casesOf([fault, evidence, token, submit, fetch, cancel, options = {}]: Row): readonly Case[] {
  const kinds: { readonly [C in Call]: Kind } = { token, submit, fetch, cancel };
  const cases: Case[] = [];
  for (const call of ["token", "submit", "fetch", "cancel"] as const) {
    const kind = kinds[call];
    for (const way of waysOf(call, kind)) {
      for (const connection of connectionsTo(fault)) {
        for (const [column, times] of TIMES.entries()) {
          const [outcome, faulty, retried] = RULES[kind][way][column];
          const expected = { outcome: outcome.replace("%", evidence), faulty, retried };
          for (const taken of outcomesOf(fault, call, kind)) {
            cases.push({ fault, call, way, connection, times, taken, kind, options, expected });
          }
        }
      }
    }
  }
  return cases;
}

function waysOf(call: Call, kind: Kind): readonly Way[] {
  if (call === "submit" || call === "cancel") return ["call"];
  const aged = ["watch of a new task", "watch of an old task"] as const;
  return kind === "unknown" || kind === "absent" ? ["call", "watch", ...aged] : ["call", "watch"];
}

/** A server that cannot be reached has no connections to reuse. */
function connectionsTo(fault: FaultName): readonly Connection[] {
  return FAULTS[fault]._tag === "Unreachable" ? ["fresh"] : ["fresh", "warm"];
}

/**
 * Returns whether the request reaches the service. If the outcome of a submission is unknown, the service may or may
 * not have accepted the image, and the library must do the same in both cases. A rejected image is not accepted. For
 * other requests, it makes no difference.
 */
function outcomesOf(fault: FaultName, call: Call, kind: Kind): readonly boolean[] {
  if (call !== "submit" || kind === "accepted") return [true];
  const arrives = FAULTS[fault]._tag !== "Unreachable" && fault !== "closed before the body was read";
  return kind === "unconfirmed" && arrives ? [false, true] : [false];
}

/** The contents of the table's cells. */
const WORDS: { readonly [K in Kind]: { readonly call: string; readonly watch: string } } = {
  transient: { call: "retried, then %", watch: "retried, then `GaveUp`" },
  delayed: { call: "retried after the delay, then %", watch: "retried after the delay" },
  postponed: { call: "%", watch: "retried after the delay" },
  unintelligible: { call: "retried once, then %", watch: "retried once, then %" },
  final: { call: "%", watch: "%" },
  refused: { call: "`Unauthorized`, remembered", watch: "`Unauthorized`, remembered" },
  renewed: { call: "a new token, then `Unauthorized`", watch: "a new token, then `Unauthorized`" },
  unconfirmed: { call: "`Unconfirmed`", watch: "`Unconfirmed`" },
  accepted: { call: "success", watch: "success" },
  status: { call: "emitted as a status", watch: "emitted as a status" },
  unknown: { call: "%", watch: "%; retried for a new task" },
  absent: { call: "`NotExist`", watch: "`NotExist`; retried for a new task" },
};

/** Returns the table in docs/errors-and-faults.md. Faults with the same effects share a row. */
export function markdownTable(): string {
  const header = ["Fault", "Token request", "Submit", "Poll", "Cancel"];
  const lines = SECTIONS.flatMap(([title, rows]) => {
    const groups = new Map<string, string[]>();
    for (const [fault, evidence, token, submit, fetch, cancel, options] of rows) {
      const error = `\`${evidence.replace(/ .*/, "")}\``;
      const cells = [WORDS[token].call, WORDS[submit].call, WORDS[fetch].watch, WORDS[cancel].call];
      const key = cells.map((words) => words.replace("%", error)).join(" | ");
      const name = options?.maxDelay === undefined ? fault : `${fault}, within \`maxDelay\``;
      groups.set(key, [...groups.get(key) ?? [], name]);
    }
    return [
      [`**${title}**`, "", "", "", ""],
      ...[...groups].map(([key, names]) => [names.join("; "), ...key.split(" | ")]),
    ];
  });
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const print = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [print(header), print(widths.map((width) => "-".repeat(width))), ...lines.map(print)].join("\n");
}

if (import.meta.main) console.log(markdownTable());
