/**
 * What happens when: each fault at each call, once, three times and always, on a fresh connection and on one that has
 * been used before, and what must come of it. The expectations follow from rules, stated once for each kind of fault.
 * Run as a program, it prints the table of docs/errors-and-faults.md.
 *
 * @module
 */
import type { Call } from "../../src/model/error.ts";
import { type FaultName, FAULTS } from "./faults.ts";

/** How a call takes a fault. */
export type Kind =
  /** A transient failure: retried. */
  | "transient"
  /** Retried when Retry-After allows it. */
  | "delayed"
  /** The same, but the wait is longer than the `maxDelay` of a single call. */
  | "postponed"
  /** Not understood: retried once. */
  | "unintelligible"
  /** Too much to read, or decided by the service: not retried. */
  | "final"
  /** The credentials are refused: not retried, and remembered for all callers. */
  | "refused"
  /** The token is refused: replaced once. */
  | "renewed"
  /** The image was sent and the outcome is unknown: not retried. */
  | "unconfirmed"
  /** As good as the true answer. */
  | "accepted"
  /** A status like any other. */
  | "status"
  /** A refusal that says that there is no such task: final, unless the task has just been submitted. */
  | "unknown"
  /** The status that says the same. */
  | "absent";

/** A call that is made up to `retry.maxAttempts` times, or a watch, which has a deadline: of a task of unknown age, or not. */
export type Way = "call" | "watch" | "watch of a new task" | "watch of an old task";

/** Whether the faulty request is the first on its connection. */
export type Connection = "fresh" | "warm";

/**
 * What a call comes to: how it ends, how many requests were answered wrongly until then (null for as many as there was
 * time for), and whether `onRetry` was called. `survives` is the end without the fault; `%` stands for the fault's own
 * evidence.
 */
type Rule = readonly [outcome: string, faulty: number | null, retried: boolean];

/** Once, three times, always. */
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
/** The last wait that is asked for is longer than what is left until the deadline. */
const AFTER_THE_WAIT: Rules = [["survives", 1, true], ["survives", 3, true], ["%", null, true]];
const ONE_STATUS: Rules = [["Pending", 1, false], ["Pending", 1, false], ["Pending", 1, false]];
const NO_TASK: Rules = [["NotExist", 1, false], ["NotExist", 1, false], ["NotExist", 1, false]];
/** No error, so there is none to report. */
const NOT_KNOWN_YET: Rules = [
  ["survives", 1, false],
  ["survives", 3, false],
  ["GaveUp deadline after a failure", null, false],
];
const SOME_STATUSES: Rules = [["survives", 1, false], ["survives", 3, false], ["GaveUp deadline", null, false]];

/** The same whatever is known of the task's age. */
function always(call: Rules, watch: Rules = call): { readonly [W in Way]: Rules } {
  return { call, watch, "watch of a new task": watch, "watch of an old task": watch };
}

/** The rules. Sending an image is a single call even in a stream; so is asking for its token. */
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

/** What a row needs besides the options of all cases. */
interface RowOptions {
  /** `retry.maxDelay` in milliseconds. */
  readonly maxDelay?: number;
  /** In bytes per second. */
  readonly minUploadRate?: number;
}

type Row = readonly [FaultName, evidence: string, token: Kind, submit: Kind, fetch: Kind, cancel: Kind, RowOptions?];

const PATIENT: RowOptions = { maxDelay: 1700 };

/** Two seconds for the upload of the smallest image. */
const SLOW: RowOptions = { minUploadRate: 50 };

const WAIT = "Http 429 with a wait";

