/**
 * What happens when: each fault at each call, once, three times and always, and what is to come of it. The expectations
 * follow from the rules, which are stated once for each kind of fault. Run, it prints the README's table.
 *
 * @module
 */
import type { Call } from "../../src/error.ts";
import type { FaultName } from "./faults.ts";

/** How a call takes a fault. */
export type Kind =
  /** It passes: tried again, and the task lives. */
  | "passes"
  /** It passes at the time that Retry-After tells. */
  | "waits"
  /** The same, and that is more patience than a single call has. */
  | "postponed"
  /** It cannot be understood: tried once more. */
  | "unclear"
  /** It is too much to read, or the service has decided: final. */
  | "decided"
  /** The credentials are refused: final, and for all callers. */
  | "refused"
  /** The token is refused: there is another one, once. */
  | "renewed"
  /** The image was sent and the answer lost: final. */
  | "lost"
  /** It looks like the true answer, and may be it. */
  | "harmless"
  /** It is a status as any other. */
  | "heard";

/** The kinds of calls: one that is tried `retry.tries` times, or one of a watch, which has a deadline. */
export type Way = "call" | "watch";

/**
 * What a call comes to: how it ends, how many requests were answered wrongly until then (null for as many as there was
 * time for), and whether `onRetry` was heard. `survives` is the end without the fault; `%` stands for the fault's own
 * evidence.
 */
type Rule = readonly [outcome: string, faulty: number | null, retried: boolean];

/** Once, three times, always. */
type Rules = readonly [Rule, Rule, Rule];

export const TIMES = [1, 3, Infinity] as const;

