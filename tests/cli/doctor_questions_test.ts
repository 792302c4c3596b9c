import { deepStrictEqual as deepEqual, match, strictEqual as equal } from "node:assert/strict";
import type { Log } from "../../src/cli/doctor/log.ts";
import { QUESTIONS } from "../../src/cli/doctor/questions.ts";
import { toJsonReport, toReport } from "../../src/cli/doctor/report.ts";
import { answerTo, call, completed, status, task, TASK_ID, textOf } from "./doctor_world.ts";

const DETECT = "/v5.0/ocr/DetectRegions";
const GET = `${DETECT}?id=${TASK_ID}`;
const pending = status("Pending", "NotReady");
const done = completed("[[90,110,265,145]]");

/** Asserts the text of the answer to a question, for each log. */
function tells(name: string, cases: readonly (readonly [Log, string | RegExp])[]): void {
  for (const [log, expected] of cases) {
    const text = textOf(answerTo(name, log));
    if (typeof expected === "string") equal(text, expected);
    else match(text, expected);
  }
}

Deno.test("every question has its own name, and cannot be answered from an empty log", () => {
  equal(new Set(QUESTIONS.map(({ name }) => name)).size, QUESTIONS.length);
  for (const { name } of QUESTIONS) match(textOf(answerTo(name, [])), /^Cannot tell: \w.*\.$/);
});

Deno.test("what a submission returns: a GUID or another id, bare or as JSON", () => {
  tells("id", [
    [[call("plain", "POST", DETECT, TASK_ID)], "A GUID, as bare text."],
    [[call("plain", "POST", DETECT, `"${TASK_ID}"`)], "A GUID, as a JSON string."],
    [[call("plain", "POST", DETECT, "task-0001")], "An id that is not a GUID, as bare text."],
    [[call("plain", "POST", DETECT, "<html>")], "Cannot tell: This is not the id of a task."],
    [[call("plain", "POST", DETECT, "no", { status: 401 })], "Cannot tell: The service did not return a task's id."],
  ]);
});

Deno.test("the first GET: at once, after a while, at the end, too early to tell, or before the task is known", () => {
  const poll = (body: unknown, time: number): Log => [
    call("plain", "POST", DETECT, TASK_ID),
    call("plain", "GET", GET, body, { time }),
  ];
  const again = call("plain", "GET", GET, done, { time: 40 });
  tells("first-get", [
    [poll(pending, 80), "No. It returns the current status at once."],
    [poll(status("Processing", "NotReady"), 80), "No. It returns the current status at once."],
    [poll(pending, 20_000), "It waits for a while, but not until the task has ended."],
    [[...poll(done, 2500), again], "Yes. It returns when the task has ended."],
    [[...poll(done, 90), again], /^Cannot tell: Every task had ended by then/],
    // The service is just slow.
    [[...poll(done, 2500), call("plain", "GET", GET, done, { time: 2000 })], /^Cannot tell: Every task had ended/],
    [[...poll(status("NotExist", "TaskNotFound"), 80)], /^No\. Right after the submission, the service may not know/],
    [[...poll("<html>", 80)], /^Cannot tell: The first GETs did not return a status that the service documents\.$/],
  ]);
});

Deno.test("statuses and codes are listed as pairs, with how often each was seen", () => {
  const log = task("plain", pending, pending, done);
  tells("statuses", [
    [log, "In this run, Pending with NotReady and Completed with Ok."],
    [task("plain", { taskStatus: "Pending" }), "Cannot tell: No response had both."],
    [task("plain", "<html>"), "Cannot tell: The task did not end in time."],
  ]);
  const { seen } = QUESTIONS.find(({ name }) => name === "statuses")!.find(log);
  equal(seen, "Pending with NotReady (2) and Completed with Ok (1).");
  const lost = answerTo("statuses", task("plain", status("Completed", "PartiallyNotFound")));
  match(lost._tag === "Told" ? lost.meaning : "", /lost result/);
});

Deno.test("an unknown id: a status, HTTP 404, or something else", () => {
  const unknown = (body: unknown, status = 200): Log => [call("unknown", "GET", GET, body, { status })];
  tells("unknown-id", [
    [unknown(status("NotExist", "TaskNotFound")), "NotExist with TaskNotFound, without a message."],
    [
      unknown({ taskStatus: "NotExist", responseStatusCode: "Error", error: { messages: ["No such task."] } }),
      'NotExist with Error, and "No such task.".',
    ],
    [unknown("", 404), "HTTP 404."],
    [unknown("", 500), "Cannot tell: This is not a response about a task."],
  ]);
});

Deno.test("GetTaskStatus is compared with GET", () => {
  const utility = (body: unknown): Log => [
    ...task("plain", done),
    call("plain", "GET", `/v5.0/ocr/Utilities/GetTaskStatus?id=${TASK_ID}`, body),
  ];
  tells("get-task-status", [
    [utility(status("Completed", "Ok")), "Yes, the same status and code, with 0 results."],
    [utility(status("Processing", "NotReady")), "No, another status or code, with 0 results."],
    [utility("<html>"), "Cannot tell: GetTaskStatus did not return the status of a task."],
  ]);
});

Deno.test("DELETE: the result is gone, or not, or nobody knows", () => {
  const after = (deleted: number, body: unknown, status = 200): Log => [
    ...task("plain", done),
    call("plain", "DELETE", GET, "", { status: deleted }),
    call("plain", "GET", GET, body, { status }),
  ];
  tells("delete", [
    [after(200, status("NotExist", "TaskNotFound")), "Yes. The result is gone."],
    [after(200, "", 404), "Yes. The result is gone."],
    [after(200, done), "No. The result can still be fetched."],
    [after(500, done), "Cannot tell: The DELETE did not succeed."],
    [after(200, pending), "Cannot tell: The GET after it did not return Completed or NotExist."],
  ]);
});

