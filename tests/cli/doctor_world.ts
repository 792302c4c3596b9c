import * as E from "fp-ts/lib/Either.js";
import type { Answer } from "../../src/cli/doctor/answer.ts";
import { createReplayClock, examine, type Examined } from "../../src/cli/doctor/examine.ts";
import { boxIn, type Frame } from "../../src/cli/doctor/frames.ts";
import type { Entry, Log, StepName } from "../../src/cli/doctor/log.ts";
import { WORDS } from "../../src/cli/doctor/page.ts";
import { QUESTIONS } from "../../src/cli/doctor/questions.ts";
import type { Clock } from "../../src/cli/doctor/recorder.ts";
import { toRecording } from "../../src/cli/doctor/report.ts";
import { connect } from "../../src/client/service.ts";
import { emulate, type Submission } from "../../src/emulator/emulator.ts";
import type { Result } from "../../src/model/response.ts";

/** Handles requests as `fetch` does. */
export type Handle = (input: Request | URL | string, init?: RequestInit) => Promise<Response>;

export const SECRETS = { clientId: "client-zyxwvutsrq", clientSecret: "s3cr3t-klmnopghijk" };

/** Examines a service that is a function, on a clock that takes no time. */
export function examineWith(
  handle: Handle,
  { isTrial = false, clock = createReplayClock(), signal = new AbortController().signal, onStep = () => {} }: {
    readonly isTrial?: boolean;
    readonly clock?: Clock;
    readonly signal?: AbortSignal;
    readonly onStep?: (number: number) => void;
  } = {},
): Promise<Examined> {
  return examine({
    service: connect({ credentials: SECRETS, fetch: handle }),
    credentials: isTrial ? null : SECRETS,
    secrets: Object.values(SECRETS),
    clock,
    signal,
    onStep,
  });
}

/** Examines the replay of a log. */
export function examineReplay(log: Log, isTrial = false): Promise<Examined> {
  const clock = createReplayClock();
  return examineWith(emulate({ recording: toRecording(log), wait: clock.advance }), { isTrial, clock });
}

/** The answer to one question. */
export function answerTo(name: string, log: Log): Answer {
  const question = QUESTIONS.find((question) => question.name === name);
  if (question === undefined) throw new Error(`There is no question ${name}`);
  return question.find(log).answer;
}

/** The text of an answer, or the reason why there is none. */
export function textOf(answer: Answer): string {
  return answer._tag === "Told" ? answer.text : `Cannot tell: ${answer.reason}`;
}

/** A call in a log. A body that is not text is JSON. */
export function call(
  step: StepName,
  method: string,
  path: string,
  body: unknown,
  { status = 200, time = 10, contentType = "application/json" }: {
    readonly status?: number;
    readonly time?: number;
    readonly contentType?: string | null;
  } = {},
): Entry {
  const image = method === "POST" && path !== "/connect/token" ? { bytes: 3, sha256: "0".repeat(64) } : null;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return {
    step,
    exchange: {
      request: { method, path, image, fields: image === null ? null : {} },
      outcome: { _tag: "Response", status, contentType, retryAfter: null, body: text },
      time,
    },
  };
}

/** The id of the tasks in logs that are put together. */
export const TASK_ID = "00000000-0000-4000-8000-000000000001";

const DETECT = "/v5.0/ocr/DetectRegions";

/** The calls of a task: its submission, and a GET for each body. */
export function task(step: StepName, ...bodies: readonly unknown[]): readonly Entry[] {
  return [
    call(step, "POST", DETECT, TASK_ID),
    ...bodies.map((body) => call(step, "GET", `${DETECT}?id=${TASK_ID}`, body)),
  ];
}

/** The response about a task that is completed. */
export function completed(...data: readonly string[]): unknown {
  const results = data.map((data) => ({ type: "Other", data: btoa(data) }));
  return { id: TASK_ID, responseStatusCode: "Ok", taskStatus: "Completed", results, error: null };
}

/** The response about a task that is not. */
export function status(taskStatus: string, responseStatusCode: string): unknown {
  return { id: TASK_ID, responseStatusCode, taskStatus, results: null, error: null };
}

/** What the undocumented parts of a service may be like. */
export interface Nature {
  /** The direction of `Rotate`, or 0 if it is ignored. */
  readonly rotation?: 1 | -1 | 0;
  /** Whether coordinates are converted back to the image as it was sent. */
  readonly convertsBack?: boolean;
  readonly upsampling?: number;
  readonly shift?: { readonly x: number; readonly y: number };
  /** How a row is written. */
  readonly isPolygon?: boolean;
  readonly sort?: "height" | "column";
  readonly texts?: "sent" | "order";
  readonly deletes?: boolean;
}