const AT_ONCE: Rules = [["%", 1, false], ["%", 1, false], ["%", 1, false]];
const ONCE_MORE: Rules = [["survives", 1, true], ["%", 2, true], ["%", 2, true]];
const THREE_TRIES: Rules = [["survives", 1, true], ["%", 3, true], ["%", 3, true]];
const ANOTHER_TOKEN: Rules = [["survives", 1, false], ["Unauthorized", 2, false], ["Unauthorized", 2, false]];
const NEVER_AGAIN: Rules = [["Unauthorized", 1, false], ["Unauthorized", 1, false], ["Unauthorized", 1, false]];
const AS_DONE: Rules = [["survives", 1, false], ["survives", 1, false], ["survives", 1, false]];
const TO_THE_DEADLINE: Rules = [
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

/** The rules. The sending of an image is a single call in a stream as well; that of its token, too. */
const RULES: { readonly [K in Kind]: { readonly [W in Way]: Rules } } = {
  passes: { call: THREE_TRIES, watch: TO_THE_DEADLINE },
  waits: { call: THREE_TRIES, watch: AFTER_THE_WAIT },
  postponed: { call: AT_ONCE, watch: AFTER_THE_WAIT },
  unclear: { call: ONCE_MORE, watch: ONCE_MORE },
  decided: { call: AT_ONCE, watch: AT_ONCE },
  refused: { call: NEVER_AGAIN, watch: NEVER_AGAIN },
  renewed: { call: ANOTHER_TOKEN, watch: ANOTHER_TOKEN },
  lost: { call: NEVER_SENT_AGAIN, watch: NEVER_SENT_AGAIN },
  harmless: { call: AS_DONE, watch: AS_DONE },
  heard: {
    call: [["Pending", 1, false], ["Pending", 1, false], ["Pending", 1, false]],
    watch: [["survives", 1, false], ["survives", 3, false], ["GaveUp deadline", null, false]],
  },
};

/** What a row needs besides the options of all cases. */
interface RowOptions {
  /** `retry.maxDelay` in milliseconds. */
  readonly maxDelay?: number;
}

type Row = readonly [FaultName, evidence: string, token: Kind, submit: Kind, fetch: Kind, cancel: Kind, RowOptions?];

const PATIENT: RowOptions = { maxDelay: 1700 };

/** The three kinds of faults, apart. */
// deno-fmt-ignore
const SECTIONS: readonly (readonly [title: string, rows: readonly Row[]])[] = [
  ["What passes", [
    //                                                      token        image        polling      cancelling
    ["connection refused",           "Network",             "passes",    "lost",      "passes",    "passes"],
    ["reset before the headers",     "Network",             "passes",    "lost",      "passes",    "passes"],
    ["reset inside the headers",     "Network",             "passes",    "lost",      "passes",    "passes"],
    ["reset after the headers",      "Network",             "passes",    "lost",      "passes",    "passes"],
    ["body cut short",               "Network",             "passes",    "lost",      "passes",    "passes"],
    ["`Content-Length` too long",    "Network",             "passes",    "lost",      "passes",    "passes"],
    // A runtime does not tell it from a connection that breaks in the middle of the body.
    ["gzip that is not",             "Network",             "passes",    "lost",      "passes",    "passes"],
    ["silence",                      "Timeout",             "passes",    "lost",      "passes",    "passes"],
    ["silence after the headers",    "Timeout",             "passes",    "lost",      "passes",    "passes"],
    ["one byte a second",            "Timeout",             "passes",    "lost",      "passes",    "passes"],
    ["500",                          "Http 500",            "passes",    "lost",      "passes",    "passes"],
    ["502",                          "Http 502",            "passes",    "lost",      "passes",    "passes"],
    ["504",                          "Http 504",            "passes",    "lost",      "passes",    "passes"],
    ["408",                          "Http 408",            "passes",    "passes",    "passes",    "passes"],
    ["429",                          "Http 429",            "passes",    "passes",    "passes",    "passes"],
    ["429, `Retry-After: -5`",       "Http 429",            "passes",    "passes",    "passes",    "passes"],
    ["503",                          "Http 503",            "passes",    "passes",    "passes",    "passes"],
    ["429, `Retry-After: 1`",        "Http 429 with a wait", "waits",     "waits",     "waits",     "waits", PATIENT],
    ["429, `Retry-After: 1`",        "Http 429 with a wait", "postponed", "postponed", "postponed", "postponed"],
    ["429, `Retry-After` as a date", "Http 429 with a wait", "postponed", "postponed", "postponed", "postponed"],
    // For a poll it is a status as any other; a task may be begun twice.
    ["back to `Pending`",            "Malformed",           "unclear",   "lost",      "heard",     "unclear"],
  ]],
  ["What cannot be understood", [
    ["200 with HTML",                "Malformed",           "unclear",   "lost",      "unclear",   "unclear"],
    ["200 with `{}`",                "Malformed",           "unclear",   "lost",      "unclear",   "unclear"],
    ["the wrong id",                 "Malformed",           "unclear",   "lost",      "unclear",   "unclear"],
    ["an unknown status",            "Malformed",           "unclear",   "lost",      "unclear",   "unclear"],
    ["JSON 100,000 deep",            "Malformed",           "unclear",   "lost",      "unclear",   "unclear"],
    ["200, empty",                   "Malformed",           "unclear",   "lost",      "unclear",   "harmless"],
    ["204",                          "Malformed",           "unclear",   "lost",      "unclear",   "harmless"],
    // The true answer to a cancellation is empty.
    ["`Content-Length` too short",   "Malformed",           "unclear",   "lost",      "unclear",   "harmless"],
    ["30 MB",                        "TooLarge",            "decided",   "lost",      "decided",   "decided"],
    ["30 MB in 30 KB of gzip",       "TooLarge",            "decided",   "lost",      "decided",   "decided"],
    ["100 MB of Base64",             "TooLarge",            "decided",   "lost",      "decided",   "decided"],
  ]],
  ["What the service decided", [
    ["429, `Retry-After: 1e12`",     "Http 429 with a wait", "decided",  "decided",   "decided",   "decided"],
    ["301 to another origin",        "Http 301",            "decided",   "decided",   "decided",   "decided"],
    ["404",                          "Http 404",            "decided",   "decided",   "decided",   "decided"],
    ["400",                          "Http 400",            "refused",   "decided",   "decided",   "decided"],
    ["403",                          "Http 403",            "refused",   "decided",   "decided",   "decided"],
    ["401",                          "Unauthorized",        "refused",   "renewed",   "renewed",   "renewed"],
  ]],
];

/** One case of the matrix. */
export interface Case {
  readonly fault: FaultName;
  readonly call: Call;
  readonly way: Way;
  /** How often the fault comes. */
  readonly times: number;
  /** Whether the service gets the request all the same. */
  readonly taken: boolean;
  readonly kind: Kind;
  readonly options: RowOptions;
  readonly expected: Expected;
}

/** What is to come of a case. */
export interface Expected {
  readonly outcome: string;
  /** How many requests were answered wrongly; null for two and more. */
  readonly faulty: number | null;
  readonly retried: boolean;
}

const WAYS: { readonly [C in Call]: readonly Way[] } = {
  token: ["call", "watch"],
  submit: ["call"],
  fetch: ["call", "watch"],
  cancel: ["call"],
};

/** The whole matrix. */
export const CASES: readonly Case[] = SECTIONS.flatMap(([, rows]) => rows).flatMap(casesOf);

export const FAULTS_TESTED: readonly FaultName[] = [...new Set(CASES.map(({ fault }) => fault))];

export function titleOf({ fault, call, way, times, taken, kind }: Case): string {
  const often = times === 1 ? "once" : times === 3 ? "three times" : "always";
  const where = call === "submit" ? taken ? "submit, taken" : "submit, not taken" : `${call}, in a ${way}`;
  return `${fault} at ${where}, ${often}: ${kind}`;
}

function casesOf([fault, evidence, token, submit, fetch, cancel, options = {}]: Row): readonly Case[] {
  const kinds: { readonly [C in Call]: Kind } = { token, submit, fetch, cancel };
  return (["token", "submit", "fetch", "cancel"] as const).flatMap((call) =>
    WAYS[call].flatMap((way) =>
      TIMES.flatMap((times, column) => {
        const kind = kinds[call];
        const [outcome, faulty, retried] = RULES[kind][way][column];
        const expected = { outcome: outcome.replace("%", evidence), faulty, retried };
        return flavours(fault, call, kind).map((taken): Case => (
          { fault, call, way, times, taken, kind, options, expected }
        ));
      })
    )
  );
}

/**
 * An image whose answer is lost may have been taken or not, and the library must do the same in both cases. One that the
 * service refuses was not taken. Other requests may reach the service as often as they like.
 */
function flavours(fault: FaultName, call: Call, kind: Kind): readonly boolean[] {
  if (call !== "submit") return [true];
  return kind === "lost" && fault !== "connection refused" ? [false, true] : [false];
}

/** How the README says it. */
const WORDS: { readonly [K in Kind]: { readonly [W in Way]: string } } = {
  passes: { call: "again, then %", watch: "again, then `GaveUp`" },
  waits: { call: "again after the wait, then %", watch: "again after the wait" },
  postponed: { call: "%", watch: "again after the wait" },
  unclear: { call: "once more, then %", watch: "once more, then %" },
  decided: { call: "%", watch: "%" },
  refused: { call: "`Unauthorized`, never again", watch: "`Unauthorized`, never again" },
  renewed: { call: "a new token, then `Unauthorized`", watch: "a new token, then `Unauthorized`" },
  lost: { call: "`Unconfirmed`, never again", watch: "" },
  harmless: { call: "done", watch: "done" },
  heard: { call: "a status", watch: "a status" },
};

/** The README's table: the faults that are taken alike share a row. */
export function markdownTable(): string {
  const header = ["what comes", "asking for a token", "sending the image", "polling", "cancelling"];
  const lines = SECTIONS.flatMap(([title, rows]) => {
    const groups = new Map<string, string[]>();
    for (const [fault, evidence, token, submit, fetch, cancel, options] of rows) {
      const error = `\`${evidence.replace(/ .*/, "")}\``;
      const cells = [WORDS[token].call, WORDS[submit].call, WORDS[fetch].watch, WORDS[cancel].call];
      const key = cells.map((words) => words.replace("%", error)).join(" | ");
      const name = options === undefined ? fault : `${fault}, within \`maxDelay\``;
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