/** The faults by what they are. */
// deno-fmt-ignore
const SECTIONS: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ["The request was not taken", [
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
    ["503, a page, `Retry-After: 0`",   "Http 503",        "transient",      "transient",   "transient",      "transient"],
    ["429, `Retry-After: 1`",           WAIT,              "delayed",        "delayed",     "delayed",        "delayed", PATIENT],
    ["429, `Retry-After: 1`",           WAIT,              "postponed",      "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After` as a date",    WAIT,              "postponed",      "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After` as a date, clock an hour fast", WAIT, "postponed",  "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After` as a date, clock an hour slow", WAIT, "postponed",  "postponed",   "postponed",      "postponed"],
    ["429, `Retry-After: 1e12`",        WAIT,              "final",          "final",       "final",          "final"],
  ]],
  ["The request may have been taken", [
    ["reset before the headers",        "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["reset inside the headers",        "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["reset after the headers",         "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["closed before the body was read", "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["closed after the request was read", "Network",       "transient",      "unconfirmed", "transient",      "transient"],
    ["body cut short",                  "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["`Content-Length` too long",       "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    // A runtime does not tell it from a connection that breaks in the middle of the body.
    ["gzip that is not",                "Network",         "transient",      "unconfirmed", "transient",      "transient"],
    ["silence",                         "Timeout",         "transient",      "unconfirmed", "transient",      "transient"],
    ["silence after the headers",       "Timeout",         "transient",      "unconfirmed", "transient",      "transient"],
    ["one byte a second",               "Timeout",         "transient",      "unconfirmed", "transient",      "transient"],
    ["slow upload",                     "Timeout",         "transient",      "accepted",    "transient",      "transient", SLOW],
    ["500",                             "Http 500",        "transient",      "unconfirmed", "transient",      "transient"],
    ["500, `Retry-After: 0`",           "Http 500",        "transient",      "unconfirmed", "transient",      "transient"],
    ["502",                             "Http 502",        "transient",      "unconfirmed", "transient",      "transient"],
    ["504",                             "Http 504",        "transient",      "unconfirmed", "transient",      "transient"],
    ["408, a page",                     "Http 408",        "transient",      "unconfirmed", "transient",      "transient"],
    ["425, a page",                     "Http 425",        "transient",      "unconfirmed", "transient",      "transient"],
    ["429, a page",                     "Http 429",        "transient",      "unconfirmed", "transient",      "transient"],
    ["503, a page",                     "Http 503",        "transient",      "unconfirmed", "transient",      "transient"],
    ["503, Envoy's text",               "Http 503",        "transient",      "unconfirmed", "transient",      "transient"],
    ["503, the problem of another status", "Http 503",     "transient",      "unconfirmed", "transient",      "transient"],
  ]],
  ["The answer is not understood", [
    ["200, a page",                     "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["200, `{}`",                       "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["the wrong id",                    "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["an unknown status",               "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    ["JSON 100,000 deep",               "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "unintelligible"],
    // The true answer to a cancellation is empty.
    ["200, empty",                      "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "accepted"],
    ["204",                             "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "accepted"],
    ["`Content-Length` too short",      "Malformed",       "unintelligible", "unconfirmed", "unintelligible", "accepted"],
    ["30 MB",                           "TooLarge",        "final",          "unconfirmed", "final",          "final"],
    ["30 MB in 30 KB of gzip",          "TooLarge",        "final",          "unconfirmed", "final",          "final"],
    ["100 MB of Base64",                "TooLarge",        "final",          "unconfirmed", "final",          "final"],
  ]],
  ["The service decided", [
    // A task may be started twice.
    ["back to `Pending`",               "Malformed",       "unintelligible", "unconfirmed", "status",         "unintelligible"],
    ["`Pending`, `Cache-Control: max-age=60`", "Malformed", "unintelligible", "unconfirmed", "status",        "unintelligible"],
    ["`NotExist`",                      "Malformed",       "unintelligible", "unconfirmed", "absent",         "unintelligible"],
    ["301 to another origin",           "Http 301",        "final",          "final",       "final",          "final"],
    ["400",                             "Http 400",        "final",          "final",       "final",          "final"],
    ["403",                             "Http 403",        "final",          "final",       "final",          "final"],
    ["404",                             "Http 404",        "final",          "final",       "unknown",        "final"],
    ["401",                             "Http 401",        "final",          "renewed",     "renewed",        "renewed"],
    ["400, a page",                     "Http 400",        "final",          "final",       "final",          "final"],
    ["403, a page",                     "Http 403",        "final",          "final",       "final",          "final"],
    ["401, a page",                     "Http 401",        "final",          "renewed",     "renewed",        "renewed"],
    ["400, `invalid_client`",           "Http 400",        "refused",        "final",       "final",          "final"],
    ["403, `invalid_client`",           "Http 403",        "refused",        "final",       "final",          "final"],
    ["401, `invalid_client`",           "Http 401",        "refused",        "renewed",     "renewed",        "renewed"],
  ]],
];

/** One case of the matrix. */
export interface Case {
  readonly fault: FaultName;
  readonly call: Call;
  readonly way: Way;
  readonly connection: Connection;
  /** How often the fault comes. */
  readonly times: number;
  /** Whether the service gets the request all the same. */
  readonly taken: boolean;
  readonly kind: Kind;
  readonly options: RowOptions;
  readonly expected: Expected;
}

/** What must come of a case. */
export interface Expected {
  readonly outcome: string;
  /** How many requests were answered wrongly; null for two and more. */
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

/** What cannot be reached has no connection that could have been used before. */
function connectionsTo(fault: FaultName): readonly Connection[] {
  return FAULTS[fault]._tag === "Unreachable" ? ["fresh"] : ["fresh", "warm"];
}

/**
 * Whether the service gets the request. An image whose outcome is unknown may have been taken or not, and the library
 * must do the same in both cases. One that the service refuses was not taken. Other requests may be taken at any time.
 */
function outcomesOf(fault: FaultName, call: Call, kind: Kind): readonly boolean[] {
  if (call !== "submit" || kind === "accepted") return [true];
  const arrives = FAULTS[fault]._tag !== "Unreachable" && fault !== "closed before the body was read";
  return kind === "unconfirmed" && arrives ? [false, true] : [false];
}

/** The words of the table. */
const WORDS: { readonly [K in Kind]: { readonly call: string; readonly watch: string } } = {
  transient: { call: "retried, then %", watch: "retried, then `GaveUp`" },
  delayed: { call: "retried after the wait, then %", watch: "retried after the wait" },
  postponed: { call: "%", watch: "retried after the wait" },
  unintelligible: { call: "retried once, then %", watch: "retried once, then %" },
  final: { call: "%", watch: "%" },
  refused: { call: "`Unauthorized`, remembered", watch: "`Unauthorized`, remembered" },
  renewed: { call: "a new token, then `Unauthorized`", watch: "a new token, then `Unauthorized`" },
  unconfirmed: { call: "`Unconfirmed`", watch: "`Unconfirmed`" },
  accepted: { call: "success", watch: "success" },
  status: { call: "a status", watch: "a status" },
  unknown: { call: "%", watch: "%; of a new task: retried" },
  absent: { call: "`NotExist`", watch: "`NotExist`; of a new task: retried" },
};

/** The table of docs/errors-and-faults.md: faults with the same effects share a row. */
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