Deno.test("whether polls are billed cannot be told, but the report has the numbers to compare", () => {
  const question = QUESTIONS.find(({ name }) => name === "billing");
  equal(question?.find(task("plain", pending, done)).seen, "1 image, 2 GETs and 0 other calls.");
});

Deno.test("rows: their lengths, and whether the library reads them", () => {
  const rows = (data: string): Log => task("polygon", completed(data));
  tells("polygon-rows", [
    [rows("[[1,2,3,4],[5,6,7,8]]"), "Not for this page."],
    [rows("[[1,2,3,2,3,4,1,4]]"), "Yes."],
    [rows('[{"x":1}]'), "Cannot tell: Rows of another form are not known."],
    [rows("no JSON"), "Cannot tell: Its result is not of the expected form."],
  ]);
  const meaning = (data: string): string => {
    const answer = answerTo("polygon-rows", rows(data));
    return answer._tag === "Told" ? answer.meaning : "";
  };
  match(meaning("[[1,2,3,4,5]]"), /^The library does not accept 1 row of them/);
  match(meaning("[[1,2,3,2,3,4]]"), /^The library reads the numbers as the points of a polygon/);
});

Deno.test("regions in one result or in several", () => {
  tells("results", [
    [task("plain", completed("[[1,2,3,4]]")), "In one result."],
    [task("plain", completed("[[1,2,3,4]]", "[[1,2,3,4]]")), "In 2 results."],
    [task("plain", completed("{}")), "Cannot tell: A result is not Base64 of a JSON array."],
    [task("plain", status("Completed", "NoAnyResultData")), "Cannot tell: Its result is not of the expected form."],
  ]);
});

Deno.test("the order of regions that are neither by height nor by column", () => {
  const boxes = [[90, 1040, 295, 1075], [90, 110, 265, 145], [90, 750, 205, 785], [90, 430, 385, 465]];
  tells("region-order", [
    [task("plain", completed(JSON.stringify(boxes))), "Neither from top to bottom nor column by column."],
    [task("plain", completed("[[0,0,900,1200]]")), "Cannot tell: Too few regions are at a word of the page."],
  ]);
});

Deno.test("the order of texts, although some letters are wrong", () => {
  const texts = (...texts: readonly string[]): Log => task("ordered", completed(...texts));
  tells("text-order", [
    [texts("LETIER", " GREAMMAR\n", "ALFHAEET"), "In the order in which the regions were sent."],
    [texts("GRAMMAR", "ALPHABET", "LETTER"), "By the field order."],
    [texts("ALPHABET", "LETTER", "GRAMMAR"), "In another order."],
    [texts("LETTER", "LETTER", "GRAMMAR"), /^Cannot tell: The words are not recognized well enough/],
    [texts("", "", ""), /^Cannot tell: The words are not recognized well enough/],
    [texts("LETTER"), /^Cannot tell: There is not one result for each region/],
  ]);
});

Deno.test("what the trial endpoint tells about formats", () => {
  const word = '<span class="ocrx_word" title="bbox 90 110 265 145; x_wconf 95">LETTER</span>';
  tells("hocr", [
    [task("hocr", completed("LETTER", word)), "Boxes, words and confidences."],
    [task("hocr", completed('<div class="ocr_page">LETTER</div>')), "No boxes, no words and no confidences."],
    [task("hocr", completed("LETTER")), "Cannot tell: Its result is not of the expected form."],
  ]);
  tells("combined-format", [
    [task("hocr", completed("LETTER", word)), "As 2 results, in this order: Other, Other."],
    [task("hocr", completed(word)), "In one result."],
  ]);
  tells("json", [
    [
      task("json", completed('[{"text":"A","box":[1,2],"deep":{"a":{"b":1}}}]')),
      "[{ text: string, box: [number], deep: { a: {…} } }].",
    ],
    [task("json", completed("A")), "Cannot tell: The result is not JSON."],
  ]);
});

Deno.test("a task that failed, one that did not end, and one that was not sent are told apart", () => {
  const failed = { taskStatus: "Error", responseStatusCode: "Error", error: { messages: ["Broken image."] } };
  tells("polygon-rows", [
    [task("polygon", failed), 'Cannot tell: The task failed. The service says "Broken image.".'],
    [task("polygon", pending, pending), "Cannot tell: The task did not end in time."],
    [task("plain", done), "Cannot tell: The run ended before this was sent."],
  ]);
});

Deno.test("the report has every question, in lines of at most 100 characters", () => {
  const log = task("plain", pending, done);
  const lines = toReport("the service", log).split("\n");
  deepEqual(lines.filter((line) => line.length > 100), []);
  for (const { title } of QUESTIONS) equal(lines.filter((line) => line.endsWith(`. ${title}`)).length, 1);
  equal(lines[0], "About the service, from 3 calls, 1 with an image. 4 of 17 questions could be answered.");
});

Deno.test("the report as JSON has an answer or a reason for each question", () => {
  const { questions, ...others } = JSON.parse(toJsonReport("the service", task("plain", done)));
  deepEqual(others, { subject: "the service", calls: 2, images: 1 });
  equal(questions.length, QUESTIONS.length);
  for (const { answer, meaning, reason } of questions) {
    equal(answer === null, meaning === null);
    equal(answer === null, reason !== null);
  }
});