/** A service of a certain nature, which reads the settings instead of the image. */
export function serviceOf(nature: Nature, now: () => number, serviceTime = 1500): Handle {
  const { convertsBack = false, upsampling = 2, rotation = 1, shift = { x: 0, y: 0 }, sort = "height" } = nature;
  const find = ({ image, fields }: Submission): readonly (readonly number[])[] => {
    const settings = fields.settings as Record<string, unknown>;
    // The turned page has ink in the row through the upper left corner of its first word.
    const tilt = image !== null && isTurned(image) ? TILT : 0;
    const deskewed = settings.makeSkewCorrect === true ? -tilt : 0;
    const turn = rotation * Number(settings.Rotate);
    const scale = settings.makeUpsampling === true ? upsampling : 1;
    const frame: Frame = convertsBack
      ? { name: "", degrees: tilt, scale: 1 }
      : { name: "", degrees: tilt + deskewed + turn, scale };
    const isChanged = deskewed !== 0 || turn !== 0 || scale !== 1;
    const words = [...WORDS].sort((a, b) => (sort === "column" ? a.box.left - b.box.left : 0) || a.box.top - b.box.top);
    return words.map(({ box }, i) => {
      const { left, top, right, bottom } = boxIn(frame, box);
      const { x, y } = isChanged ? shift : { x: 0, y: 0 };
      // Detectors are not exact, and no image is found alike after it was changed.
      const noise = isChanged ? i % 3 : 0;
      const [l, t, r, b] = [left + x - noise, top + y, right + x, bottom + y + noise].map(Math.round);
      return nature.isPolygon && settings.dsrMode === "PolygonalTextDetector" ? [l, t, r, t, r, b, l, b] : [l, t, r, b];
    });
  };
  const detect = (submission: Submission): Promise<readonly Result[]> =>
    Promise.resolve([{ type: "Other", data: btoa(JSON.stringify(find(submission))) }]);
  const recognizeTrial = (submission: Submission): Promise<readonly Result[]> => {
    const { resultType } = submission.fields.settings as { resultType: string };
    const spans = find(submission).map((row) => `<span title="bbox ${row.join(" ")}" class="ocr_line">LETTER</span>`);
    const results = [
      { type: "Text", data: btoa("LETTER") },
      { type: "Hocr", data: btoa(`<html>${spans.join("")}</html>`) },
      { type: "JSON", data: btoa('[{"text":"LETTER"}]') },
    ];
    return Promise.resolve(results.filter(({ type }) => resultType.includes(type)));
  };
  const recognize = ({ fields }: Submission): Promise<readonly Result[]> => {
    const { regions } = fields.settings as {
      regions: { rect: { topLeftX: number; topLeftY: number }; order: number }[];
    };
    const sorted = nature.texts === "order" ? [...regions].sort((a, b) => a.order - b.order) : regions;
    return Promise.resolve(sorted.map(({ rect }) => {
      const word = WORDS.find(({ box }) => box.left - 20 === rect.topLeftX && box.top - 20 === rect.topLeftY);
      return { type: "Text", data: btoa(`${word?.text.replace("A", "R")}\n`) };
    }));
  };
  const tasks = { DetectRegions: detect, RecognizeRegions: recognize, RecognizeImageTrial: recognizeTrial };
  const emulator = emulate({ now, serviceTime, tasks });
  return (input, init) =>
    nature.deletes === false && init?.method === "DELETE" ? Promise.resolve(new Response(null)) : emulator(input, init);
}

const TILT = Math.atan2(40, 399) * 180 / Math.PI;

/** The two pages have the same size, but not the same pixel 137 × 1209 or so: compares a byte that differs. */
function isTurned(image: Uint8Array): boolean {
  const rowBytes = Math.ceil(900 / 8) + 1;
  // Row 112 of the upright page crosses LETTER, which starts at 90; the turned one is white at the left edge there.
  const row = image.subarray(46 + 112 * rowBytes, 46 + 113 * rowBytes);
  return row.subarray(11, 18).every((byte) => byte === 0xff);
}

/** What an Either has on its right, or an error. */
export function rightOf<A>(either: E.Either<unknown, A>): A {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left));
  return either.right;
}
